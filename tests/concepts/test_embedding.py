"""Encoding and embedding, against torch, our own transformer's positions, and Unicode."""

import unicodedata

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from naepo.concepts.embedding import distances, letter_ids, letters, look_up, one_hot, train_rows
from naepo.concepts.hangul import BASE, N_JAMO, N_SYLLABLES, code_point, syllable
from naepo.concepts.positions import sinusoids, turn
from naepo.model.positions import Rotation, rotary_table, rotate, sinusoidal_table

TABLE = np.random.default_rng(0).normal(size=(26, 3))


def test_one_hot_times_a_table_is_torch_embedding_bit_for_bit():
    ids = letter_ids("THEQUICKBROWNFOX")
    found = look_up(ids, TABLE)
    theirs = nn.Embedding.from_pretrained(torch.tensor(TABLE))(torch.tensor(ids)).numpy()
    assert found.product.tobytes() == found.rows.tobytes() == theirs.tobytes()
    assert (found.one_hot == F.one_hot(torch.tensor(ids), 26).numpy()).all()
    assert letters(ids) == "THEQUICKBROWNFOX"


def test_all_letters_are_equally_far_until_they_are_embedded():
    apart = distances(one_hot(list(range(26))), 3)
    assert np.allclose(np.delete(apart, 3), 2**0.5) and apart[3] == 0


def test_an_update_moves_the_rows_that_were_read_as_torch_does():
    ids, rate = letter_ids("BANANA"), 0.1
    layer = nn.Embedding.from_pretrained(torch.tensor(TABLE), freeze=False)
    arriving = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    (layer(torch.tensor(ids)) @ arriving).sum().backward()
    with torch.no_grad():
        theirs = layer.weight - rate * layer.weight.grad
    found = train_rows(ids, TABLE, arriving.numpy(), rate)
    assert np.abs(found.table - theirs.numpy()).max() < 1e-15
    assert found.counts[[0, 1, 13]].tolist() == [3, 1, 2] and found.counts.sum() == 6


def test_positions_are_those_of_the_transformer():
    assert np.abs(sinusoids(7, 6) - sinusoidal_table(7, 6).numpy()).max() < 1e-14
    x = torch.tensor(np.random.default_rng(1).normal(size=(1, 1, 7, 6)))
    theirs = rotate(x, Rotation(*rotary_table(7, 6, 10_000.0)))[0, 0].numpy()
    ours = np.stack([turn(row, p) for p, row in enumerate(x[0, 0].numpy())])
    assert np.abs(ours - theirs).max() < 1e-14


def test_a_turned_product_knows_the_distance_alone():
    q, k = [0.3, -1.2, 0.7, 2.0], [1.0, 0.4, -0.6, 0.2]
    near = [turn(q, m) @ turn(k, n) for m, n in ((3, 1), (7, 5), (102, 100))]
    assert np.ptp(near) < 1e-12
    assert abs(near[0] - turn(q, 4) @ turn(k, 1)) > 0.1


def test_syllables_come_apart_as_unicode_says():
    assert (N_SYLLABLES, N_JAMO) == (11_172, 67)
    for code in range(BASE, BASE + N_SYLLABLES, 97):
        found = syllable(chr(code))
        assert found is not None
        assert code_point(found.initial, found.medial, found.final) == code
        parts = unicodedata.normalize("NFD", chr(code))
        assert [ord(part) for part in parts[:2]] == [0x1100 + found.initial, 0x1161 + found.medial]
        assert len(parts) == len(found.jamo) and len(found.utf8) == 3
        assert len(parts) == 2 or ord(parts[2]) == 0x11A7 + found.final
    assert syllable("a") is None and syllable("ㄱ") is None
