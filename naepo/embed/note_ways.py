"""Notes as the mean of what they are: one-hot rows of pitches, or vectors of the events.

Events are the words of a notation, the grid of four voices or one of miditok's. A piece has one
vector for the whole of it and one for each of its moments, as a run's model makes them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from naepo.config import UserError
from naepo.embed import ways
from naepo.embed.one_hot import N_PITCHES, piano_roll
from naepo.embed.pieces import Piece, bar_of, embed_pieces, in_all_keys
from naepo.embed.pooling import Vectors
from naepo.embed.store import Entry
from naepo.embed.vectors import WordVectors
from naepo.embed.views import SEMITONES
from naepo.encode.encoder import Ids
from naepo.encode.music.corpus import FREE, MOSTLY, STEPS, are_four_voices
from naepo.encode.music.events import KINDS, EventEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.load import make
from naepo.encode.music.score import Score

MOMENT = 64
"""Sixteenths of a moment of a roll: four bars of 4/4."""
Encoder = GridEncoder | EventEncoder
Named = tuple[str, Score]


@runtime_checkable
class NoteWay(Protocol):
    """What turns pieces of notes into vectors."""

    about: dict[str, Any]

    @property
    def state(self) -> bytes:
        """What a store keeps."""
        ...

    def piece(self, name: str, score: Score) -> Piece:
        """Take in a score. Raises: UserError for one that the notation cannot hold."""
        ...

    def embed(self, pieces: Sequence[Piece]) -> tuple[Vectors, list[Entry]]:
        """Give the vectors of whole pieces and of their moments, and what each is of."""
        ...

    def in_all_keys(self, piece: Piece) -> dict[int, Piece]:
        """Give a piece in every key that there is, by semitones from here."""
        ...


class RollWay:
    """One-hot: for each of 128 pitches, how much of the time it sounds; of length 1.

    What drums hit is no pitch, and is left out unless there is nothing else.
    """

    def __init__(self, about: Mapping[str, Any]) -> None:
        self.about = dict(about)

    @property
    def state(self) -> bytes:
        """Nothing: nothing is learned."""
        return b""

    def piece(self, name: str, score: Score) -> Piece:
        """Take in a score. Raises: UserError for one without a note."""
        if not score.notes:
            raise UserError("there is no note in it")
        sung = tuple(note for note in score.notes if not score.parts[note.part].is_drums)
        return Piece(name, np.zeros(0, dtype=np.int64), replace(score, notes=sung or score.notes))

    def embed(self, pieces: Sequence[Piece]) -> tuple[Vectors, list[Entry]]:
        """Give the vectors of whole pieces and of their moments, and what each is of."""
        rows, entries = [], []
        for piece in pieces:
            assert piece.score is not None
            roll = piano_roll(piece.score, steps_per_quarter=STEPS)
            rows.append(roll.mean(axis=0))
            entries.append(Entry(piece.name, kind="music"))
            last = max(0, len(roll) - MOMENT)
            for start in [*range(0, last, MOMENT // 2), last]:
                moment = roll[start : start + MOMENT]
                rows.append(moment.mean(axis=0))
                ends = (start, start + len(moment) - 1)
                first, final = (bar_of(piece, step / STEPS) for step in ends)
                place = f"bar {first}" if first == final else f"bars {first}-{final}"
                entries.append(Entry(piece.name, place, "music"))
        return np.stack(rows).astype(np.float32), entries

    def in_all_keys(self, piece: Piece) -> dict[int, Piece]:
        """Give a piece in every key in which no pitch leaves the 128."""
        assert piece.score is not None
        pitches = [note.pitch for note in piece.score.notes]
        return {
            semitones: replace(piece, score=piece.score.transposed(semitones))
            for semitones in range(SEMITONES[0], SEMITONES[1] + 1)
            if min(pitches) + semitones >= 0 and max(pitches) + semitones < N_PITCHES
        }


class EventWay:
    """The mean of the vectors of a piece's events. Events without a vector are passed over.

    known: for each id, whether it has one, shape (vocab_size,).
    """

    def __init__(self, about: Mapping[str, Any], encoder: Encoder, rows: Any, known: Any) -> None:
        self.about, self.encoder = dict(about), encoder
        self.rows, self.known = rows, known

    @classmethod
    def fit(
        cls,
        about: Mapping[str, Any],
        scores: Sequence[Score],
        vectors: WordVectors | None = None,
    ) -> "EventWay":
        """Choose a notation, and learn the vectors of its events from pieces, or take a file's.

        vectors: of the file. The notation is the one of whose events most have a vector in it.

        Raises: UserError when there is nothing to learn from, or the file knows no event.
        """
        if vectors is None:
            encoder = _suiting(scores)
            written = _written(encoder, scores)
            learned = ways.learn(about, written, encoder.vocab_size, names_of(encoder))
            return cls(about, encoder, learned.vectors, learned.vectors.any(axis=1))
        best: tuple[float, EventWay] | None = None
        for encoder in _each(scores):
            rows, known = ways.known_rows(names_of(encoder), vectors)
            events = np.concatenate([*_written(encoder, scores), np.zeros(0, dtype=np.int64)])
            share = known[events].mean() if len(events) else 0.0
            if share > 0 and (best is None or share > best[0]):
                best = share, cls(about, encoder, rows, known)
        if best is None:
            raise UserError(
                f"no event of these pieces has a vector in {about['from']}",
                hint="words of music are events of a notation, such as C5 and C5~ of the grid or "
                "Pitch_60 of remi; --by skip-gram learns vectors, and --out FILE keeps them",
            )
        return best[1]

    @property
    def state(self) -> bytes:
        """The notation and the vectors."""
        told = ways.as_bytes(json.dumps(self.encoder.settings))
        return ways.sealed({"encoder": told, "rows": self.rows, "known": self.known})

    @classmethod
    def of(cls, about: Mapping[str, Any], state: bytes) -> "EventWay":
        """Make the way again that a store has kept. Raises: UserError when it has changed."""
        arrays = ways.unsealed(state)
        encoder = make(json.loads(ways.as_text(arrays["encoder"])))
        assert isinstance(encoder, GridEncoder | EventEncoder)
        return cls(about, encoder, arrays["rows"], arrays["known"])

    @property
    def word_vectors(self) -> WordVectors:
        """The vectors of the events that have one, by their words."""
        names = names_of(self.encoder)
        kept = np.flatnonzero(self.known).tolist()
        return WordVectors(tuple(names[id] for id in kept), self.rows[kept])

    def piece(self, name: str, score: Score) -> Piece:
        """Write a score. Raises: UserError for one that the notation cannot hold."""
        ids = self.encoder.encode(self.encoder.write(score))
        if not len(ids):
            raise UserError("there is no note in it")
        return Piece(name, ids, score)

    def embed(self, pieces: Sequence[Piece]) -> tuple[Vectors, list[Entry]]:
        """Give the vectors of whole pieces and of their moments, and what each is of."""
        return embed_pieces(pieces, self.encoder, self.vectors)

    def vectors(self, sequences: Sequence[Ids]) -> Vectors:
        """Give one vector for each sequence of ids, float32, shape (n, d)."""
        known = (ids[self.known[ids]] for ids in sequences)
        rows = [ways.mean_row(ids, self.rows, len(self.rows)) for ids in known]
        return np.stack(rows).astype(np.float32)

    def in_all_keys(self, piece: Piece) -> dict[int, Piece]:
        """Give a piece in every key that the notation can hold it in."""
        return in_all_keys(piece, self.encoder)


def fitted(
    about: Mapping[str, Any], scores: Sequence[Score], vectors: WordVectors | None = None
) -> NoteWay:
    """Make the way that `about` asks for, learning from pieces what it has to learn."""
    if about["by"] == "one-hot":
        return RollWay(about)
    return EventWay.fit(about, scores, vectors)


def kept(about: Mapping[str, Any], state: bytes) -> NoteWay:
    """Make the way again that a store has kept. Raises: UserError when it has changed."""
    return RollWay(about) if about["by"] == "one-hot" else EventWay.of(about, state)


def names_of(encoder: Encoder) -> list[str]:
    """Give the word of each id; the end id's is empty, and one that ends a line is told apart."""
    names = [encoder.content(id).decode() for id in range(encoder.vocab_size)]
    return [name.strip() for name in names]


def _suiting(scores: Sequence[Score]) -> Encoder:
    """Give the grid where pieces are mostly in four voices and it holds each, else `FREE`."""
    n_voiced = sum(map(are_four_voices, scores))
    if scores and n_voiced >= MOSTLY * len(scores):
        grid = GridEncoder.fit(scores, steps_per_quarter=STEPS)
        if all(map(grid.accepts, scores)):
            return grid
    return EventEncoder.fit(FREE, scores)


def _each(scores: Sequence[Score]) -> Iterable[Encoder]:
    yield GridEncoder.fit(scores, steps_per_quarter=STEPS)
    for kind in KINDS:
        yield EventEncoder.fit(kind, scores)


def _written(encoder: Encoder, scores: Sequence[Score]) -> list[Ids]:
    """Write the pieces that the notation can hold."""
    found = []
    for score in scores:
        try:
            found.append(encoder.encode(encoder.write(score)))
        except UserError:
            continue
    return found
