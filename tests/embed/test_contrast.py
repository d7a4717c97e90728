"""Tuning tells pieces apart in any key, touches no generator, and is the same for equal seeds."""

import math

import numpy as np
import pytest
import torch

from naepo.config import UserError
from naepo.embed import tuned as keeping
from naepo.embed.contrast import ContrastSettings, nt_xent, tune
from naepo.embed.pooling import hidden_vectors
from naepo.encode import CharacterEncoder
from tests.embed.melodies import MelodyEncoder, melody, small_model

ENCODER = MelodyEncoder()


def settings(**changes):
    return ContrastSettings(**{"steps": 3, "batch_size": 4, "length": 16, **changes})


def test_the_loss_is_the_cross_entropy_of_picking_the_other_view():
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(6, 5))
    one, other = torch.tensor(rows[:3]), torch.tensor(rows[3:])
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    expected = []
    for i in range(6):
        scores = np.exp(unit @ unit[i] / 0.3)
        expected.append(-math.log(scores[(i + 3) % 6] / (scores.sum() - scores[i])))
    assert nt_xent(one, other, 0.3).item() == pytest.approx(np.mean(expected))


def test_views_that_nothing_tells_apart_cost_the_logarithm_of_how_many_others_there_are():
    same = torch.ones(4, 3)
    assert nt_xent(same, same, 0.1).item() == pytest.approx(math.log(7), abs=1e-5)


def test_the_generator_keeps_every_bit_of_its_weights():
    model = small_model(ENCODER.vocab_size)
    model.train()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    tuned = tune(model, ENCODER, [melody(n) for n in range(4)], settings())
    assert model.training
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert all(weight.grad is None for weight in model.parameters())
    assert not torch.equal(tuned.model.embedding.weight, model.embedding.weight)


def test_equal_seeds_give_equal_weights_and_others_do_not():
    def embedding(seed):
        model = small_model(ENCODER.vocab_size)
        tuned = tune(model, ENCODER, [melody(n) for n in range(5)], settings(seed=seed))
        return tuned.model.embedding.weight

    assert torch.equal(embedding(1), embedding(1))
    assert not torch.equal(embedding(1), embedding(2))


def test_tuning_learns_to_know_a_stretch_of_a_piece_in_another_key():
    ids = [ENCODER.encode(ENCODER.write(melody(n))) for n in range(12)]
    gallery = [piece[:24] for piece in ids]
    queries = [ENCODER.transposed(piece[4:22].tolist(), n % 9 - 4) for n, piece in enumerate(ids)]
    model = small_model(ENCODER.vocab_size)
    before = rank(hidden_vectors(model, ENCODER, queries), hidden_vectors(model, ENCODER, gallery))
    tuned = tune(model, ENCODER, ids, settings(steps=80, batch_size=12, lr=1e-2, length=24))
    after = rank(tuned.vectors(ENCODER, queries), tuned.vectors(ENCODER, gallery))
    assert before < 0.4 < 0.5 < after


def rank(queries, gallery):
    """Mean reciprocal rank of the true piece, by cosine."""
    queries, gallery = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (queries, gallery))
    scores = queries @ gallery.T
    better = (scores > np.diag(scores)[:, None]).sum(axis=1)
    return float(np.mean(1 / (1 + better)))


def test_a_tuned_encoder_comes_back_from_the_disk_and_a_new_one_takes_its_place(tmp_path):
    assert keeping.load(tmp_path) is None
    model = small_model(ENCODER.vocab_size)
    ids = [ENCODER.encode(ENCODER.write(melody(9)))]
    for steps in (1, 2):
        tuned = tune(model, ENCODER, [melody(n) for n in range(4)], settings(steps=steps))
        keeping.save(tmp_path, tuned)
        again = keeping.load(tmp_path)
        assert again is not None
        np.testing.assert_array_equal(again.vectors(ENCODER, ids), tuned.vectors(ENCODER, ids))
    assert [path.name for path in tmp_path.iterdir()] == ["encoder"]


def test_a_changed_byte_is_found_and_another_vocabulary_refused(tmp_path):
    model = small_model(ENCODER.vocab_size)
    tuned = tune(model, ENCODER, [melody(n) for n in range(4)], settings(steps=1))
    folder = keeping.save(tmp_path, tuned)
    with pytest.raises(UserError, match="another vocabulary"):
        tuned.vectors(CharacterEncoder("ab"), [[0]])
    file = folder / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(UserError, match="has changed"):
        keeping.load(tmp_path)


def test_tuning_ends_when_its_time_is_over():
    model = small_model(ENCODER.vocab_size)
    told = []
    tune(
        model,
        ENCODER,
        [melody(n) for n in range(4)],
        settings(steps=None, seconds=0.1),
        on_step=lambda step, loss, done: told.append((step, loss, done)),
    )
    assert told and all(0 <= done < 1 for _, _, done in told)


def test_settings_without_an_end_are_refused():
    with pytest.raises(UserError, match="give steps or seconds"):
        ContrastSettings()
