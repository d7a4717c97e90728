import bz2
import lzma
import math
import os
from pathlib import Path

import numpy as np
import pytest

from naepo.train import floors as room
from naepo.train.floors import Floor, Floors, floor_of_ids, floors

DATA = Path(os.environ.get("NAEPO_DATA", Path(__file__).parents[3] / "shared" / "data"))
SHAKESPEARE = DATA / "text" / "tiny-shakespeare.txt"


def test_a_small_split_scores_what_the_hand_computes():
    found = floors("aab", "ac")
    # 3 symbols in both texts; 2 kinds seen among 3: a (2 + 2/3)/5, b (1 + 2/3)/5, c (2/3)/5
    expected = -(math.log(8 / 15) + math.log(2 / 15)) / 2
    assert found.unigram.nats_per_character == pytest.approx(expected)
    assert found.unigram.bits_per_byte == pytest.approx(expected / math.log(2))


def test_bits_per_byte_counts_utf8_bytes():
    found = floors("나는 나는 " * 20, "나는 ")
    nats, characters, n_bytes = found.order_5.nats_per_character, 3, 7
    assert found.order_5.bits_per_byte == pytest.approx(nats * characters / n_bytes / math.log(2))


def test_compression_is_what_the_held_out_text_adds():
    train, held_out = "the cat sat on the mat. " * 50, "the mat sat on the cat. " * 5
    sizes = {}
    for name, pack in (("bz2", bz2.compress), ("xz", lzma.compress)):
        sizes[name] = len(pack((train + held_out).encode())) - len(pack(train.encode()))
    found = {floor.name: floor.bits_per_byte for floor in floors(train, held_out).compression}
    assert found == pytest.approx({name: 8 * n / len(held_out) for name, n in sizes.items()})


def test_a_repeating_text_has_a_low_floor_and_noise_a_high_one():
    rng = np.random.default_rng(0)
    noise = "".join(map(chr, rng.integers(97, 123, 4000)))
    assert floors("abcdef" * 500, "abcdef" * 50).order_5.nats_per_character < 0.05
    assert floors(noise[:3000], noise[3000:]).counting.nats_per_character > math.log(26) - 0.1


def test_counting_is_the_lower_of_the_two():
    low, high = Floor("a", 1.0, 1.0), Floor("b", 2.0, 2.0)
    assert Floors(unigram=low, order_5=high).counting is low
    assert Floors(unigram=high, order_5=low).counting is low


def test_a_large_text_is_cut_and_the_note_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(room, "MAX_COUNTED", 30)
    monkeypatch.setattr(room, "MAX_SCORED", 10)
    monkeypatch.setattr(room, "MAX_COMPRESSED", 100)
    cut = floors("z" * 40 + "ab" * 15, "ba" * 5 + "q" * 30)
    # V still counts z and q, which were cut away.
    ids = np.array([0, 1] * 15), np.array([1, 0] * 5)
    assert cut.order_5.nats_per_character == pytest.approx(floor_of_ids(*ids, 4).order_5)
    assert cut.compression == ()
    assert "last 30 of 70 training" in cut.note
    assert "first 10 of 40 held-out" in cut.note
    assert floors("ab", "ab").note == ""


def test_symbols_outside_the_basic_plane_and_lone_surrogates_are_counted():
    found = floors("🙂a" * 30 + "\ud800", "🙂a🙂\udfff\x00")
    assert all(math.isfinite(floor.bits_per_byte) for floor in found.all)


def test_an_empty_training_text_is_an_even_guess():
    assert floors("", "ab").order_5.nats_per_character == pytest.approx(math.log(2))


def test_nothing_held_out_is_refused():
    with pytest.raises(ValueError, match="held-out"):
        floors("abc", "")
    with pytest.raises(ValueError, match="held-out"):
        floor_of_ids(np.array([1]), np.array([], dtype=np.int64), 2)


def test_floors_come_back_from_their_table():
    found = floors("to be or not to be, " * 9, "that is the question")
    assert Floors.from_table(found.to_table()) == found


@pytest.mark.slow
@pytest.mark.skipif(not SHAKESPEARE.is_file(), reason=f"needs {SHAKESPEARE.name} (NAEPO_DATA)")
def test_tiny_shakespeare_has_the_published_floors():
    text = SHAKESPEARE.read_text(encoding="utf-8")
    found = floors(text[:1_003_854], text[1_003_854:])
    assert found.unigram.nats_per_character == pytest.approx(3.3473, abs=1e-4)
    assert found.order_5.nats_per_character == pytest.approx(1.6981, abs=1e-4)
    assert found.order_5.bits_per_byte == pytest.approx(1.6981 / math.log(2), abs=1e-4)
    assert found.compression[0].bits_per_byte == pytest.approx(2.398, abs=1e-3)
    assert found.note == ""
