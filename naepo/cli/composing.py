"""`naepo generate` for a model of music: a piece, as words, MIDI, sound, notes and piano roll."""

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from naepo.checkpoint import Checkpoint
from naepo.cli.generate import Generate, Music, sampling_of
from naepo.config import UserError
from naepo.encode.music.reading import read_score
from naepo.encode.music.score import Score
from naepo.generate.composing import compose as compose_freely
from naepo.generate.composing import continue_piece, fill, harmonise
from naepo.generate.manner import Composition, Manner, as_music


def compose(asked: Generate, loaded: Checkpoint) -> int:
    """Write as many pieces as asked for, and what was asked to be made of them.

    Raises: UserError for a model of text, and for what is given and cannot be used.
    """
    music = asked.music
    encoder = as_music(loaded.model, loaded.encoder)
    _check(music)
    begun = _begun(asked, encoder.read)
    scores: list[Score] = []
    for number in range(asked.samples):
        manner = Manner(
            sampling=sampling_of(asked, number, is_music=True),
            temperatures=dict(map(_temperature, music.temperatures)),
            avoid=music.avoid,
            particles=music.particles,
            on_note=_say,
        )
        made = _piece(music, loaded, begun, manner)
        _say(made.describe() + ("" if made.is_whole else "; it was cut off"))
        print(made.notation, end="" if made.notation.endswith("\n") else "\n", flush=True)
        _keep(music, made.score, number if asked.samples > 1 else None)
        scores.append(made.score)
    if music.report:
        _report(loaded, scores, music.avoid)
    return 0


def _check(music: Music) -> None:
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
    for path, endings in ((music.score, SCORES), (music.roll, ROLLS)):
        if path is not None and path.suffix.lower() not in endings:
            raise UserError(
                f"{path} cannot be written", hint="a name that ends in " + " or ".join(endings)
            )


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


def _keep(music: Music, score: Score, number: int | None) -> None:
    """Write the files that were asked for; of several pieces each name gets its number."""
    makers: list[tuple[Path | None, Callable[[Path], None]]] = [
        (music.midi, lambda path: _write_midi(score, path)),
        (music.wav, lambda path: _write_sound(music, score, path)),
        (music.score, lambda path: _write_score(score, path)),
        (music.roll, lambda path: _write_roll(score, path)),
    ]
    for path, make in makers:
        if path is None:
            continue
        if number is not None:
            path = path.with_stem(f"{path.stem}-{number + 1}")
        if path.parent != Path():
            path.parent.mkdir(parents=True, exist_ok=True)
        make(path)


SCORES = (".svg", ".musicxml", ".xml", ".mxl")
ROLLS = (".svg", ".png")


def _write_midi(score: Score, path: Path) -> None:
    from naepo.encode.music.writing import write_midi

    write_midi(score, path)
    _say(f"wrote {path}")


def _write_sound(music: Music, score: Score, path: Path) -> None:
    from naepo.render import soundfont, synth
    from naepo.render.sound import write_wav

    sample_rate = 44_100
    if music.soundfont is not None:
        samples = soundfont.render(score, music.soundfont, sample_rate)
    else:
        samples = synth.render(score, sample_rate=sample_rate, timbre=music.timbre)
    write_wav(path, samples, sample_rate)
    _say(f"wrote {path}: {len(samples) / sample_rate:.0f} s of sound")


def _write_score(score: Score, path: Path) -> None:
    if path.suffix.lower() != ".svg":
        from naepo.encode.music.writing import write_musicxml

        write_musicxml(score, path)
        _say(f"wrote {path}")
        return
    from naepo.render.engraving import score_svg
    from naepo.render.files import whole

    for number, page in enumerate(score_svg(score), 1):
        name = path if number == 1 else path.with_stem(f"{path.stem}-page{number}")
        with whole(name) as draft:
            draft.write_text(page, encoding="utf-8")
        _say(f"wrote {name}")


def _write_roll(score: Score, path: Path) -> None:
    from naepo.render.files import whole
    from naepo.render.roll import roll_svg, write_roll_png

    if path.suffix.lower() == ".png":
        write_roll_png(score, path)
    else:
        with whole(path) as draft:
            draft.write_text(roll_svg(score), encoding="utf-8")
    _say(f"wrote {path}")


def _report(loaded: Checkpoint, scores: list[Score], avoid: Sequence[str]) -> None:
    """Print the counts of the pieces beside those of the pieces that the model learned from."""
    from naepo.encode.music.counterpoint import beside, report

    name = f"written, {' and '.join(avoid)} avoided" if avoid else "written"
    reports = {name: report(scores)}
    corpus = _training_pieces(loaded)
    if corpus:
        reports["learned from"] = report(corpus)
    print(beside(reports), file=sys.stderr)


def _training_pieces(loaded: Checkpoint) -> list[Score]:
    """Read the training pieces again; none where the cache does not hold them any more."""
    from naepo.encode.corpus import open_corpus

    folder = loaded.settings.get("plan", {}).get("corpus_folder")
    encoder = as_music(loaded.model, loaded.encoder)
    if not folder or not Path(folder).is_dir():
        return []
    ids = np.asarray(open_corpus(Path(folder)).train.ids)
    pieces = np.split(ids, np.flatnonzero(ids == encoder.end_id) + 1)
    return [encoder.read(encoder.decode(piece)) for piece in pieces if len(piece) > 1]


def _say(line: str) -> None:
    print(line, file=sys.stderr)
