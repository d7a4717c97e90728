"""A sentence's vector is the sum of what its tokens add, and the generator stays as it was."""

import numpy as np
import pytest
import torch

from naepo.config import UserError
from naepo.embed.both_ways import draw_masks, masked_loss, states_both_ways
from naepo.embed.pooling import padded
from naepo.embed.sentence_tuning import SentenceTuning, tune_sentences
from naepo.embed.sentences import Fitted, SentenceModel, SentenceSettings, sif_weights
from naepo.embed.why import why
from naepo.encode import CharacterEncoder
from tests.embed.melodies import small_model

TEXTS = [
    "the quick brown fox",
    "a quick brown dog",
    "학교에서 밥을 먹었다",
    "학교에서 잠을 잤다",
    "zzz",
    "the lazy dog sleeps all day long and then some more of it",
]
ENCODER = CharacterEncoder.fit(TEXTS)
MODEL = small_model(ENCODER.vocab_size, context_length=24)


def fitted(**settings):
    return SentenceModel.fit(MODEL, ENCODER, TEXTS, SentenceSettings(**settings))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"pooling": "last", "layers": (-1,)},
        {"pooling": "weighted", "whiten": False, "sif": None},
        {"both_ways": True, "width": 3},
    ],
    ids=str,
)
def test_the_words_of_two_sentences_add_up_to_their_cosine(settings):
    model = fitted(**settings)
    vectors = model.vectors(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    for one, other in ((0, 1), (2, 5), (4, 4)):
        reasons = why(model, TEXTS[one], TEXTS[other])
        assert reasons.score == pytest.approx(float(vectors[one] @ vectors[other]), abs=1e-5)
        assert reasons.ours == TEXTS[one].split() and reasons.theirs == TEXTS[other].split()
    top = why(model, TEXTS[0], TEXTS[1]).top(3)
    assert [abs(p.share) for p in top] == sorted((abs(p.share) for p in top), reverse=True)


def test_a_vector_does_not_depend_on_its_company_and_nothing_known_gives_zeros():
    model = fitted()
    together, alone = model.vectors(TEXTS), [model.vectors([text])[0] for text in TEXTS]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    odd = model.vectors(["", "ⓧ", "zzⓧz"])
    assert not odd[:2].any()
    np.testing.assert_allclose(odd[2], together[4], atol=1e-6)  # what is unknown is left out
    assert why(model, "", TEXTS[0]).score == 0 and why(model, "", TEXTS[0]).top() == []


def test_whitened_sentences_vary_alike_in_all_directions():
    draw = np.random.default_rng(0)
    letters = list("abcdefgh ")
    texts = ["".join(draw.choice(letters, 12)) for _ in range(400)]
    encoder = CharacterEncoder.fit(texts)
    model = SentenceModel.fit(
        small_model(encoder.vocab_size), encoder, texts, SentenceSettings(width=4)
    )
    pooled = model._turned(model._pooled([encoder.encode(text) for text in texts]))
    np.testing.assert_allclose(np.cov(pooled.T, bias=True), np.eye(4), atol=0.15)


def test_frequent_tokens_count_less_by_the_papers_formula():
    weights = sif_weights(np.array([0, 1, 999]), 1e-3)
    np.testing.assert_allclose(weights, [1, 0.5, 1e-3 / (1e-3 + 0.999)])
    assert sif_weights(np.array([0, 5]), None).tolist() == [1, 1]


def test_what_was_fitted_comes_back_and_makes_equal_vectors():
    model = fitted()
    again = Fitted.from_bytes(model.fitted.to_bytes())
    same = SentenceModel(MODEL, ENCODER, model.settings, again)
    np.testing.assert_array_equal(same.vectors(TEXTS), model.vectors(TEXTS))
    assert same.about == model.about
    with pytest.raises(UserError, match="damaged"):
        Fitted.from_bytes(b"nothing")


def test_both_ways_every_token_sees_all_of_its_own_sentence_and_nothing_else():
    rows = [[1, 2, 3, 4], [5, 6]]
    ids, is_read = padded(rows, 0)
    with torch.no_grad():
        both = states_both_ways(MODEL, ids, is_read)[-1]
        alone = states_both_ways(MODEL, torch.tensor([rows[1]]), torch.ones(1, 2).bool())[-1]
        torch.testing.assert_close(both[1, :2], alone[0])
        changed = ids.clone()
        changed[0, 3] = 7
        assert not torch.allclose(states_both_ways(MODEL, changed, is_read)[-1][0, 0], both[0, 0])
        causal = MODEL.hidden(changed)[-1][0, 0]
        torch.testing.assert_close(causal, MODEL.hidden(ids)[-1][0, 0])


def test_masks_hide_read_tokens_only_and_a_hidden_token_is_what_is_guessed():
    ids, is_read = padded([[1, 2, 3, 4], [5, 6]], 0)
    for seed in range(5):
        masks = draw_masks(is_read, 0.5, torch.Generator().manual_seed(seed))
        assert masks.any() and not masks[:, 0].any() and not (masks & ~is_read).any()
    masks = torch.zeros_like(is_read)
    masks[0, 2] = True
    with torch.no_grad():
        loss = masked_loss(MODEL, ids, is_read, masks, 0)
        hidden = ids.masked_fill(masks, 0)
        states = states_both_ways(MODEL, hidden, is_read)[-1][0, 1]
        logits = MODEL.output(MODEL.norm(states))
    assert float(loss) == pytest.approx(float(logits.logsumexp(0) - logits[3]), rel=1e-5)


def test_tuning_draws_scored_pairs_to_their_scores_and_leaves_the_generator_alone():
    before = {name: w.clone() for name, w in MODEL.state_dict().items()}
    pairs = [(TEXTS[0], TEXTS[1], 1.0), (TEXTS[2], TEXTS[3], 1.0), (TEXTS[0], TEXTS[2], 0.0)]
    settings = SentenceTuning(steps=12, batch_size=4, lr=4e-3)
    told = []
    tuned = tune_sentences(
        MODEL, ENCODER, TEXTS, settings, pairs=pairs, on_step=lambda *step: told.append(step)
    )
    assert all(torch.equal(w, before[name]) for name, w in MODEL.state_dict().items())
    assert len(told) == 12
    plain = SentenceSettings(layers=(-1,), whiten=False, both_ways=True)
    vectors = SentenceModel.fit(tuned.model, ENCODER, TEXTS, plain).vectors(TEXTS)
    assert min(vectors[0] @ vectors[1], vectors[2] @ vectors[3]) > vectors[0] @ vectors[2]
    again = tune_sentences(MODEL, ENCODER, TEXTS, settings, pairs=pairs)
    assert torch.equal(again.model.embedding.weight, tuned.model.embedding.weight)


def test_what_a_person_can_get_wrong_is_said():
    for wrong in ({"pooling": "meen"}, {"layers": ()}, {"sif": 0.0}, {"width": 0}):
        with pytest.raises(UserError):
            SentenceSettings(**wrong)
    with pytest.raises(UserError, match="no text"):
        SentenceModel.fit(MODEL, ENCODER, ["", "ⓧ"])
    with pytest.raises(UserError, match="cannot have 99"):
        fitted(width=99)
    with pytest.raises(UserError, match="2 different sentences"):
        tune_sentences(MODEL, ENCODER, ["fox", "fox"], SentenceTuning(steps=1))
