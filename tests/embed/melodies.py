"""A music encoder of one voice, small enough to see through, and melodies that differ in shape."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from naepo.config import UserError
from naepo.encode.encoder import Ids, Token
from naepo.encode.music.encoder import Grammar, Sounding
from naepo.encode.music.score import Note, Part, Score
from naepo.model import ModelSettings, Transformer, build

LOW, HIGH = 40, 100


class MelodyEncoder:
    """A word a tick: `60` begins, `60~` holds, `.` is silent; a line a quarter note."""

    kind = "melody"
    unit = "event"
    fingerprint = "m" * 64

    def __init__(self, ticks_per_quarter: int = 2) -> None:
        self.ticks_per_quarter = ticks_per_quarter
        pitches = range(LOW, HIGH + 1)
        words = [".", *map(str, pitches), *(f"{pitch}~" for pitch in pitches)]
        self.contents = [f"{w} " for w in words] + [f"{w}\n" for w in words]
        self.end_id = len(self.contents)
        self.vocab_size = self.end_id + 1

    def write(self, score: Score) -> str:
        score = score.at_resolution(self.ticks_per_quarter)
        words = ["."] * score.end
        for note in score.notes:
            if not LOW <= note.pitch <= HIGH:
                raise UserError(f"no word for pitch {note.pitch}")
            words[note.onset] = str(note.pitch)
            for tick in range(note.onset + 1, note.end):
                words[tick] = f"{note.pitch}~"
        ends = ("\n" if self._ends_line(tick) else " " for tick in range(len(words)))
        return "".join(word + end for word, end in zip(words, ends, strict=True))

    def _ends_line(self, tick: int) -> bool:
        return (tick + 1) % self.ticks_per_quarter == 0

    def encode(self, text: str) -> Ids:
        words = text.replace("\n", "\n ").split(" ")
        contents = [w if w.endswith("\n") else f"{w} " for w in words if w]
        return np.array([self.contents.index(content) for content in contents], dtype=np.int64)

    def encode_batch(self, texts: Sequence[str]) -> list[Ids]:
        return [self.encode(text) for text in texts]

    def decode(self, ids: Iterable[int]) -> str:
        return b"".join(map(self.content, ids)).decode()

    def content(self, id: int) -> bytes:
        return b"" if id == self.end_id else self.contents[id].encode()

    def describe(self, id: int) -> Token:
        return Token(id, self.content(id), self.content(id).decode())

    def save(self, folder: Path) -> None:
        raise NotImplementedError

    def read(self, notation: str) -> Score:
        raise NotImplementedError

    def grammar(self) -> Grammar:
        raise NotImplementedError

    def soundings(self, ids: Sequence[int]) -> list[Sounding | None]:
        places: list[Sounding | None] = []
        for tick, id in enumerate(ids):
            word = self.content(id).decode().strip()
            onset = Fraction(tick, self.ticks_per_quarter)
            is_note = word not in ("", ".")
            pitch = int(word.rstrip("~")) if is_note else 0
            places.append(Sounding(onset, Fraction(1), pitch, 0) if is_note else None)
        return places

    def transposed(self, ids: Iterable[int], semitones: int) -> Ids | None:
        moved = [self._moved(self.contents[id], semitones) for id in ids]
        if None in moved:
            return None
        return np.array([self.contents.index(word) for word in moved], dtype=np.int64)

    def _moved(self, content: str, semitones: int) -> str | None:
        if content[0] == ".":
            return content
        pitch = int(content[:-1].rstrip("~")) + semitones
        if not LOW <= pitch <= HIGH:
            return None
        return f"{pitch}{'~' if '~' in content else ''}{content[-1]}"


def melody(shape: int, n_notes: int = 40, start: int = 0) -> Score:
    """A melody that repeats four steps; each shape has steps of its own."""
    draw = np.random.default_rng(shape)
    steps = draw.integers(-5, 6, size=4)
    lengths = draw.integers(1, 3, size=4)
    pitch, onset, notes = 67, 0, []
    for number in range(start, start + n_notes):
        notes.append(Note(onset, 0, pitch, int(lengths[number % 4])))
        onset += int(lengths[number % 4])
        pitch = 60 + (pitch - 60 + int(steps[number % 4])) % 14
    return Score(2, (Part(),), tuple(notes))


def small_model(vocab_size: int, context_length: int = 48) -> Transformer:
    """A transformer of two blocks whose branches already say something."""
    import torch

    model = build(
        ModelSettings(
            vocab_size=vocab_size,
            context_length=context_length,
            d_model=32,
            n_layers=2,
            n_heads=2,
            n_kv_heads=2,
            d_head=16,
            d_ff=48,
        ),
        seed=0,
    )
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(("to_out.weight", "down.weight")):
                weight.normal_(std=0.1, generator=draw)
    return model
