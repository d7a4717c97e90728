"""Gradient norms of two tiny models, alike but for their norms, trained here and now."""

from dataclasses import dataclass

from naepo.learn.blocks import Chart
from naepo.learn.chapter import Step
from naepo.learn.fields import Given
from naepo.learn.words import w

TEXT = "the cat sat on the mat, and the dog sat on the log. "
LAYERS, WIDTH, UPDATES, RATE, SEED = 6, 32, 50, 0.3, 1


@dataclass(frozen=True)
class Course:
    """One short training: the length of the gradient and the loss (nats) at each update."""

    lengths: list[float]
    losses: list[float]

    @property
    def ratio(self) -> float:
        """How many times the largest gradient is the middle one."""
        return max(self.lengths) / sorted(self.lengths)[len(self.lengths) // 2]


def steady(given: Given) -> Step:
    """Train both, and draw the lengths of their gradients."""
    courses = {has_norm: train(has_norm) for has_norm in (True, False)}
    lines = [
        (w("with_norm" if has_norm else "without_norm"), list(enumerate(course.lengths)))
        for has_norm, course in courses.items()
    ]
    said = {"layers": LAYERS, "steps": UPDATES, "rate": RATE}
    for name, has_norm in (("with", True), ("without", False)):
        said |= {f"{name}_ratio": courses[has_norm].ratio}
        said |= {f"{name}_loss": courses[has_norm].losses[-1]}
    return Step(
        key="steady",
        shows=(Chart(series=lines, x=w("update"), y=w("gradient_norm"), is_log=True),),
        says=said,
    )


def train(has_norm: bool, updates: int = UPDATES, rate: float = RATE) -> Course:
    """Train one by plain gradient descent, its norms taken out if so asked."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    from naepo.model import ModelSettings, Transformer
    from naepo.model.settings import PartSettings

    ids = torch.tensor(list((TEXT * 2).encode()))[None]
    settings = ModelSettings(
        vocab_size=128,
        context_length=ids.shape[1],
        d_model=WIDTH,
        n_layers=LAYERS,
        n_heads=2,
        n_kv_heads=2,
        d_head=16,
        d_ff=64,
        parts=PartSettings(has_qk_norm=False),
    )
    model = Transformer(settings)
    _draw(model, torch.Generator().manual_seed(SEED))
    if not has_norm:
        for block in model.blocks:
            block.norm_1 = block.norm_2 = nn.Identity()
        model.add_module("norm", nn.Identity())
    course = Course([], [])
    for _ in range(updates):
        logits = model(ids[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), ids[0, 1:])
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        gradients = torch.autograd.grad(loss, weights)
        course.losses.append(loss.item())
        course.lengths.append(torch.cat([g.flatten() for g in gradients]).norm().item())
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                weight -= rate * gradient
    return course


def _draw(model: object, generator: object) -> None:
    """Draw every matrix with deviation 1/√inputs: no branch begins at zero, so both feel depth."""
    import torch

    assert isinstance(model, torch.nn.Module) and isinstance(generator, torch.Generator)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.normal_(0, weight.shape[1] ** -0.5, generator=generator)
