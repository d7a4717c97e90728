"""Muon for the matrices inside the blocks, AdamW for everything else, behind one small face."""

from collections import defaultdict
from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from naepo.train.settings import OptimizerSettings

Named = list[tuple[str, nn.Parameter]]

QUINTIC = (
    (4.0848, -6.8946, 2.9270),
    (3.9505, -6.3029, 2.6377),
    (3.7418, -5.5913, 2.3037),
    (2.8769, -3.1427, 1.2046),
    (2.8366, -3.0525, 1.2012),
)


class Muon(torch.optim.Optimizer):
    """Momentum, made orthogonal: every direction of a matrix is moved by the same length.

    Jordan et al. 2024, "Muon: an optimizer for hidden layers". Matrices of one shape are handled in
    one batch. An update to a d_out x d_in matrix is scaled by sqrt(max(1, d_out / d_in)).
    """

    def __init__(
        self,
        named: Named,
        *,
        lr: float,
        momentum: float,
        newton_schulz_steps: int,
        weight_decay: float = 0.0,
    ) -> None:
        shapes: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
        for _, parameter in named:
            shapes[parameter.shape].append(parameter)
        groups = [{"params": parameters} for parameters in shapes.values()]
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "newton_schulz_steps": newton_schulz_steps,
            "weight_decay": weight_decay,
        }
        super().__init__(groups, defaults)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Update every matrix from its gradient."""
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            if not parameters:
                continue
            gradients = [p.grad for p in parameters]
            buffers = [self._buffer(p) for p in parameters]
            torch._foreach_lerp_(buffers, gradients, 1 - group["momentum"])
            nesterov = torch._foreach_lerp(gradients, buffers, group["momentum"])
            updates = orthogonalise(torch.stack(nesterov), group["newton_schulz_steps"])
            d_out, d_in = parameters[0].shape
            scale = max(1.0, d_out / d_in) ** 0.5
            if group["weight_decay"]:
                torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(parameters, list(updates.unbind()), alpha=-group["lr"] * scale)

    def _buffer(self, parameter: nn.Parameter) -> Tensor:
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        return state["momentum"]


def orthogonalise(
    matrices: Float[Tensor, "n d_out d_in"], steps: int
) -> Float[Tensor, "n d_out d_in"]:
    """Bring each matrix near to U V^T of its singular value decomposition, by matrix products only.

    A Newton-Schulz iteration X <- a X + (b A + c A^2) X with A = X X^T, whose coefficients change
    from step to step (Amsel et al. 2025, "The Polar Express", arXiv:2505.16932).
    """
    is_tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if is_tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) * 1.01 + 1e-7)
    for step in range(steps):
        a, b, c = QUINTIC[min(step, len(QUINTIC) - 1)]
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if is_tall else x


class Optimizers:
    """All that updates one model's weights; its state is shown as tensors."""

    def __init__(self, model: nn.Module, settings: OptimizerSettings) -> None:
        self.settings = settings
        self._names = {parameter: name for name, parameter in model.named_parameters()}
        matrices, rest = split_parameters(model, settings.kind)
        self._parts: list[tuple[torch.optim.Optimizer, float]] = []
        if matrices:
            muon = Muon(
                matrices,
                lr=settings.lr,
                momentum=settings.momentum,
                newton_schulz_steps=settings.newton_schulz_steps,
                weight_decay=settings.weight_decay,
            )
            self._parts.append((muon, settings.lr))
        adam = torch.optim.AdamW(
            _adam_groups(rest, settings.weight_decay),
            lr=settings.lr_adam,
            betas=(settings.beta1, settings.beta2),
            eps=1e-10,
            fused=True,
        )
        self._parts.append((adam, settings.lr_adam))

    def step(self, rate: float) -> None:
        """Update the weights at `rate` times the peak learning rates."""
        for optimizer, peak in self._parts:
            for group in optimizer.param_groups:
                group["lr"] = rate * peak
            optimizer.step()

    def tensors(self) -> dict[str, Tensor]:
        """Give every tensor that the next update depends on, named `PARAMETER:BUFFER`."""
        found = {}
        for optimizer, _ in self._parts:
            for parameter, state in optimizer.state.items():
                for key, value in state.items():
                    found[f"{self._names[parameter]}:{key}"] = value
        return found

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Take back what `tensors` gave."""
        owner = {
            self._names[parameter]: optimizer
            for optimizer, _ in self._parts
            for group in optimizer.param_groups
            for parameter in group["params"]
        }
        parameters = {name: parameter for parameter, name in self._names.items()}
        for key, value in tensors.items():
            name, _, buffer = key.rpartition(":")
            owner[name].state[parameters[name]][buffer] = value.clone()


def split_parameters(model: nn.Module, kind: str) -> tuple[Named, Named]:
    """Tell the matrices inside the blocks, which Muon may have, from the rest."""
    named = list(model.named_parameters())
    if kind == "adamw":
        return [], named
    matrices = [(n, p) for n, p in named if p.ndim == 2 and n.startswith("blocks.")]
    chosen = {name for name, _ in matrices}
    return matrices, [(n, p) for n, p in named if n not in chosen]


def _adam_groups(named: Iterable[tuple[str, nn.Parameter]], weight_decay: float) -> list[dict]:
    """Weight decay for tables and matrices; none for gains and biases."""
    named = list(named)
    tables = [p for _, p in named if p.ndim >= 2]
    vectors = [p for _, p in named if p.ndim < 2]
    groups = [
        {"params": tables, "weight_decay": weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]
