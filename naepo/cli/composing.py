"""`naepo generate` for a model of music: a piece, as words, MIDI, sound, notes and piano roll."""

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from naepo.checkpoint import Checkpoint
from naepo.cli.generate import Generate, Music, sampling_of
from naepo.cli.keeping import check, keep, say
from naepo.config import UserError
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.events import EventEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.merges import base_of
from naepo.encode.music.midi import PLAIN_TEMPO
from naepo.encode.music.reading import format_of, read_content, read_score
from naepo.encode.music.score import Score
from naepo.encode.music.voices import VOICES, in_voices
from naepo.generate.composing import compose as compose_freely
from naepo.generate.composing import continue_piece, fill, harmonise
from naepo.generate.manner import Composition, Manner, as_music
from naepo.render.clock import timed


def compose(asked: Generate, loaded: Checkpoint) -> int:
    """Write as many pieces as asked for, and what was asked to be made of them.

    Raises: UserError for a model of text, and for what is given and cannot be used.
    """
    music = asked.music
    encoder = as_music(loaded.model, loaded.encoder)
    _check(music, encoder)
    begun = _begun(asked, encoder.read)
    scores: list[Score] = []
    for number in range(asked.samples):
        manner = Manner(
            sampling=sampling_of(asked, number, is_music=True),
            temperatures=dict(map(_temperature, music.temperatures)),
            avoid=music.avoid,
            particles=music.particles,
            on_note=say,
        )
        made = _piece(music, loaded, begun, manner)
        say(made.describe() + ("" if made.is_whole else "; it was cut off"))
        print(made.notation, end="" if made.notation.endswith("\n") else "\n", flush=True)
        score = timed(made.score, _tempo(music))
        keep(music, score, number if asked.samples > 1 else None)
        scores.append(score)
    if music.report:
        _report(loaded, scores, music.avoid)
    return 0


def _check(music: Music, encoder: MusicEncoder) -> None:
    given = [name for name in ("continue_", "soprano", "fill") if getattr(music, name)]
    if len(given) > 1:
        names = " and ".join("--" + name.rstrip("_") for name in given)
        raise UserError(f"{names} cannot go together", hint="give one of them")
    if music.fill and not re.fullmatch(r"\d+(-\d+)?", music.bars or ""):
        raise UserError(
            f"--fill needs the bars to write anew, got --bars {music.bars}", hint="--bars 5-8"
        )
    if not music.fill and music.bars and not music.bars.isdecimal():
        raise UserError(f"--bars is a number of bars, got {music.bars}", hint="--bars 8")
    check(music)
    if music.report and not _tells_four_voices(encoder):
        raise UserError(
            f"--report counts in four voices, and the encoder {encoder.kind!r} of this run tells "
            "other parts",
            hint="leave --report out, or train with `--encoder grid`",
        )


def _tells_four_voices(encoder: MusicEncoder) -> bool:
    base = base_of(encoder)
    if isinstance(base, EventEncoder):
        return sum(program >= 0 for program in base.scale.programs) == len(VOICES)
    return isinstance(base, GridEncoder)


def _begun(asked: Generate, read: Callable[[str], Score]) -> Score | None:
    """Give the music that a piece begins with, from a file or from words that were typed."""
    if asked.music.continue_ is not None:
        return read_score(asked.music.continue_)
    typed = sys.stdin.read() if asked.prompt == "-" else asked.prompt
    return read(typed) if typed.strip() else None


def _piece(music: Music, loaded: Checkpoint, begun: Score | None, manner: Manner) -> Composition:
    model, encoder = loaded.model, loaded.encoder
    if music.soprano is not None:
        melody = read_score(music.soprano)
        return harmonise(model, encoder, melody, voice=music.voice, manner=manner)
    if music.fill is not None:
        first, _, last = (music.bars or "").partition("-")
        return fill(
            model, encoder, read_score(music.fill), int(first), int(last or first), manner=manner
        )
    bars = int(music.bars) if music.bars else None
    if begun is not None:
        return continue_piece(model, encoder, begun, bars=bars, manner=manner)
    return compose_freely(model, encoder, bars=bars, manner=manner)


def _temperature(said: str) -> tuple[str, float]:
    """Read `S=0.7`."""
    voice, _, value = said.partition("=")
    try:
        return voice.strip().upper(), float(value)
    except ValueError:
        raise UserError(
            f"a temperature of a voice must be a voice and a number, got {said!r}",
            hint="--temperatures S=0.7 B=1",
        ) from None


def _tempo(music: Music) -> float | None:
    """Give the tempo that a given file means where it says none: a MIDI file means one."""
    path = music.continue_ or music.soprano or music.fill
    if path is None or format_of(read_content(path), path) != "midi":
        return None
    return PLAIN_TEMPO


def _report(loaded: Checkpoint, scores: list[Score], avoid: Sequence[str]) -> None:
    """Print the counts of the pieces beside those of the pieces that the model learned from."""
    from naepo.encode.music.counterpoint import beside, report

    encoder = as_music(loaded.model, loaded.encoder)
    base = base_of(encoder)
    if isinstance(base, GridEncoder):
        scores = [in_voices(score, base.ranges) for score in scores]
    name = f"written, {' and '.join(avoid)} avoided" if avoid else "written"
    reports = {name: report(scores)}
    try:
        reports["learned from"] = report(_training_pieces(loaded, encoder))
    except UserError as error:
        say(f"no row of the pieces that the model learned from: {error.message}")
    print(beside(reports), file=sys.stderr)


def _training_pieces(loaded: Checkpoint, encoder: MusicEncoder) -> list[Score]:
    """Read the training pieces again. Raises: UserError where they are not to be found."""
    from naepo.encode.corpus import open_corpus

    folder = loaded.settings.get("plan", {}).get("corpus_folder")
    if not folder:
        raise UserError("the run does not say where they are")
    if not Path(folder).is_dir():
        raise UserError(f"the cache does not hold them any more (there is no {folder})")
    ids = np.asarray(open_corpus(Path(folder)).train.ids)
    pieces = np.split(ids, np.flatnonzero(ids == encoder.end_id) + 1)
    return [encoder.read(encoder.decode(piece)) for piece in pieces if len(piece) > 1]
