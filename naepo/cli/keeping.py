"""The files that are made of a piece: what cannot be written is said before it is composed."""

import sys
from collections.abc import Callable
from pathlib import Path

from naepo.cli.generate import Music
from naepo.config import UserError
from naepo.encode.music.score import Score

MIDIS = (".mid", ".midi")
SOUNDS = (".wav",)
SCORES = (".svg", ".musicxml", ".xml", ".mxl")
ROLLS = (".svg", ".png")
SAMPLE_RATE = 44_100


def check(music: Music) -> None:
    """Find out whether all that was asked for can be written, as far as no piece is needed.

    Raises: UserError for a name, an instrument or a SoundFont that cannot be, or a missing program.
    """
    from naepo.render import engraving, soundfont, timbres

    for path, endings in (
        (music.midi, MIDIS), (music.wav, SOUNDS), (music.score, SCORES), (music.roll, ROLLS),
    ):  # fmt: skip
        if path is not None and path.suffix.lower() not in endings:
            raise UserError(
                f"{path} cannot be written", hint="a name that ends in " + " or ".join(endings)
            )
    timbres.timbre_for(music.timbre, 0)
    if music.wav is not None and music.soundfont is not None:
        soundfont.check(music.soundfont)
    if music.score is not None and music.score.suffix.lower() == ".svg":
        engraving.import_verovio()


def keep(music: Music, score: Score, number: int | None) -> None:
    """Write the files that were asked for; of several pieces each name gets its number.

    One that fails keeps none of the others back. Raises: what the first one that failed did.
    """
    makers: list[tuple[Path | None, Callable[[Path], None]]] = [
        (music.midi, lambda path: _write_midi(score, path)),
        (music.wav, lambda path: _write_sound(music, score, path)),
        (music.score, lambda path: _write_score(score, path)),
        (music.roll, lambda path: _write_roll(score, path)),
    ]
    failures: list[Exception] = []
    for path, make in makers:
        if path is None:
            continue
        if number is not None:
            path = path.with_stem(f"{path.stem}-{number + 1}")
        try:
            _make_folder(path.parent)
            make(path)
        except Exception as error:
            failures.append(error)
    for error in failures[1:]:
        say(f"error: {error}")
    if failures:
        raise failures[0]


def say(line: str) -> None:
    """Tell one line beside the data."""
    print(line, file=sys.stderr)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder {folder}: {error.strerror}") from None


def _write_midi(score: Score, path: Path) -> None:
    from naepo.encode.music.writing import write_midi

    write_midi(score, path)
    say(f"wrote {path}")


def _write_sound(music: Music, score: Score, path: Path) -> None:
    from naepo.render import soundfont, synth
    from naepo.render.sound import write_wav

    if music.soundfont is not None:
        samples = soundfont.render(score, music.soundfont, SAMPLE_RATE)
    else:
        samples = synth.render(score, sample_rate=SAMPLE_RATE, timbre=music.timbre)
    write_wav(path, samples, SAMPLE_RATE)
    say(f"wrote {path}: {len(samples) / SAMPLE_RATE:.0f} s of sound")


def _write_score(score: Score, path: Path) -> None:
    if path.suffix.lower() != ".svg":
        from naepo.encode.music.writing import write_musicxml

        write_musicxml(score, path)
        say(f"wrote {path}")
        return
    from naepo.render.engraving import score_svg
    from naepo.render.files import whole

    for number, page in enumerate(score_svg(score), 1):
        name = path if number == 1 else path.with_stem(f"{path.stem}-page{number}")
        with whole(name) as draft:
            draft.write_text(page, encoding="utf-8")
        say(f"wrote {name}")


def _write_roll(score: Score, path: Path) -> None:
    from naepo.render.files import whole
    from naepo.render.roll import roll_svg, write_roll_png

    if path.suffix.lower() == ".png":
        write_roll_png(score, path)
    else:
        with whole(path) as draft:
            draft.write_text(roll_svg(score), encoding="utf-8")
    say(f"wrote {path}")
