"""The n-gram prior of a transformer: where it begins, what it leaves out, what it keeps."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from naepo.config import UserError
from naepo.model import ModelSettings, PartSettings, build
from naepo.model.ngram import WittenBell
from naepo.model.prior import FOLDS, NgramPrior

ORDER = 3
SHAPE = ModelSettings(
    vocab_size=7, context_length=16, d_model=8, n_layers=1, n_heads=2, n_kv_heads=2, d_head=4,
    d_ff=12, parts=PartSettings(prior_order=ORDER),
)  # fmt: skip


def text(n: int = 500) -> np.ndarray:
    """Ids in which the last few tell something about the next."""
    noise = np.random.default_rng(1).integers(0, 3, n)
    return np.cumsum(noise) % 7


def counted() -> NgramPrior:
    prior = NgramPrior(ORDER, 7)
    prior.count(text())
    return prior


def test_a_model_begins_where_counting_ends():
    model, ids = build(SHAPE), text()[:17]
    assert model.prior is not None
    model.prior.count(text())
    with torch.no_grad():
        log_p = model(torch.from_numpy(ids)[None, :-1])[0].log_softmax(-1)
    found = -log_p.gather(1, torch.from_numpy(ids[1:])[:, None])[:, 0]
    wanted = WittenBell.count(text(), 7, ORDER).nats(ids)[1:]
    assert_close(found, torch.from_numpy(wanted).float())


def test_a_model_that_counted_nothing_begins_uniform():
    logits = build(SHAPE)(torch.tensor([[1, 2, 3]]))
    assert_close(logits.log_softmax(-1), torch.full((1, 3, 7), -np.log(7), dtype=torch.float32))


def test_the_prior_is_the_only_difference_it_makes():
    plain = build(replace(SHAPE, parts=PartSettings()))
    model = build(SHAPE)
    assert plain.prior is None
    own = dict(model.named_parameters())
    assert torch.equal(own.pop("prior.gain"), torch.ones(1))
    assert own.keys() == dict(plain.named_parameters()).keys()
    assert all(torch.equal(own[name], weight) for name, weight in plain.named_parameters())


def test_a_stretch_left_out_is_as_if_it_had_not_been_counted():
    prior, ids = counted(), torch.from_numpy(text()[100:116])[None]
    without_last = NgramPrior(ORDER, 7)
    without_last.count(text()[: 500 - 500 // FOLDS])
    left_out = prior.log_probs(ids, leave_out=torch.full_like(ids, FOLDS - 1))
    assert_close(left_out, without_last.log_probs(ids))
    assert not torch.equal(left_out, prior.log_probs(ids))


def test_each_id_has_a_stretch_of_its_own():
    prior, ids = counted(), torch.from_numpy(text()[:8]).view(2, 4)
    folds = torch.tensor([[0, 0, 1, 1], [2, 3, 4, -1]])
    mixed = prior.log_probs(ids, leave_out=folds)
    for fold in folds.unique():
        whole = prior.log_probs(ids, leave_out=torch.full_like(ids, int(fold)))
        assert torch.equal(mixed[folds == fold], whole[folds == fold])


def test_text_in_pieces_is_text_at_once():
    prior, ids = counted(), torch.from_numpy(text()[:10]).view(1, 10)
    recent = prior.last(ids[:, :2])
    assert recent.tolist() == [[-1, *ids[0, :2].tolist()]]
    parts = [prior(ids[:, :2]), prior(ids[:, 2:], recent)]
    assert torch.equal(torch.cat(parts, dim=1), prior(ids))


def test_what_is_loaded_answers_bit_for_bit():
    prior, again, ids = counted(), NgramPrior(ORDER, 7), torch.from_numpy(text()[:20])[None]
    again.load(prior.tensors())
    assert torch.equal(again(ids), prior(ids))


def changed(name: str, change) -> dict[str, torch.Tensor]:
    tensors = counted().tensors()
    return tensors | {name: change(tensors[name].clone())}


BROKEN = {
    "a table is missing": lambda: {"vocab_size": torch.tensor([7], dtype=torch.int32)},
    "a count is missing": lambda: changed("1.counts", lambda t: t[:-1]),
    "a follower is missing": lambda: changed("2.n_next", lambda t: t - 1),
    "an id is beyond the vocabulary": lambda: changed("0.next_ids", lambda t: t + 7),
    "ids are out of order": lambda: changed("0.next_ids", lambda t: t.flip(0)),
    "a count is negative": lambda: changed("3.counts", lambda t: -t),
    "counts are no whole numbers": lambda: changed("0.counts", lambda t: t.float()),
    "it is of another vocabulary": lambda: changed("vocab_size", lambda t: t + 1),
    "the vocabulary has no size": lambda: changed("vocab_size", lambda t: t[:0]),
}


@pytest.mark.parametrize("trouble", BROKEN)
def test_counts_that_are_none_are_refused(trouble: str):
    with pytest.raises(UserError, match=r"n-gram"):
        counted().load(BROKEN[trouble]())


def test_counts_of_another_order_are_refused():
    with pytest.raises(UserError, match=r"7 ids and order 3, expected 7 ids and order 2"):
        NgramPrior(2, 7).load(counted().tensors())


@pytest.mark.parametrize("order", [0, -1, 17])
def test_an_order_beyond_measure_is_refused(order: int):
    with pytest.raises(UserError, match=rf"prior_order must be 1 to 16 ids, or none, got {order}"):
        PartSettings(prior_order=order)
