"""Music is read in another key each time, as a function of the seed and the epoch alone."""

import numpy as np
import pytest

from naepo.config import UserError
from naepo.encode import Corpus, Split
from naepo.encode.byte_level import ByteEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.score import Note, Part, Score
from naepo.train.reading import transposing, windows_of
from naepo.train.settings import TrainSettings

PARTS = tuple(Part(name) for name in "SATB")


def piece(pitch: int) -> Score:
    notes = [
        Note(quarter, voice, pitch - 5 * voice + quarter % 3, 1)
        for quarter in range(12)
        for voice in range(4)
    ]
    return Score(1, PARTS, tuple(notes))


SCORES = [piece(70), piece(74), piece(72)]
ENCODER = GridEncoder.fit(SCORES)
IDS = np.concatenate(
    [np.append(ENCODER.encode(ENCODER.write(score)), ENCODER.end_id) for score in SCORES]
)


def settings(**how) -> TrainSettings:
    return TrainSettings(**{"steps": 4, "transpose": 5, "batch_size": 2, **how})


def told_by(ids) -> list:
    """Give the score of each piece, read from its ids."""
    pieces = np.split(ids, np.flatnonzero(ids == ENCODER.end_id) + 1)[:-1]
    return [ENCODER.read(ENCODER.decode(piece)) for piece in pieces]


def keys_of(told) -> list[int]:
    """Give by how many semitones each piece was moved, from its first note."""
    both = zip(told, SCORES, strict=True)
    return [moved.notes[0].pitch - score.notes[0].pitch for moved, score in both]


def test_each_piece_is_moved_as_a_whole_and_by_no_more_than_asked():
    read = transposing(IDS, ENCODER, settings())
    seen = set()
    for epoch in range(30):
        ids = read(epoch)
        assert len(ids) == len(IDS)
        told = told_by(ids)
        keys = keys_of(told)
        seen |= set(keys)
        for moved, score, semitones in zip(told, SCORES, keys, strict=True):
            assert moved.notes == ENCODER.kept(score.transposed(semitones)).notes
    assert seen == set(range(-5, 6))


def test_the_keys_follow_from_seed_and_epoch():
    read, again = (transposing(IDS, ENCODER, settings()) for _ in range(2))
    assert np.array_equal(read(3), again(3))
    assert not np.array_equal(read(3), read(4))
    other = transposing(IDS, ENCODER, settings(seed=1))
    assert any(not np.array_equal(read(n), other(n)) for n in range(5))


def test_a_piece_without_room_goes_as_far_as_it_can():
    narrow = GridEncoder(ranges=[(n.pitch, n.pitch + 4) for n in piece(70).notes_of(0)[:1]] * 4)
    line = Score(1, PARTS, tuple(Note(q, 0, 70 + q % 3, 1) for q in range(8)))
    ids = np.append(narrow.encode(narrow.write(line)), narrow.end_id)
    read = transposing(ids, narrow, settings(transpose=12))
    moved = {narrow.read(narrow.decode(read(n)[:-1])).notes[0].pitch - 70 for n in range(40)}
    assert moved == {0, 1, 2}


def test_text_cannot_be_transposed(tmp_path):
    split = Split(np.arange(50, dtype=np.uint16), 50, 50, tmp_path / "t.txt")
    corpus = Corpus(ByteEncoder(), split, split, "", tmp_path, ())
    with pytest.raises(UserError, match="only music can be transposed"):
        windows_of(corpus, 8, settings())


def test_windows_of_music_are_drawn_from_the_moved_pieces(tmp_path):
    split = Split(IDS.astype(np.uint16), len(IDS), len(IDS), tmp_path / "t.txt")
    corpus = Corpus(ENCODER, split, split, "", tmp_path, ())
    windows = windows_of(corpus, 16, settings())
    inputs, targets = windows.at(0, 4)
    assert (inputs[:, 1:] == targets[:, :-1]).all()
    later = windows.at(40 * windows.per_epoch, 4)
    assert not np.array_equal(inputs.numpy(), later[0].numpy())
