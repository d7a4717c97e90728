"""Recurrent steps in plain words, one position each, with a result that can be looked at.

`model.lstm` does them in one fused call and `model.mingru` in a scan, which keep none of them.
`walk_siblings` goes this way instead, and `identities` shows that both ways agree.
"""

from jaxtyping import Float
from torch import Tensor

State = Float[Tensor, "*row d_hidden"]


def gates_of(
    from_input: Float[Tensor, "*row d_gates"], from_state: Float[Tensor, "*row d_gates"]
) -> tuple[State, State, State, State]:
    """Give the input gate, the forget gate, the candidate and the output gate of an LSTM."""
    i, f, g, o = (from_input + from_state).chunk(4, dim=-1)
    return i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()


def cell_after(cell: State, forget_gate: State, input_gate: State, candidate: State) -> State:
    """Give what an LSTM remembers: a share of what it did, and a share of the candidate."""
    return forget_gate * cell + input_gate * candidate


def hidden_after(cell: State, output_gate: State) -> State:
    """Give what an LSTM shows of what it remembers."""
    return output_gate * cell.tanh()


def state_after(state: State, gate: State, candidate: State) -> State:
    """Give the state of a minGRU: a mean of the last one and the candidate."""
    return (1 - gate) * state + gate * candidate
