"""Three ways to the same gradient: through the modules, the same in shards, or fused in shards.

Both have `path`, which way it is and why, in one line; and `fill(batches, seed)`, which puts the
gradient of the mean loss over all batches into `.grad` and gives that loss. The seed is dropout's.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from naepo.model import Transformer
from naepo.model.sibling import Sibling
from naepo.train.compiling import compiled
from naepo.train.fused import FusedLoss, why_not_fused
from naepo.train.loss import next_token_loss
from naepo.train.precision import matrix_precision
from naepo.train.settings import TrainSettings
from naepo.train.shards import Shards


class Batch(NamedTuple):
    """Ids, and the ids that follow them."""

    ids: Int[Tensor, "batch time"]
    targets: Int[Tensor, "batch time"]
    folds: Int[Tensor, "batch time"] | None = None
    """The fold of the text that each target lies in, where an n-gram prior leaves it out."""

    def cut(self, n: int) -> list["Batch"]:
        """Give n batches of as many sequences each."""
        folds = [None] * n if self.folds is None else self.folds.chunk(n)
        return [
            Batch(*part)
            for part in zip(self.ids.chunk(n), self.targets.chunk(n), folds, strict=True)
        ]


class ModuleGradients:
    """Through the modules and autograd: any model on any device, or a `forward` like its own."""

    def __init__(
        self, model: nn.Module, forward: Callable[..., Tensor], train: TrainSettings, why: str
    ) -> None:
        self.path = f"modules: {why}"
        self._model = model
        self._forward = forward
        self._train = train
        self._device = next(model.parameters()).device

    def fill(self, batches: Iterable[Batch], seed: int) -> float:
        """Run each batch forward and backward, one after another."""
        torch.manual_seed(seed)
        total = torch.zeros((), device=self._device)
        self._model.zero_grad(set_to_none=True)
        for ids, targets, folds in batches:
            ids = ids.to(self._device, non_blocking=True)
            with matrix_precision(self._device, self._train.precision):
                logits = self._forward(ids) if folds is None else self._forward(ids, folds)
            loss = next_token_loss(logits, targets.to(self._device, non_blocking=True))
            loss = loss / self._train.accumulate
            loss.backward()
            total += loss.detach()
        return float(total)


class ModuleLoss:
    """A sibling's loss through its modules: its dropout is drawn from a generator of its own, so
    that several threads can run at once and a run can be repeated."""

    def __init__(self, model: Sibling, precision: str) -> None:
        self.parameters = list(model.parameters())
        self._model = model
        self._precision = precision

    def refresh(self) -> None:
        """Do nothing: the modules' own weights are read."""

    def part(
        self,
        ids: Int[Tensor, "batch time"],
        targets: Int[Tensor, "batch time"],
        n_tokens: int,
        seed: int,
        folds: Int[Tensor, "batch time"] | None = None,
    ) -> tuple[Float[Tensor, ""], list[Tensor]]:
        """Give the summed loss of some sequences / n_tokens, and its gradients, by autograd."""
        generator = torch.Generator().manual_seed(seed)
        with matrix_precision(ids.device, self._precision):
            logits = self._model(ids, generator)
        loss = next_token_loss(logits, targets) * (targets.numel() / n_tokens)
        return loss.detach(), list(torch.autograd.grad(loss, self.parameters))


PartLoss = FusedLoss | ModuleLoss
"""Gives the loss of some sequences and its gradient, on the thread that asks."""


class ShardedGradients:
    """Each batch cut into shards, each on a thread of its own.

    Sums are taken in the order of the shards, whichever is done first.
    """

    def __init__(self, loss: PartLoss, name: str, train: TrainSettings, shards: Shards) -> None:
        self.path = f"{name}: {shards.n} shard{'s' * (shards.n > 1)} in {train.precision}"
        self._loss = loss
        self._train = train
        self._shards = shards

    def fill(self, batches: Iterable[Batch], seed: int) -> float:
        """Run the shards of each batch side by side."""
        self._loss.refresh()
        sums = self._cleared()
        total = 0.0
        for number, batch in enumerate(batches):
            n_tokens = batch.targets.numel() * self._train.accumulate
            found = self._shards.run(
                [
                    partial(
                        self._loss.part,
                        part.ids,
                        part.targets,
                        n_tokens,
                        seed_of(seed, number, shard),
                        part.folds,
                    )
                    for shard, part in enumerate(batch.cut(self._shards.n))
                ]
            )
            total += sum(float(loss) for loss, _ in found)
            self._add(sums, [gradients for _, gradients in found])
        return total

    def _cleared(self) -> list[Tensor]:
        """Give the `.grad` of all parameters, at zero."""
        sums = []
        for parameter in self._loss.parameters:
            if parameter.grad is None:
                parameter.grad = torch.empty_like(parameter)
            sums.append(parameter.grad.zero_())
        return sums

    def _add(self, sums: list[Tensor], found: list[list[Tensor]]) -> None:
        """Add what the shards found; each thread sums its share of the parameters."""
        n = self._shards.n

        def add(first: int) -> None:
            for gradients in found:
                for total, gradient in zip(sums[first::n], gradients[first::n], strict=True):
                    total.add_(gradient.float())

        self._shards.run([partial(add, first) for first in range(n)])


Gradients = ModuleGradients | ShardedGradients


def choose_gradients(model: nn.Module, train: TrainSettings, shards: Shards) -> Gradients:
    """Give the way: compiled when asked for and possible, else fused, else the modules.

    On a CPU a sibling of the transformer goes through its modules in shards, a frozen one does not.
    """
    why = why_not_fused(model, next(model.parameters()).device)
    if train.compile and isinstance(model, Transformer):
        forward = compiled(model, train)
        if forward is not None:
            return ModuleGradients(model, forward, train, "compiled")
    if why is None and isinstance(model, Transformer):
        dtype = torch.bfloat16 if train.precision == "bf16" else torch.float32
        return ShardedGradients(FusedLoss(model, dtype), "fused", train, shards)
    is_plain = all(p.device.type == "cpu" and p.requires_grad for p in model.parameters())
    if is_plain and isinstance(model, Sibling):
        return ShardedGradients(ModuleLoss(model, train.precision), "modules", train, shards)
    return ModuleGradients(model, model, train, why or "")


def seed_of(*parts: int) -> int:
    """One seed out of several numbers.

    >>> 0 <= seed_of(1, 2) < 2**63
    True
    """
    return hash(parts) % 2**63
