"""The piano roll: time to the right, pitch upwards, a bar of colour for each note."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from naepo.encode.music.bars import Bar, bars_of
from naepo.encode.music.score import Note, Score
from naepo.render.picture import FAINT, INK, LINE, MUTED, Picture, Rectangle, Text

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#a89a14")
"""One a part: told apart by colour-blind eyes (Okabe and Ito 2008), as in the page's map."""
WIDTH, LEFT, RIGHT, TOP = 1200.0, 40.0, 16.0, 64.0
SEMITONE = 7.0
"""Height of a note."""
ROW_GAP = 34.0
ROW_QUARTERS = 64
"""Quarter notes in a row; a very long piece gets longer rows rather than more than `MAX_ROWS`."""
MAX_ROWS = 40
WIDEST_QUARTER = 40.0
MIN_SEMITONES = 13
NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
BLACK_KEYS = {1, 3, 6, 8, 10}


def roll_svg(score: Score) -> str:
    """Draw a piece as one SVG picture that stands alone."""
    return draw(score).svg()


def write_roll_png(score: Score, path: Path) -> None:
    """Draw the same picture into a PNG file. Raises: UserError when it cannot be written."""
    draw(score).write_png(path)


def pitch_name(pitch: int) -> str:
    """Name a MIDI pitch; 60 is C4.

    >>> pitch_name(60), pitch_name(70)
    ('C4', 'B♭4')
    """
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


@dataclass(frozen=True)
class _Row:
    """A stretch of whole bars. number: of its first bar, from 1.  y: its upper edge."""

    bars: list[Bar]
    number: int
    y: float

    @property
    def start(self) -> int:
        return self.bars[0].start

    @property
    def end(self) -> int:
        return self.bars[-1].end


@dataclass(frozen=True)
class _Frame:
    """Where things lie. low, high: the pitches shown.  scale: width of a tick."""

    low: int
    high: int
    scale: float

    @property
    def height(self) -> float:
        return (self.high - self.low + 1) * SEMITONE

    def x(self, row: _Row, tick: int) -> float:
        return LEFT + (tick - row.start) * self.scale

    def y(self, row: _Row, pitch: int) -> float:
        return row.y + (self.high - pitch) * SEMITONE


def draw(score: Score) -> Picture:
    """Lay a piece out: title and parts above, then rows of whole bars."""
    low, high = _pitches(score)
    height = (high - low + 1) * SEMITONE
    rows = _rows(score, height)
    longest = max(row.end - row.start for row in rows)
    scale = min((WIDTH - LEFT - RIGHT) / longest, WIDEST_QUARTER / score.ticks_per_quarter)
    frame = _Frame(low, high, scale)
    picture = Picture(
        max(480.0, LEFT + longest * scale + RIGHT),
        rows[-1].y + height + 20,
        score.title or "Piano roll",
        _describe(score, sum(len(row.bars) for row in rows)),
    )
    picture.shapes.extend(_heading(score, picture.width))
    for row in rows:
        picture.shapes.extend(_keys(frame, row))
        picture.shapes.extend(_bar_lines(frame, row))
    picture.shapes.extend(_notes(score, frame, rows))
    return picture


def _pitches(score: Score) -> tuple[int, int]:
    """Give the lowest and highest pitch to show, a little more than is played."""
    pitches = [note.pitch for note in score.notes] or [60, 72]
    low, high = min(pitches) - 1, max(pitches) + 1
    missing = max(0, MIN_SEMITONES - (high - low + 1))
    return low - missing // 2, high + missing - missing // 2


def _rows(score: Score, height: float) -> list[_Row]:
    bars = bars_of(score)
    most = max(ROW_QUARTERS * score.ticks_per_quarter, bars[-1].end // MAX_ROWS + 1)
    groups: list[list[Bar]] = []
    for bar in bars:
        if not groups or bar.end - groups[-1][0].start > most:
            groups.append([])
        groups[-1].append(bar)
    # Bars are counted as in print: an upbeat is bar 0.
    first = 0 if bars[0].is_pickup else 1
    rows: list[_Row] = []
    for number, group in enumerate(groups):
        rows.append(_Row(group, first, TOP + number * (height + ROW_GAP)))
        first += len(group)
    return rows


def _describe(score: Score, n_bars: int) -> str:
    if not score.notes:
        return "No notes."
    pitches = [note.pitch for note in score.notes]
    return (
        f"{len(score.notes)} notes in {len(score.parts)} parts and {n_bars} bars, "
        f"from {pitch_name(min(pitches))} to {pitch_name(max(pitches))}."
    )


def _heading(score: Score, width: float) -> Iterator[Rectangle | Text]:
    yield Text(LEFT, 16, score.title or "Piano roll", size=15, colour=INK)
    x = LEFT
    for number, name in enumerate(_part_names(score)):
        # A letter is about half as wide as high, a syllable of Korean as wide.
        wide = 24 + sum(11.0 if c > "\u1100" else 6.2 for c in name)
        if x + wide > width:
            break
        yield Rectangle(x, 34, 10, 10, COLOURS[number % len(COLOURS)])
        yield Text(x + 15, 39, name)
        x += wide + 10


def _part_names(score: Score) -> list[str]:
    return [part.name or f"Part {number}" for number, part in enumerate(score.parts, start=1)]


def _keys(frame: _Frame, row: _Row) -> Iterator[Rectangle | Text]:
    """Black keys as bands, a line under each C and its name beside it."""
    width = (row.end - row.start) * frame.scale
    for pitch in range(frame.low, frame.high + 1):
        y = frame.y(row, pitch)
        if pitch % 12 in BLACK_KEYS:
            yield Rectangle(LEFT, y, width, SEMITONE, FAINT)
        if pitch % 12 == 0:
            yield Rectangle(LEFT, y + SEMITONE - 0.5, width, 1, LINE)
            yield Text(LEFT - 6, y + SEMITONE / 2, pitch_name(pitch), size=10, anchor="end")


def _bar_lines(frame: _Frame, row: _Row) -> Iterator[Rectangle | Text]:
    """A line where each bar begins, numbered where there is room."""
    room = -1.0
    for number, bar in enumerate(row.bars, start=row.number):
        x = frame.x(row, bar.start)
        yield Rectangle(x - 0.5, row.y, 1, frame.height, LINE)
        if x >= room and number > 0:
            yield Text(x + 1, row.y - 8, str(number), size=10, colour=MUTED)
            room = x + 26
    yield Rectangle(frame.x(row, row.end) - 0.5, row.y, 1, frame.height, LINE)


def _notes(score: Score, frame: _Frame, rows: list[_Row]) -> Iterator[Rectangle]:
    """A note that goes over the end of a row goes on in the next."""
    names = _part_names(score)
    for note, begins, ends, is_shared in _stretches(score):
        colour = COLOURS[note.part % len(COLOURS)]
        label = f"{names[note.part]}: {pitch_name(note.pitch)}"
        top = SEMITONE / 2 if is_shared else 0.5
        for row in rows:
            start, end = max(begins, row.start), min(ends, row.end)
            if start >= end:
                continue
            x, y = frame.x(row, start), frame.y(row, note.pitch)
            # A gap at the end tells a repeated note from a held one.
            width = max(1.0, (end - start) * frame.scale - (1.0 if end == note.end else 0.0))
            yield Rectangle(x, y + top, width, SEMITONE - 0.5 - top, colour, label)


def _stretches(score: Score) -> Iterator[tuple[Note, int, int, bool]]:
    """Give each note from when to when, and whether another part sounds that pitch meanwhile.

    Where two do, the later one is drawn over the lower half of the other, so that both are seen.
    """
    sounding: dict[int, dict[int, int]] = defaultdict(dict)
    for note in score.notes:
        until = sounding[note.pitch]
        others = max((end for part, end in until.items() if part != note.part), default=0)
        alone_from = min(max(others, note.onset), note.end)
        if alone_from > note.onset:
            yield note, note.onset, alone_from, True
        if alone_from < note.end:
            yield note, alone_from, note.end, False
        until[note.part] = note.end
