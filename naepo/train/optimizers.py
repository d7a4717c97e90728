"""Muon for the matrices inside the blocks, AdamW for everything else, behind one small face."""

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from naepo.train.settings import OptimizerSettings
from naepo.train.shards import Shards

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

    Jordan et al. 2024, "Muon: an optimizer for hidden layers". Matrices of one shape, lying down or
    standing up, are handled in one batch; each shard takes its share of every batch. An update to a
    d_out x d_in matrix is scaled by sqrt(max(1, d_out / d_in)).
    """

    def __init__(
        self,
        named: Named,
        *,
        lr: float,
        momentum: float,
        newton_schulz_steps: int,
        weight_decay: float = 0.0,
        dtype: torch.dtype = torch.float32,
        shards: Shards | None = None,
    ) -> None:
        shapes: dict[tuple[int, ...], list[nn.Parameter]] = defaultdict(list)
        for _, parameter in named:
            shapes[tuple(sorted(parameter.shape))].append(parameter)
        groups = [{"params": parameters} for parameters in shapes.values()]
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "newton_schulz_steps": newton_schulz_steps,
            "weight_decay": weight_decay,
        }
        super().__init__(groups, defaults)
        self._dtype = dtype
        self._shards = shards or Shards(1)

    def step(self, closure: None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Update every matrix from its gradient."""
        for group in self.param_groups:  # before the threads: they may not share a dict's growth
            for parameter in group["params"]:
                if "momentum" not in self.state[parameter]:
                    self.state[parameter]["momentum"] = torch.zeros_like(parameter)
        n = self._shards.n
        self._shards.run([partial(self._update, first, n) for first in range(n)])

    @torch.no_grad()
    def _update(self, first: int, n: int) -> None:
        """Update every n-th matrix of each shape, from `first` on."""
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None][first::n]
            if parameters:
                self._update_batch(parameters, group)

    def _update_batch(self, parameters: list[nn.Parameter], group: dict[str, Any]) -> None:
        momentum, rate = group["momentum"], group["lr"]
        nesterov = []
        for parameter in parameters:
            assert parameter.grad is not None
            buffer: Tensor = self.state[parameter]["momentum"]
            buffer.lerp_(parameter.grad, 1 - momentum)
            nesterov.append(_lie_down(parameter.grad.lerp(buffer, momentum)))
        steps = group["newton_schulz_steps"]
        updates = orthogonalise(torch.stack(nesterov), steps, self._dtype)
        for parameter, update in zip(parameters, updates, strict=True):
            d_out, d_in = parameter.shape
            if group["weight_decay"]:
                parameter.mul_(1 - rate * group["weight_decay"])
            scale = max(1.0, d_out / d_in) ** 0.5
            parameter.add_(update.mT if d_out > d_in else update, alpha=-rate * scale)


def orthogonalise(
    matrices: Float[Tensor, "n d_out d_in"], steps: int, dtype: torch.dtype = torch.float32
) -> Float[Tensor, "n d_out d_in"]:
    """Bring each matrix near to U V^T of its singular value decomposition, by matrix products only.

    A Newton-Schulz iteration X <- a X + (b A + c A^2) X with A = X X^T, whose coefficients change
    from step to step (Amsel et al. 2025, "The Polar Express", arXiv:2505.16932). With those of
    `QUINTIC`, four steps bring every singular value above 1 % of the norm to 0.91 - 1.15.

    dtype: of the products; bf16 does for an update. The result has it too.
    """
    is_tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if is_tall else matrices
    x = (x / (x.norm(dim=(1, 2), keepdim=True) * 1.01 + 1e-7)).to(dtype)
    for step in range(steps):
        a, b, c = QUINTIC[min(step, len(QUINTIC) - 1)]
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if is_tall else x


def _lie_down(matrix: Float[Tensor, "d_out d_in"]) -> Float[Tensor, "short long"]:
    """Give the matrix, or its transpose, with no more rows than columns."""
    return matrix.mT if matrix.shape[0] > matrix.shape[1] else matrix


class Optimizers:
    """All that updates one model's weights; its state is shown as tensors.

    precision: "bf16" lets Muon's products be bf16.  shards: share Muon's work among them.
    """

    def __init__(
        self,
        model: nn.Module,
        settings: OptimizerSettings,
        *,
        precision: str = "fp32",
        shards: Shards | None = None,
    ) -> None:
        self.settings = settings
        self._names: dict[Tensor, str] = {p: name for name, p in model.named_parameters()}
        matrices, rest = split_parameters(model, settings.kind)
        self._parts: list[tuple[torch.optim.Optimizer, float]] = []
        if matrices:
            muon = Muon(
                matrices,
                lr=settings.lr,
                momentum=settings.momentum,
                newton_schulz_steps=settings.newton_schulz_steps,
                weight_decay=settings.weight_decay,
                dtype=torch.bfloat16 if precision == "bf16" else torch.float32,
                shards=shards,
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
