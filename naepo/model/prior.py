"""The n-gram prior: what counting says about the next id, added to what the network says.

    logits = output(norm(x)) + gain · ln p_ngram

With the output projection at zero the model begins where counting ends, and learns the rest. In
training every id is scored without the counts of the stretch of text that it lies in: else the
network would learn to trust counts that have seen the answer.
"""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float, Int, Integer
from torch import Tensor, nn

from naepo.config import UserError
from naepo.model.ngram import Array, WittenBell

FOLDS = 20
"""Into how many stretches the training text is cut. With few, too much is left out, and the network
learns to distrust counts that are better when it is asked (5 cost 0.02 nats a character)."""


class NgramPrior(nn.Module):
    """A Witten-Bell n-gram's log-probabilities, times one learned number that begins at 1.

    Before `count` or `load` it knows nothing, and all ids are equally probable.
    """

    def __init__(self, order: int, vocab_size: int) -> None:
        super().__init__()
        self.order = order
        self.gain = nn.Parameter(torch.ones(1))
        self.counts = WittenBell.count(np.zeros(0, dtype=np.int64), vocab_size, order)

    def count(self, ids: Integer[Array, " n"], folds: int = FOLDS) -> None:
        """Count the training ids, in so many stretches that can be left out."""
        self.counts = WittenBell.count(ids, self.counts.vocab_size, self.order, folds)

    def forward(
        self,
        ids: Int[Tensor, "batch time"],
        recent: Int[Tensor, "batch order"] | None = None,
        leave_out: Int[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch time vocab"]:
        """Give what is added to the logits; the arguments are those of `log_probs`."""
        return self.gain * self.log_probs(ids, recent, leave_out)

    def log_probs(
        self,
        ids: Int[Tensor, "batch time"],
        recent: Int[Tensor, "batch order"] | None = None,
        leave_out: Int[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch time vocab"]:
        """Give, after each id, ln p of every id that may come next; no gradient flows through it.

        recent: the `order` ids before, as `last` gives them; none is the start of a text.
        leave_out: for each id, the stretch whose counts are not used; none uses all.
        """
        contexts = self._joined(ids, recent)[:, 1:].unfold(1, self.order, 1).flatten(0, 1)
        folds = None if leave_out is None else leave_out.flatten().cpu().numpy()
        found = torch.from_numpy(self.counts.log_probs(contexts.cpu().numpy(), folds))
        return found.unflatten(0, ids.shape).to(ids.device)

    def last(
        self, ids: Int[Tensor, "batch time"], recent: Int[Tensor, "batch order"] | None = None
    ) -> Int[Tensor, "batch order"]:
        """Give the last `order` ids of all that was read; -1 where there were not so many."""
        return self._joined(ids, recent)[:, -self.order :]

    def tensors(self) -> dict[str, Tensor]:
        """Give the counts as tensors, for a file; they know no stretches."""
        return {name: torch.from_numpy(a) for name, a in self.counts.to_arrays().items()}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `tensors` gave.

        Raises: UserError when these are not the counts of such a prior.
        """
        for name, tensor in tensors.items():
            if tensor.dtype != torch.int32 or tensor.ndim != 1:
                raise UserError(f"not the counts of an n-gram model: {name} is no list of int32")
        try:
            counts = WittenBell.from_arrays({name: t.numpy() for name, t in tensors.items()})
        except (KeyError, ValueError) as error:
            raise UserError(f"not the counts of an n-gram model: {error}") from None
        expected, got = (self.counts.vocab_size, self.order), (counts.vocab_size, counts.order)
        if got != expected:
            raise UserError(
                f"the n-gram counts are of {got[0]} ids and order {got[1]}, "
                f"expected {expected[0]} ids and order {expected[1]}"
            )
        self.counts = counts

    def _joined(
        self, ids: Int[Tensor, "batch time"], recent: Int[Tensor, "batch order"] | None
    ) -> Int[Tensor, "batch both"]:
        if recent is None:
            recent = ids.new_full((len(ids), self.order), -1)
        return torch.cat([recent, ids], dim=1)
