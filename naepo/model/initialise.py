"""How the weights are drawn before training.

A weight's law follows from its name. With d_in the number of inputs of a linear map:

    embedding, position     normal, std EMBEDDING_STD; TIED_EMBEDDING_STD when tied, because the
                            embedding is then the output projection as well
    to_q to_k to_v gate up  normal, std LINEAR_GAIN / √d_in: what comes out is as large as what
    to_gate to_candidate    went in
    to_value from_input
    from_state
    to_out, down            zero: every block begins as the identity, and learns what to add
                            (Goyal et al. 2017, arXiv:1706.02677, section 5.1; Zhang et al. 2019,
                            arXiv:1901.09321)
    output (untied)         zero: the first prediction is uniform, and its loss ln(vocab_size)
    norms, prior            gain 1
    every bias              zero; of an LSTM's forget gate 1, so that it begins by remembering
                            (Jozefowicz et al. 2015)
"""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.overrides import TorchFunctionMode

EMBEDDING_STD = 1.0
TIED_EMBEDDING_STD = 0.02
LINEAR_GAIN = 1.0

EMBEDDINGS = ("embedding", "position")
BEGIN_AT_ONE = ("norm_1", "norm_2", "q_norm", "k_norm", "norm", "prior")
BEGIN_AT_ZERO = ("to_out", "down", "output")
BEGIN_AT_RANDOM = (
    "to_q", "to_k", "to_v", "gate", "up", "to_gate", "to_candidate", "to_value", "from_input",
    "from_state",
)  # fmt: skip
GATES_OF_LSTM = ("input", "forget", "candidate", "output")


class undrawn(TorchFunctionMode):
    """Inside, a module that is built draws no weights: they are whatever the memory held.

    For those that are filled at once. torch would draw each one first, which takes 2 s for 124M
    parameters and turns the global dice; on the meta device it would load a compiler for it.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return kwargs.get("tensor", args[0] if args else None)
        return func(*args, **kwargs)


@torch.no_grad()
def initialise(model: nn.Module, seed: int = 0) -> None:
    """Draw all weights of a language model anew, in place, by the laws above.

    The same seed gives the same weights on every device, whatever was drawn elsewhere before.
    """
    generator = Generator().manual_seed(seed)
    is_tied = "output.weight" not in dict(model.named_parameters())
    for path, weight in model.named_parameters():
        weight.copy_(_draw(path, weight, is_tied, generator))


def _draw(
    path: str, weight: Float[Tensor, "..."], is_tied: bool, generator: Generator
) -> Float[Tensor, "..."]:
    *_, part, kind = path.split(".")
    if (part, kind) == ("from_input", "bias"):
        of_gates = [torch.full((len(weight) // 4,), float(g == "forget")) for g in GATES_OF_LSTM]
        return torch.cat(of_gates)
    if kind == "bias" or part in BEGIN_AT_ZERO:
        return torch.zeros(weight.shape)
    if part in BEGIN_AT_ONE:
        return torch.ones(weight.shape)
    normal = torch.randn(weight.shape, generator=generator, dtype=torch.float32)
    if part in EMBEDDINGS:
        return normal * (TIED_EMBEDDING_STD if is_tied else EMBEDDING_STD)
    if part in BEGIN_AT_RANDOM:
        return normal * (LINEAR_GAIN * weight.shape[1] ** -0.5)
    raise AssertionError(f"no law for the weights of {path}")
