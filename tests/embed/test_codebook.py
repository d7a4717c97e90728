"""Frames to ids and back, ids as text, and a file that is a codebook or refused."""

import unicodedata

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.embed.codebook import MOST_CODES, Codebook, Scale
from naepo.encode import CharacterEncoder


@pytest.fixture(scope="module")
def rows():
    """Five groups of rows, whose columns spread very differently."""
    draw = np.random.default_rng(0)
    middles = draw.standard_normal((5, 3)) * 10
    return (middles[draw.integers(5, size=300)] + draw.standard_normal((300, 3))) * [1, 1000, 0.01]


def test_the_same_seed_gives_the_same_codes(rows):
    one, again = (Codebook.fit(rows, 8, seed=3) for _ in range(2))
    assert one.codes.tobytes() == again.codes.tobytes()
    assert one.codes.tobytes() != Codebook.fit(rows, 8, seed=4).codes.tobytes()


def test_a_row_gets_the_nearest_code_and_a_code_its_own_id(rows):
    book = Codebook.fit(rows, 8)
    scaled = book.scale.apply(rows)
    squares = np.square(scaled[:, None] - book.codes[None]).sum(axis=2)
    assert book.encode(rows).tolist() == squares.argmin(axis=1).tolist()
    assert book.encode(book.decode(range(8))).tolist() == list(range(8))


def test_more_codes_leave_less_of_the_rows_unsaid(rows):
    def left(n):
        book = Codebook.fit(rows, n)
        return np.square(book.scale.apply(rows) - book.codes[book.encode(rows)]).mean()

    assert left(1) == pytest.approx(1, abs=1e-3)
    assert left(5) < 0.2
    assert left(40) < left(5)
    assert left(300) < 1e-6


def test_each_code_is_the_mean_of_its_rows(rows):
    book = Codebook.fit(rows, 5, iterations=100)
    ids, scaled = book.encode(rows), book.scale.apply(rows)
    means = np.stack([scaled[ids == id].mean(axis=0) for id in range(5)])
    np.testing.assert_allclose(book.codes, means, atol=1e-4)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 6), max_size=20))
def test_ids_written_as_text_are_read_back_and_have_one_form(ids):
    book = Codebook(Scale(*np.ones((2, 1), np.float32)), np.arange(7, dtype=np.float32)[:, None])
    written = book.write(ids)
    assert len(written) == len(ids)
    assert book.read(written + "\n").tolist() == ids
    assert unicodedata.normalize("NFKC", written) == written


def test_the_text_of_a_sound_goes_through_an_encoder_of_a_model(rows):
    book = Codebook.fit(rows, 16)
    text = book.write(book.encode(rows))
    encoder = CharacterEncoder.fit([text])
    back = book.decode(book.read(encoder.decode(encoder.encode(text))))
    assert np.array_equal(back, book.decode(book.encode(rows)))


def test_a_codebook_is_loaded_as_it_was_saved(rows, tmp_path):
    book = Codebook.fit(rows, 8)
    book.save(tmp_path / "book.safetensors")
    found = Codebook.load(tmp_path / "book.safetensors")
    assert np.array_equal(found.encode(rows), book.encode(rows))
    assert found.decode([3]).tobytes() == book.decode([3]).tobytes()


def test_another_file_is_no_codebook(tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "v.safetensors"
    for tensors in (
        {},
        {"codes": torch.ones(3)},
        {"codes": torch.ones(3, 2), "mean": torch.ones(2)},
    ):
        save_file(tensors, path)
        with pytest.raises(UserError, match="not a codebook"):
            Codebook.load(path)


def test_a_column_that_does_not_vary_is_left_alone():
    rows = np.array([[1.0, 7.1], [3.0, 7.1]], dtype=np.float32)
    scale = Scale.of(rows)
    assert scale.spread.tolist() == [1, 1]
    np.testing.assert_allclose(scale.undo(scale.apply(rows)), rows)


def test_what_cannot_be_is_refused(rows):
    book = Codebook.fit(rows, 2)
    with pytest.raises(UserError, match="only 2 frames are different"):
        Codebook.fit(np.array([[0.0], [1.0], [1.0]]), 3)
    with pytest.raises(UserError, match="n_codes"):
        Codebook.fit(rows, MOST_CODES + 1)
    with pytest.raises(UserError, match="finite"):
        Codebook.fit(np.array([[np.nan]]), 1)
    with pytest.raises(UserError, match="rows of 3"):
        book.encode(rows[:, :2])
    with pytest.raises(UserError, match="no such id"):
        book.decode([2])
    with pytest.raises(UserError, match=r"'x' .* line 1, column 2"):
        book.read("一x")
