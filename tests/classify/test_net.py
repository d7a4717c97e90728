"""A GPT with a head: padding changes nothing, adapters begin as nothing, tuning learns."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from naepo.classify.lora import LowRank, adapt, adapters
from naepo.classify.net import (
    ClassifierNet,
    NetSettings,
    body_of,
    by_length,
    framed,
    probabilities,
    recutting,
)
from naepo.classify.tuning import Examples, TuneSettings, tune
from naepo.config import UserError
from naepo.embed.pooling import padded
from naepo.encode import BPEEncoder, CharacterEncoder
from naepo.model import ModelSettings, build

END = 11


@pytest.fixture
def model():
    return build(
        ModelSettings(
            vocab_size=12, context_length=16, d_model=16, n_layers=2, n_heads=2, n_kv_heads=2,
            d_head=8, d_ff=24,
        ),
        seed=3,
    )  # fmt: skip


def stirred(model):
    """Give the model with no weight at zero, so that every part has a say."""
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.1 * torch.randn(weight.shape)
    return model


def net_of(model, **settings):
    net = ClassifierNet(body_of(model), NetSettings(n_classes=3, **settings))
    with torch.no_grad():
        net.head.weight.normal_()
    return net.eval()


ROWS = [[END, 1, 2, 3, END], [END, END], [END, 4, 4, 5, 6, 7, 8, END], [END, 9, END]]


@pytest.mark.parametrize("both_ways", [True, False])
def test_texts_side_by_side_do_not_disturb_each_other(model, both_ways):
    net = net_of(stirred(model), both_ways=both_ways)
    together = probabilities(net, ROWS, END)
    alone = torch.cat([probabilities(net, [row], END) for row in ROWS])
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)
    cut = probabilities(net, ROWS, END, tokens_at_once=8)
    torch.testing.assert_close(together, cut, atol=1e-6, rtol=0)


def test_looking_back_only_the_states_are_those_of_the_model_itself(model):
    net = net_of(stirred(model), both_ways=False)
    ids, is_read = padded(ROWS[2:3], END)
    expected = model.norm(model.hidden(ids)[-1])
    torch.testing.assert_close(net.states(ids, is_read), expected, atol=1e-6, rtol=1e-5)


def test_looking_both_ways_the_first_state_knows_the_last_id(model):
    ids, is_read = padded([[END, 1, 2, END]], END)
    other = ids.clone()
    other[0, 2] = 5
    for both_ways in (True, False):
        net = net_of(stirred(model), both_ways=both_ways)
        one, two = net.states(ids, is_read)[0, 0], net.states(other, is_read)[0, 0]
        assert torch.equal(one, two) is not both_ways


def test_what_is_blanked_is_not_seen(model):
    net = net_of(stirred(model))
    ids, is_read = padded([[END, 1, 2, END]], END)
    other = ids.clone()
    other[0, 1] = 7
    is_blank = torch.tensor([[False, True, False, False]])
    assert torch.equal(net.states(ids, is_read, is_blank), net.states(other, is_read, is_blank))


def test_a_copy_shares_no_weight_with_the_model(model):
    twin = body_of(model, dropout=0.2)
    assert twin.settings.parts.dropout == 0.2 and model.settings.parts.dropout == 0.0
    own = {weight.data_ptr() for weight in model.parameters()}
    assert not own & {weight.data_ptr() for weight in twin.parameters()}


def test_adapters_change_nothing_at_first_and_only_they_learn(model):
    ids, is_read = padded(ROWS, END)
    net = net_of(stirred(model), lora_rank=2)
    plain = ClassifierNet(body_of(model), NetSettings(n_classes=3))
    torch.testing.assert_close(net.states(ids, is_read), plain.eval().states(ids, is_read))
    learning = {name for name, weight in net.named_parameters() if weight.requires_grad}
    expected = {f"body.{name}" for name in adapters(net.body)}
    assert learning == expected | {"blank", "head.weight", "head.bias"}


def test_an_adapter_adds_a_map_of_its_rank(model):
    base = stirred(model).blocks[0].attention.to_q
    expected = base.weight.detach().clone()
    narrow = LowRank(base, 2, torch.Generator().manual_seed(0))
    with torch.no_grad():
        narrow.up.normal_()
    whole = narrow(torch.eye(16)).T - expected
    assert torch.linalg.matrix_rank(whole, atol=1e-4) == 2
    with pytest.raises(UserError, match="rank must be from 1 to 16, got 17"):
        adapt(model, 17)


def test_a_long_text_keeps_its_beginning_and_its_end():
    assert framed(np.arange(10), END, 8) == [END, 0, 1, 2, 7, 8, 9, END]
    assert framed(np.arange(10), END, 12) == [END, *range(10), END]
    assert framed(np.arange(0), END, 8) == [END, END]


def test_batches_hold_every_row_once_and_few_positions():
    lengths = [3, 9, 2, 9, 1]
    batches = by_length(lengths, 18)
    assert sorted(place for batch in batches for place in batch) == [0, 1, 2, 3, 4]
    assert all(len(batch) * max(lengths[p] for p in batch) <= 18 for batch in batches)


def task(n=120, seed=0):
    """Give rows whose class is whether id 3 stands somewhere in them."""
    draw = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    rows = []
    for label in labels:
        ids = draw.choice([0, 1, 2, 4, 5, 6], size=draw.integers(3, 8))
        if label:
            ids[draw.integers(len(ids))] = 3
        rows.append([END, *ids.tolist(), END])
    return Examples(rows, labels)


@pytest.mark.parametrize("rank", [None, 4])
def test_tuning_learns_what_stands_anywhere_and_leaves_the_model_alone(model, rank):
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    looks = []
    net = tune(
        model, task(), task(seed=1), END, NetSettings(n_classes=2, lora_rank=rank),
        TuneSettings(epochs=16, batch_size=16, lr=0.02, looks=3),
        on_look=lambda done, loss, accuracy: looks.append((done, accuracy)),
    )  # fmt: skip
    found = probabilities(net, task(seed=2).rows, END).argmax(dim=1).numpy()
    assert (found == task(seed=2).labels).mean() > 0.9
    assert [round(3 * done) for done, _ in looks] == [1, 2, 3]
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, before[name]), name


def test_equal_seeds_give_equal_weights_and_do_not_turn_the_global_dice(model):
    def tuned(seed):
        settings = TuneSettings(epochs=1, batch_size=16)
        shape = NetSettings(n_classes=2)
        return tune(model, task(40), task(20, 1), END, shape, settings, seed=seed).state_dict()

    before = torch.get_rng_state()
    one, two, other = tuned(0), tuned(0), tuned(1)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["head.weight"], other["head.weight"])


def test_the_best_look_is_given_and_not_the_last(model):
    looks = []
    held = task(40, seed=1)
    net = tune(
        model, task(), held, END, NetSettings(n_classes=2),
        TuneSettings(epochs=6, batch_size=16, lr=0.02, looks=6),
        on_look=lambda done, loss, accuracy: looks.append(accuracy),
    )  # fmt: skip
    found = probabilities(net, held.rows, END).argmax(dim=1).numpy()
    assert (found == held.labels).mean() == pytest.approx(max(looks))


def test_a_reading_in_other_pieces_is_the_same_text_and_is_plain_at_no_share():
    encoder = BPEEncoder.train(["가나다라 가나다 가나 ab abc abcd"] * 4, 280)
    texts = ["가나다라 abcd", "", "abc 가나다"]
    whole = encoder.encode_batch(texts)
    recut = recutting(encoder, whole, 64)
    end = encoder.end_id
    assert recut(0.0, [0, 0]) == [framed(ids, end, 64) for ids in whole]
    apart = recut(1.0, [0, 0])
    assert [encoder.decode(row) for row in apart] == texts
    assert all(row[0] == row[-1] == end and end not in row[1:-1] for row in apart)
    assert [len(a) >= len(ids) + 2 for a, ids in zip(apart, whole, strict=True)] == [True] * 3
    assert sum(map(len, apart)) > sum(map(len, whole)) + 6
    assert all(len(row) <= 6 for row in recutting(encoder, whole, 6)(1.0, [0, 0]))
    assert recutting(CharacterEncoder.fit(["ab"]), [], 6) is None


def test_each_reading_is_cut_anew_by_a_share_that_falls(model):
    asked = []

    def recut(share, seed):
        asked.append((round(share, 3), tuple(seed)))
        return task(40).rows

    examples = replace(task(40), recut=recut)
    settings = TuneSettings(epochs=4, batch_size=16, merge_dropout=0.2)
    tune(model, examples, task(20, 1), END, NetSettings(n_classes=2), settings, seed=7)
    assert asked == [(0.2, (7, 0)), (0.15, (7, 1)), (0.1, (7, 2)), (0.05, (7, 3))]
    asked.clear()
    settings = replace(settings, merge_dropout=0.0)
    tune(model, examples, task(20, 1), END, NetSettings(n_classes=2), settings)
    assert asked == []


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(UserError, match="dropout must be at least 0 and below 1, got 1"):
        TuneSettings(dropout=1.0)
    with pytest.raises(UserError, match="batch_size must be above 0, got 0"):
        TuneSettings(batch_size=0)
