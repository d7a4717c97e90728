"""The way through the transformer's siblings. A recurrent mixer is walked position by position, so
that a change of a state reaches all that come after it."""

from functools import singledispatchmethod

from jaxtyping import Float
from torch import Tensor, nn

from naepo.look.layout_siblings import GATES
from naepo.look.recurrence import cell_after, gates_of, hidden_after, state_after
from naepo.look.walk import Walk
from naepo.model.convolution import GatedConvolution
from naepo.model.lstm import Lstm
from naepo.model.mingru import MinGru, bent
from naepo.model.past import taps
from naepo.model.sibling import Sibling, SiblingBlock

Read = Float[Tensor, "time d_model"]
Found = Float[Tensor, "time d_hidden"]


class SiblingWalk(Walk):
    """The way through a sibling."""

    def go(self, model: Sibling) -> None:
        """Walk it."""
        x = self.keep("residual", self.keep("embedding", model.embedding(self.ids)))
        for i, block in enumerate(model.blocks):
            assert isinstance(block, SiblingBlock)
            at = f"blocks.{i}.mixer"
            found = self.mix(block.mixer, at, self.keep(f"blocks.{i}.norm_1", block.norm_1(x)))
            added = self.keep(f"{at}.to_out", block.mixer.get_submodule("to_out")(found))
            x = self.keep(f"blocks.{i}.residual_1", x + added)
            x = self.feed_forward(f"blocks.{i}", block, x)
        self.answer(model, x)

    @singledispatchmethod
    def mix(self, mixer: nn.Module, at: str, read: Read) -> Found:
        """Go through a mixer; give what its output projection reads."""
        raise NotImplementedError(type(mixer).__name__)

    @mix.register
    def _(self, mixer: Lstm, at: str, read: Read) -> Found:
        from_input = self.keep(f"{at}.from_input", mixer.from_input(read))
        hidden = cell = read.new_zeros(mixer.to_out.in_features)
        for t, each in enumerate(from_input):
            before = self.keep_row(f"{at}.before", hidden, t)
            from_state = self.keep_row(f"{at}.from_state", mixer.from_state(before), t)
            gates = zip(GATES, gates_of(each, from_state), strict=True)
            i, f, g, o = (self.keep_row(f"{at}.{name}", gate, t) for name, gate in gates)
            cell = self.keep_row(f"{at}.cell", cell_after(cell, f, i, g), t)
            hidden = self.keep_row(f"{at}.hidden", hidden_after(cell, o), t)
        return self.kept[f"{at}.hidden"]

    @mix.register
    def _(self, mixer: MinGru, at: str, read: Read) -> Found:
        inputs = self.keep(f"{at}.taps", taps(read[None], mixer.kernel_size, 1)[0][0])
        gate = self.keep(f"{at}.to_gate", mixer.to_gate(inputs))
        candidate = self.keep(f"{at}.to_candidate", mixer.to_candidate(inputs))
        gate = self.keep(f"{at}.update_gate", gate.sigmoid())
        candidate = self.keep(f"{at}.candidate", bent(candidate))
        state = gate.new_zeros(gate.shape[1])
        for t, (share, value) in enumerate(zip(gate, candidate, strict=True)):
            state = self.keep_row(f"{at}.state", state_after(state, share, value), t)
        return self.kept[f"{at}.state"]

    @mix.register
    def _(self, mixer: GatedConvolution, at: str, read: Read) -> Found:
        inputs = self.keep(f"{at}.taps", taps(read[None], mixer.kernel_size, mixer.dilation)[0][0])
        value = self.keep(f"{at}.to_value", mixer.to_value(inputs))
        gate = self.keep(f"{at}.to_gate", mixer.to_gate(inputs))
        return self.keep(f"{at}.gated", value * gate.sigmoid())
