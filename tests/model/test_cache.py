"""The cache: nothing is lost when it grows, and it never grows beyond the context."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.model import ModelSettings, build
from naepo.model.cache import FIRST_ROOM, LayerCache


@settings(max_examples=25, deadline=None)
@given(pieces=st.lists(st.integers(1, 70), min_size=1, max_size=8))
def test_what_was_put_in_comes_out_in_order(pieces):
    keys = torch.arange(float(sum(pieces))).reshape(1, 1, -1, 1).expand(2, 3, -1, 4)
    cache, start = LayerCache(context_length=600), 0
    for n in pieces:
        part = keys[:, :, start : start + n]
        start += n
        got_keys, got_values = cache.append(part, -part)
        assert torch.equal(got_keys, keys[:, :, :start])
        assert torch.equal(got_values, -keys[:, :, :start])
    assert cache.length == start


def test_the_room_doubles_and_stops_at_the_context():
    cache, rooms = LayerCache(context_length=300), []
    one = torch.zeros(1, 1, 1, 2)
    for _ in range(300):
        cache.append(one, one)
        rooms.append(cache.buffer.shape[3])
    assert sorted(set(rooms)) == [FIRST_ROOM, 2 * FIRST_ROOM, 4 * FIRST_ROOM, 300]


def test_a_state_knows_its_position_and_its_size():
    model = build(
        ModelSettings(
            vocab_size=7,
            context_length=100,
            d_model=8,
            n_layers=3,
            n_heads=2,
            n_kv_heads=1,
            d_head=4,
            d_ff=8,
        )
    )
    state = model.start(batch_size=2)
    assert (state.position, state.n_bytes()) == (0, 0)
    _, state = model.step(torch.zeros(2, 5, dtype=torch.long), state)
    assert state.position == 5
    assert state.n_bytes() == 2 * 3 * 2 * 1 * FIRST_ROOM * 4 * 4
    _, state = model.step(torch.zeros(2, 90, dtype=torch.long), state)
    assert state.n_bytes() == 2 * 3 * 2 * 1 * 100 * 4 * 4


def test_what_is_read_holds_no_graph():
    model = build(ModelSettings(vocab_size=7, d_model=8, n_layers=1))
    logits, state = model.step(torch.zeros(1, 5, dtype=torch.long), model.start())
    assert not logits.requires_grad and not state.layers[0].buffer.requires_grad
