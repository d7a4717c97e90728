"""What must be true of every run, checked on this one: the numbers prove themselves on screen.

Where a change of the run acts inside an identity it is applied again, so that the identity still
must hold; `Check.op` then says where.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from naepo.generate.decode import evaluating
from naepo.look import eager
from naepo.look.changes import changed, changed_rows
from naepo.look.contributions import scale_of_embedding
from naepo.look.lens import answers, layers
from naepo.look.ops import Op
from naepo.look.recurrence import cell_after, hidden_after, state_after
from naepo.look.rows import exact
from naepo.look.trace import Trace
from naepo.model.convolution import GatedConvolution
from naepo.model.mingru import MinGru

TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5, torch.float16: 4e-3, torch.bfloat16: 3e-2}
"""Of a sum, relative to the largest number in it: what rounding can do, with some room."""
FAST_PATH = {torch.float64: 1e-10, torch.float32: 5e-4, torch.float16: 1e-1, torch.bfloat16: 1.0}
"""Of a logit: two ways to the same number, through all blocks."""
POSITIONS_OF_LENS = 8
RULES: Mapping[str, Callable[..., Tensor]] = {
    "state:cell": cell_after,
    "state:hidden": lambda _, output_gate, cell: hidden_after(cell, output_gate),
    "state:mean": state_after,
}
"""What makes a state of the one before it and of what its op reads."""


@dataclass(frozen=True)
class Check:
    """One identity, and by how much it is missed at its worst place."""

    name: str
    error: float
    bound: float
    op: str | None = None
    """The first op inside the identity that a change of the run acts on."""

    @property
    def holds(self) -> bool:
        """Whether the error is within the bound; NaN and infinity are not."""
        return math.isfinite(self.error) and self.error <= self.bound


@torch.inference_mode()
def checks(trace: Trace, *, with_fast_path: bool = True) -> list[Check]:
    """Check every identity of a run.

    stream_sum: embedding + position + Σ to_out + Σ down is the last residual.
    states: a state is what its rule makes of the one before it and of the gates.
    taps: what a convolution reads is what stood that far back, unchanged.
    lens_last: the lens of the last layer is the logits, at up to 8 positions, the last among them.
    softmax_rows: what a position gives to all it sees sums to 1.
    masked_zero: what it may not see gets exactly 0.
    fast_path: the model's own `forward` gives the same logits; not where there are changes. It
    runs the model once more; `with_fast_path` can spare that.
    """
    found = [_stream_sum(trace), _lens_last(trace)]
    for kind, asked in _BY_KIND.items():
        if any(op.kind == kind for op in trace.ops):
            found += [check(trace) for check in asked]
    if with_fast_path and not trace.changes:
        found.append(_fast_path(trace))
    return found


def _stream_sum(trace: Trace) -> Check:
    names = [op.name for op in trace.ops if op.kind == "residual"]
    state = scale_of_embedding(trace.model) * exact(trace["embedding"])
    if "position" in trace:
        state = state + exact(trace["position"])
    state = _touched(trace, "residual", state)
    for name in names[1:]:
        state = _touched(trace, name, state + exact(trace[trace.op(name).inputs[1]]))
    largest = max(float(trace[name].abs().max()) for name in names)
    error = float((state - exact(trace[names[-1]])).abs().max())
    return Check("stream_sum", error, _bound(trace, largest), _first_touched(trace, names))


def _lens_last(trace: Trace) -> Check:
    last = layers(trace)[-1]
    time = len(trace.ids)
    n = min(time, POSITIONS_OF_LENS)
    positions = [time - 1 - place * time // n for place in range(n)]
    logits = trace["logits"][positions]
    error = float((answers(trace, trace[last][positions], positions) - logits).abs().max())
    where = _first_touched(trace, ["norm", "output", "logits"])
    return Check("lens_last", error, _bound(trace, float(logits.abs().max())), where)


def _softmax_rows(trace: Trace) -> Check:
    errors = [(shares.sum(-1) - 1).abs().max() for shares in _shares(trace)]
    error = float(torch.stack(errors).max())
    return Check("softmax_rows", error, _bound(trace, 1.0), _first_touched(trace, _weights(trace)))


def _masked_zero(trace: Trace) -> Check:
    errors = [shares.masked_fill(trace.seen, 0).abs().max() for shares in _shares(trace)]
    error = float(torch.stack(errors).max())
    return Check("masked_zero", error, 0.0, _first_touched(trace, _weights(trace)))


def _states(trace: Trace) -> Check:
    ops = [op for op in trace.ops if op.kind == "state"]
    errors = [_missed_by(trace, op) for op in ops]
    largest = max(float(trace[op.name].abs().max()) for op in ops)
    names = [op.name for op in ops]
    return Check("states", max(errors), _bound(trace, largest), _first_touched(trace, names))


def _missed_by(trace: Trace, op: Op) -> float:
    """Say how far the states of an op are from what their rule makes of the ones before them."""
    states = exact(trace[op.name])
    before = F.pad(states, (0, 0, 1, -1))
    expected = RULES[op.formula](before, *(exact(trace[name]) for name in op.inputs))
    here = [change for change in trace.changes if change.op == op.name]
    expected = changed_rows(expected, op, here, range(len(expected)))
    return float((expected - states).abs().max())


def _taps(trace: Trace) -> Check:
    ops = [op for op in trace.ops if op.kind == "taps"]
    error = max(_misplaced(trace, op) for op in ops)
    return Check("taps", error, 0.0, _first_touched(trace, [op.name for op in ops]))


def _misplaced(trace: Trace, op: Op) -> float:
    """Say how far what a convolution reads is from the rows of its input that it should be."""
    mixer = trace.model.get_submodule(op.module)
    assert isinstance(mixer, MinGru | GatedConvolution)
    k, d = mixer.kernel_size, mixer.dilation if isinstance(mixer, GatedConvolution) else 1
    read = trace[op.inputs[0]]
    reach = (k - 1) * d
    shifted = [F.pad(read, (0, 0, back, 0))[: len(read)] for back in range(reach, -1, -d)]
    expected = _touched(trace, op.name, torch.cat(shifted, dim=1))
    return float((expected - trace[op.name]).abs().max())


def _fast_path(trace: Trace) -> Check:
    ids = torch.tensor([trace.ids], device=trace["logits"].device)
    with evaluating(trace.model):
        fast = trace.model(ids)[0]
    error = float((fast - trace["logits"]).abs().max())
    return Check("fast_path", error, FAST_PATH[trace["logits"].dtype])


def _shares(trace: Trace) -> Iterator[Float[Tensor, "n_heads time seen"]]:
    """Give what every softmax of the attention gave, before any change of it."""
    for name in _weights(trace):
        if _first_touched(trace, [name]) is None:
            yield trace[name]
        else:
            yield eager.share(trace[trace.op(name).inputs[0]])


def _weights(trace: Trace) -> list[str]:
    return [op.name for op in trace.ops if op.kind == "softmax"]


def _touched(
    trace: Trace, name: str, state: Float[Tensor, "time d_model"]
) -> Float[Tensor, "time d_model"]:
    here = [change for change in trace.changes if change.op == name]
    return changed(state, trace.op(name), here)


def _first_touched(trace: Trace, names: list[str]) -> str | None:
    touched = {change.op for change in trace.changes}
    return next((name for name in names if name in touched), None)


def _bound(trace: Trace, largest: float) -> float:
    return TOLERANCE[trace["logits"].dtype] * max(1.0, largest)


_BY_KIND = {"softmax": (_softmax_rows, _masked_zero), "state": (_states,), "taps": (_taps,)}
"""Which identities a model with ops of a kind has beside those that all have."""
