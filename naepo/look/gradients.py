"""Where a text pulls: the gradient of its loss, weight by weight, now or at every kept step."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from naepo import checkpoint
from naepo.config import UserError
from naepo.generate.decode import evaluating
from naepo.look.trace import Ids
from naepo.look.training import read_kept
from naepo.model import Network
from naepo.train.loss import next_token_loss


@dataclass(frozen=True)
class Gradients:
    """The pull of one text on every weight, over the kept checkpoints of a run."""

    steps: list[int]
    loss: list[float]
    """Of the text at each kept step, in nats per token."""
    norms: dict[str, list[float]]
    """‖∂loss/∂W‖ at each kept step, by the name of the weight."""
    n_ids: int
    """How many ids the loss is the mean over."""
    notes: list[str]


@torch.inference_mode(False)
@torch.enable_grad()
def gradient_norms(model: Network, ids: Ids) -> tuple[float, dict[str, float]]:
    """Give the loss of a text, and for every weight the norm of its gradient.

    The loss is the mean of −ln p of each id after those before it, without dropout. Nothing is left
    in the model: no gradient, and every flag is as it was. A tied weight has one gradient.

    Raises: UserError for fewer than two ids, or more than the context and the id after it.
    """
    _check(model, ids)
    names, weights = zip(*model.named_parameters(), strict=True)
    window = torch.tensor([list(ids)], device=model.embedding.weight.device)
    with evaluating(model), _asking_all(model):
        loss = next_token_loss(model(window[:, :-1]), window[:, 1:])
        found = torch.autograd.grad(loss, weights)
    norms = [float(torch.linalg.vector_norm(gradient)) for gradient in found]
    return float(loss.detach()), dict(zip(names, norms, strict=True))


def gradients_of(run: Path, text: str) -> Gradients:
    """Give the pull of a text at every kept checkpoint of a run.

    Of a long text, only the end that fits the context counts. The model is one of its own.

    Raises: UserError when the run has no good checkpoint, or the text is shorter than two ids.
    """
    notes: list[str] = []
    loaded = checkpoint.load(run, which="last", on_broken=notes.append)
    model = loaded.model
    ids = [int(id) for id in loaded.encoder.encode(text)]
    longest = model.settings.context_length + 1
    if len(ids) > longest:
        notes.append(f"only the last {longest} of {len(ids)} ids fit the context")
    ids = ids[-longest:]
    steps: list[int] = []
    losses: list[float] = []
    norms: dict[str, list[float]] = {name: [] for name, _ in model.named_parameters()}
    for step, weights in read_kept(run, notes):
        if model.settings.parts.tie_weights:
            weights["output.weight"] = weights["embedding.weight"]
        model.load_state_dict(weights)
        loss, found = gradient_norms(model, ids)
        steps.append(step)
        losses.append(loss)
        for name, norm in found.items():
            norms[name].append(norm)
    return Gradients(steps, losses, norms, len(ids) - 1, notes)


def _check(model: Network, ids: Ids) -> None:
    longest = model.settings.context_length + 1
    if not 2 <= len(ids) <= longest:
        raise UserError(
            f"a loss needs 2 to {longest} ids, each to be predicted from those before; "
            f"got {len(ids)}",
            hint="give it a longer text" if len(ids) < 2 else f"give it the last {longest} ids",
        )


@contextmanager
def _asking_all(model: nn.Module) -> Iterator[None]:
    """Ask for every gradient, also of weights that someone has frozen, and put the flags back."""
    asked = {weight: weight.requires_grad for weight in model.parameters()}
    try:
        for weight in asked:
            weight.requires_grad_(True)
        yield
    finally:
        for weight, was_asked in asked.items():
            weight.requires_grad_(was_asked)
