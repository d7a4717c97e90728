"""The road through the transformer's siblings: the same stream, another mixer in each block.

LSTM          from_input, from_state of the state before -> four gates -> cell -> hidden -> to_out
minGRU        taps -> to_gate, to_candidate -> update_gate, candidate -> state -> to_out
convolution   taps -> to_value, to_gate -> gated -> to_out
"""

from collections.abc import Iterator, Mapping
from functools import singledispatch

from naepo.look.ops import Draft, Line, Op
from naepo.look.recurrence import cell_after, gates_of, hidden_after, state_after
from naepo.model.convolution import GatedConvolution
from naepo.model.lstm import Lstm
from naepo.model.mingru import MinGru, bent, mixed
from naepo.model.past import taps
from naepo.model.sibling import Sibling, SiblingBlock
from naepo.model.sibling_settings import (
    CnnSettings,
    MinGruSettings,
    RnnSettings,
    SiblingSettings,
)

GATES = {
    "input_gate": "gate:sigmoid",
    "forget_gate": "gate:sigmoid",
    "candidate": "gate:tanh",
    "output_gate": "gate:sigmoid",
}
"""Of an LSTM, in the order of the rows of its weights; and how each is bent."""
MINGRU_GATES = {"update_gate": "gate:sigmoid", "candidate": "gate:bent"}


def sibling_ops(settings: SiblingSettings) -> Iterator[Op]:
    """Give every op of a sibling, in the order of the data."""
    kernel_size = getattr(settings, "kernel_size", 1)
    widths = {
        "d_ff": settings.d_ff,
        "d_hidden": settings.d_hidden,
        "d_gates": 4 * settings.d_hidden,
        "d_taps": kernel_size * settings.d_model,
    }
    draft = Draft(settings, widths, LINES | OWN_LINES[settings.kind])
    yield draft.op("embedding", "embedding", "time d_model", weights=("embedding.weight",))
    stream = ("embedding",)
    yield draft.op("residual", "residual", "time d_model", stream, module="", formula="begin:plain")
    before = "residual"
    for i in range(settings.n_layers):
        yield from _block(draft, f"blocks.{i}", before)
        before = f"blocks.{i}.residual_2"
    yield draft.norm("norm", before)
    yield from draft.answer()


def _block(draft: Draft, path: str, before: str) -> Iterator[Op]:
    at = f"{path}.mixer"
    yield draft.norm(f"{path}.norm_1", before)
    yield from mixer_ops(draft.settings, draft, at, f"{path}.norm_1")
    added = (before, f"{at}.to_out")
    yield draft.op(f"{path}.residual_1", "residual", "time d_model", added, module=path)
    yield draft.norm(f"{path}.norm_2", f"{path}.residual_1")
    yield from draft.feed_forward(f"{path}.mlp", f"{path}.norm_2")
    added = (f"{path}.residual_1", f"{path}.mlp.down")
    yield draft.op(f"{path}.residual_2", "residual", "time d_model", added, module=path)


@singledispatch
def mixer_ops(settings: SiblingSettings, draft: Draft, at: str, before: str) -> Iterator[Op]:
    """Give the ops of one mixer, at a path, that reads an op."""
    raise NotImplementedError(settings.kind)


@mixer_ops.register
def _(settings: RnnSettings, draft: Draft, at: str, before: str) -> Iterator[Op]:
    wide = "time d_hidden"
    yield draft.linear(f"{at}.from_input", "time d_gates", before, has_bias=True)
    yield draft.op(f"{at}.before", "shifted", wide, (f"{at}.hidden",), module=at)
    yield draft.linear(f"{at}.from_state", "time d_gates", f"{at}.before", has_bias=False)
    read = (f"{at}.from_input", f"{at}.from_state")
    for name, formula in GATES.items():
        yield draft.op(f"{at}.{name}", "gate", wide, read, formula=formula, module=at)
    gates = (f"{at}.forget_gate", f"{at}.input_gate", f"{at}.candidate")
    yield draft.op(f"{at}.cell", "state", wide, gates, formula="state:cell", module=at)
    shown = (f"{at}.output_gate", f"{at}.cell")
    yield draft.op(f"{at}.hidden", "state", wide, shown, formula="state:hidden", module=at)
    yield draft.linear(f"{at}.to_out", "time d_model", f"{at}.hidden", has_bias=False)


@mixer_ops.register
def _(settings: MinGruSettings, draft: Draft, at: str, before: str) -> Iterator[Op]:
    wide = "time d_hidden"
    yield draft.op(f"{at}.taps", "taps", "time d_taps", (before,), module=at)
    yield draft.linear(f"{at}.to_gate", wide, f"{at}.taps", has_bias=True)
    yield draft.linear(f"{at}.to_candidate", wide, f"{at}.taps", has_bias=False)
    for name, formula in MINGRU_GATES.items():
        read = (f"{at}.to_{name.removeprefix('update_')}",)
        yield draft.op(f"{at}.{name}", "gate", wide, read, formula=formula, module=at)
    read = (f"{at}.update_gate", f"{at}.candidate")
    yield draft.op(f"{at}.state", "state", wide, read, formula="state:mean", module=at)
    yield draft.linear(f"{at}.to_out", "time d_model", f"{at}.state", has_bias=False)


@mixer_ops.register
def _(settings: CnnSettings, draft: Draft, at: str, before: str) -> Iterator[Op]:
    wide = "time d_hidden"
    yield draft.op(f"{at}.taps", "taps", "time d_taps", (before,), module=at)
    yield draft.linear(f"{at}.to_value", wide, f"{at}.taps", has_bias=False)
    yield draft.linear(f"{at}.to_gate", wide, f"{at}.taps", has_bias=True)
    yield draft.op(f"{at}.gated", "gated", wide, (f"{at}.to_value", f"{at}.to_gate"), module=at)
    yield draft.linear(f"{at}.to_out", "time d_model", f"{at}.gated", has_bias=False)


LINES: dict[str, Line] = {
    "embedding": (Sibling._begin, "self.embedding(ids)"),
    "begin:plain": (Sibling._begin, "self.embedding(ids)"),
    "residual_1": (SiblingBlock, "self.mixer(self.norm_1(x)"),
    "residual_2": (SiblingBlock, "self.mlp(self.norm_2(x))"),
    "from_input": (Lstm, "self.from_input.weight, from_state"),
    "from_state": (Lstm, "self.from_input.weight, from_state"),
    "shifted": (Lstm, 'start.get("hidden"'),
    "gate:sigmoid": (gates_of, "i.sigmoid()"),
    "gate:tanh": (gates_of, "g.tanh()"),
    "update_gate": (mixed, "gate.sigmoid()"),
    "gate:bent": (bent, "torch.where("),
    "state:cell": (cell_after, "forget_gate *"),
    "state:hidden": (hidden_after, "cell.tanh()"),
    "state:mean": (state_after, "(1 - gate) *"),
    "taps": (taps, "torch.cat(shifted"),
    "output": (Sibling.forward, "self.output("),
    "logits": (Sibling.forward, "self.output("),
}
OWN_LINES: Mapping[str, dict[str, Line]] = {
    "rnn": {"to_out": (Lstm, "self.to_out(hidden)")},
    "mingru": {
        "to_gate": (MinGru, "self.to_gate(read)"),
        "to_candidate": (MinGru, "self.to_candidate(read)"),
        "to_out": (MinGru, "self.to_out(states"),
    },
    "cnn": {
        "to_value": (GatedConvolution, "self.to_value(read)"),
        "to_gate": (GatedConvolution, "self.to_gate(read)"),
        "gated": (GatedConvolution, "self.to_gate(read).sigmoid()"),
        "to_out": (GatedConvolution, "self.to_out(self.to_value"),
    },
}
