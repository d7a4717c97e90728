"""ABC to scores, through the `abc2midi` that symusic carries: a program of its own, with limits.

Left to itself it performs: it spreads chords, strikes the beats harder, plays the chords that are
named over the melody, lets grace notes steal time, and begins each note a tick late so that a
repeated one is heard. It swings a hornpipe, and plays trills, turns, rolls and short notes where
there is a sign for one. All this is turned off or undone: a score has what is written. Repeats
and their endings are unfolded; D.C., D.S., fine and coda are not followed, as abc2midi knows none
of them. Chord names ("Am") are no notes. A first bar that is short is an upbeat: a metre of its
length, before that of the tune.
"""

import os
import re
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from naepo.config import UserError
from naepo.encode.music.abc_times import KEPT, MUSIC, in_time, marked, with_upbeat
from naepo.encode.music.midi import import_symusic, read_midi
from naepo.encode.music.score import Score

MAX_SECONDS = 10
EVEN = b"%%MIDI nobeataccents"
"""A directive that each voice needs for itself."""
PLAIN = b"%%MIDI chordattack 0\n" + EVEN + b"\n"
"""Directives against performing; they stand after the X: field of a tune."""
EVEN_WITHIN = b"[I:MIDI nobeataccents]"
"""The same, within a line of notes."""
PERFORMING = re.compile(
    rb"^(?:%%MIDI[ \t]|I:[ \t]*MIDI[ \t=])[ \t]*(?!program|channel)[^\n]*"
    rb"|^R:[^\n]*|^U:[^\n]*(?:trill|roll|turn|staccato|breath)[^\n]*",
    re.MULTILINE,
)
"""Lines that tell how to play: directives, the rhythm of a dance, letters that mean an ornament."""
ORNAMENT = (
    rb"([!+])(?:(?:inverted|upper|lower)?(?:trill[()]?|turnx?|mordent|roll|pralltriller)"
    rb"|staccato|breath|arpeggio|slide)\1"
)
SIGNS = re.compile(KEPT + rb"|" + ORNAMENT + rb"|![^!\s|]+!|[.~RT]")
START = re.compile(rb"^X:[^\n]*\n?", re.MULTILINE)
VOICE = re.compile(rb"^V:[^\n]*", re.MULTILINE)
TITLE = re.compile(rb"^T:([^\n]*)", re.MULTILINE)


def read_abc(content: bytes) -> Score:
    """Read the first tune of a file in ABC.

    Raises: UserError for what is no ABC, and for a tune that abc2midi reads for too long.
    """
    return read_tune(tunes(content)[0])


def tunes(content: bytes) -> list[bytes]:
    """Divide a book of tunes; each gets the fields that stand before the first.

    Raises: UserError for a file in which no tune begins.

    >>> tunes(b"M:3/4\\nX:1\\nK:C\\nC3|\\nX:2\\nK:D\\nD3|\\n")
    [b'M:3/4\\nX:1\\nK:C\\nC3|\\n', b'M:3/4\\nX:2\\nK:D\\nD3|\\n']
    """
    content = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    starts = [match.start() for match in START.finditer(content)]
    if not starts:
        raise UserError("not a file in ABC: no tune begins in it", hint="a tune begins with X:1")
    head = content[: starts[0]]
    ends = [*starts[1:], len(content)]
    return [head + content[start:end] for start, end in zip(starts, ends, strict=True)]


def read_tune(tune: bytes) -> Score:
    """Read one tune with its fields. Raises: UserError when abc2midi makes nothing of it."""
    plain = as_written(tune)
    plain = START.sub(lambda field: field[0].rstrip(b"\n") + b"\n" + PLAIN, plain, count=1)
    plain = VOICE.sub(lambda field: field[0] + b"\n" + EVEN, plain)
    score = _with_upbeat(in_time(read_midi(_converted(plain))), plain)
    found = TITLE.search(tune)
    title = _text(found[1]) if found else ""
    parts = (part if part.name != title else replace(part, name="") for part in score.parts)
    return replace(score, parts=tuple(parts), title=title).simplified()


def _with_upbeat(score: Score, tune: bytes) -> Score:
    """Give the score the upbeat of its tune; none where the tune cannot be read with a mark."""
    measured = marked(tune)
    if measured is None:
        return score
    try:
        return with_upbeat(score, in_time(read_midi(_converted(measured))))
    except UserError:
        return score


def as_written(tune: bytes) -> bytes:
    """Take away what tells how to play the notes: ornaments, short notes, swing, louder beats.

    >>> as_written(b'R:hornpipe\\n.c~d "T."Te !f!!trill!g|\\n')
    b'%\\ncd "T."e !f!g|\\n'
    """
    return MUSIC.sub(lambda line: SIGNS.sub(_plain, line[0]), PERFORMING.sub(b"%", tune))


def _plain(sign: re.Match[bytes]) -> bytes:
    """Give what stands for a sign in a line of notes: nothing, where it is how to play them."""
    found = sign[0]
    if found[:1] in b".~RT" or sign[1] or found.startswith(b"[R:"):
        return b""
    if found.startswith(b"[V:"):
        return found + EVEN_WITHIN
    is_directive = PERFORMING.match(found[1:-1]) is not None
    return b"" if found.startswith(b"[I:") and is_directive else found


def _converted(tune: bytes) -> bytes:
    """Give the tune as the bytes of a MIDI file."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "tune.abc", Path(folder) / "tune.mid"
        source.write_bytes(tune)
        command = [_program(), source, "-o", target, "-silent", "-NGRA", "-NGUI", "-NFER"]
        try:
            subprocess.run(
                command, cwd=folder, timeout=MAX_SECONDS, check=False, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise UserError(f"abc2midi was not done with it after {MAX_SECONDS} s") from None
        if not target.is_file():
            raise UserError("not a tune in ABC that abc2midi can read")
        return target.read_bytes()


def _program() -> str:
    """Find abc2midi: symusic names it in the environment when it is imported."""
    import_symusic()
    path = os.environ.get("SYMUSIC_ABC2MIDI", "")
    if not Path(path).is_file():
        raise UserError(
            "ABC is read by the abc2midi of symusic, which is not there",
            hint='pip install --force-reinstall "symusic>=0.5"',
        )
    return path


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip()
