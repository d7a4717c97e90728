"""Files of music as a corpus: the encoder that suits them, each piece a document of words."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from naepo.config import UserError
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.events import EventEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.grid_fit import GridFit
from naepo.encode.music.library import Broken, read_all
from naepo.encode.music.load import ALL_KINDS, MERGED
from naepo.encode.music.score import Score
from naepo.encode.music.voices import VOICES

KIND = "music"
"""How a source of the corpus is called that holds a piece."""
KINDS = ALL_KINDS
"""The encoders of music that can be asked for by name."""
MOSTLY = 0.75
"""From this share of pieces in four voices on, the grid is chosen for all that it can hold."""
STEPS = 4
"""Steps of a quarter note on the grid: sixteenths."""
FREE = "remi"
"""The kind of encoder for music that is not in four voices."""

Note = Callable[[str, int], None]
"""Is told what happened to the piece of a number."""


@dataclass(frozen=True)
class Library:
    """The files of a corpus of music. They are read once; after that they come from the cache."""

    paths: Sequence[Path]
    cache: Path
    on_progress: Callable[[str, float], None]

    def scores(self, phase: str, note: Note | None = None) -> Iterator[tuple[int, Score]]:
        """Give the pieces with the number of their file; a book of tunes holds many.

        phase: how this pass is called.  note: told of the files that could not be read.
        """
        n_done = 0

        def count(_: str, share: float) -> None:
            nonlocal n_done
            n_done = round(share * len(self.paths))
            self.on_progress(phase, share)

        for piece in read_all(self.paths, cache=self.cache, on_progress=count):
            if not isinstance(piece, Broken):
                yield n_done, piece
            elif note is not None:
                note(f"left out, {piece.reason}", n_done)


def choose(library: Library, wish: str, note: Note) -> tuple[MusicEncoder, str]:
    """Give the encoder that is wished for, or the one that suits the pieces, and why.

    Raises: UserError when no file could be read, or no piece suits the encoder.
    """
    n_read = n_held = n_voiced = 0
    kind, reason = wish.removesuffix(MERGED), f"{wish}, as asked for."
    gathered = GridFit(STEPS)
    for _, score in library.scores("read", note):
        n_read += 1
        is_held = kind in ("auto", "grid") and gathered.add(score)
        n_held += is_held
        n_voiced += is_held and are_four_voices(score)
    if not n_read:
        raise UserError(f"none of the {len(library.paths):,} files of music could be read")
    share = n_voiced / n_read
    if wish == "auto":
        kind = "grid" if share >= MOSTLY else FREE
        reason = (
            f"{kind}, because {n_voiced:,} of {n_read:,} pieces are in four voices, on sixteenths."
        )
    if kind == "grid" and not n_held:
        raise UserError(
            "none of the pieces is in four voices or fewer, as the grid needs",
            hint=f"--encoder {FREE}",
        )
    if kind == "grid":
        return GridEncoder(**gathered.settings()), reason
    return EventEncoder.fit(kind, (score for _, score in library.scores("learn"))), reason


def are_four_voices(score: Score) -> bool:
    """Whether four parts have notes, all of which begin on steps, so that the grid keeps each."""
    return len({note.part for note in score.notes}) == len(VOICES) and is_on_steps(score)


def is_on_steps(score: Score) -> bool:
    """Whether every note begins on a step of the grid, a sixteenth."""
    return all(note.onset * STEPS % score.ticks_per_quarter == 0 for note in score.notes)


def notations(library: Library, encoder: MusicEncoder, note: Note) -> Iterator[tuple[int, str]]:
    """Give each piece that the encoder can hold in words, with its number.

    note: told of what is left out, and of notes that the grid moves.
    """
    for number, score in library.scores("write"):
        try:
            words = encoder.write(score)
        except UserError as error:
            note(f"left out, the {encoder.kind} cannot hold it: {error.message}", number)
            continue
        if encoder.kind == "grid" and not is_on_steps(score):
            note("the grid moves its notes to sixteenths, and may lose some", number)
        if words:
            yield number, words
