"""What was given stays as its own score tells it; only what is new comes from what was written.

Words keep less than a score: they round times, and leave out velocities, instruments, names, and
notes that are too short. So a piece with something new in it is never read back whole.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import lcm
from statistics import median_low

from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.event_parts import assign_programs
from naepo.encode.music.event_words import DRUMS
from naepo.encode.music.events import EventEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.merges import Base, base_of
from naepo.encode.music.score import Note, Part, Score
from naepo.encode.music.voices import assign

Place = tuple[int, int, int]
"""Of a note: its onset on the grid of the words, its part, its pitch."""


def continued(music: MusicEncoder, theme: Score, told: Score) -> Score:
    """Give a theme with what was written after it. Title and tempo are the theme's.

    told: the whole piece as it was written. A note of the theme stays as it is, but for a last one
    that was written to be held on; a new note begins once the theme's of its voice have ended.
    """
    known = music.read(music.write(theme))
    ticks = lcm(theme.ticks_per_quarter, music.ticks_per_quarter)
    theme, known, told = (each.at_resolution(ticks) for each in (theme, known, told))
    join = _Join(music, theme, known, told)
    left = Counter(join.places(join.known))
    ends: dict[Hashable, int] = defaultdict(int)
    for note in theme.notes:
        ends[join.voice(note)] = max(note.end, ends[join.voice(note)])
    new = []
    for note, place in zip(join.told, join.places(join.told), strict=True):
        left[place] -= 1
        onset = max(note.onset, ends[join.voice(note)])
        if left[place] < 0 and onset < note.end:
            new.append(replace(note, onset=onset, duration=note.end - onset))
    piece = join.put_together(theme.notes, new)
    meters = [meter for meter in told.meters if meter not in known.meters]
    keys = [key for key in told.keys if key not in known.keys]
    return replace(
        piece,
        tempos=theme.tempos or told.tempos,
        meters=(*(theme.meters or known.meters), *meters),
        keys=(*(theme.keys or known.keys), *keys),
    )


def filled(
    music: MusicEncoder, score: Score, told: Score, start: int, end: int | None = None
) -> Score:
    """Give a score with the notes of a gap as they were written, and all others as they were.

    told: the whole piece as it was written.  start, end: of the gap, in ticks of `music`; None
    where nothing follows it. A note belongs to the bar in which the words have it.

    At the borders: a note before the gap may be held on into it; what sounds into it ends where it
    was written to end, and where a new note of its voice begins. What is written beyond the gap
    ends with it, unless the score holds the same note there: then it ends with that one.
    """
    known = music.read(music.write(score))
    ticks = lcm(score.ticks_per_quarter, music.ticks_per_quarter)
    score, known, told = (each.at_resolution(ticks) for each in (score, known, told))
    join = _Join(music, score, known, told)
    start *= join.step
    end = max(score.end, told.end) + 1 if end is None else end * join.step
    for note in score.notes:
        if join.nearest(note.onset) < end < join.nearest(note.end):
            join.over[note.part, note.pitch] = note.end
    join.end = end
    kept = [note for note in score.notes if not start <= join.nearest(note.onset) < end]
    return join.put_together(kept, [note for note in join.told if start <= note.onset < end])


@dataclass
class _Join:
    """A score, the same as its words tell it, and what was written; all in the same ticks.

    known, told: the notes of both, in parts of the score.  over: when the notes that sound over the
    end of the gap stop, by part and pitch.  end: of the gap, None without one.
    """

    music: MusicEncoder
    score: Score
    known_score: Score
    told_score: Score
    over: dict[tuple[int, int], int] = field(default_factory=dict)
    end: int | None = None

    def __post_init__(self) -> None:
        self.base = base_of(self.music)
        self.step = self.score.ticks_per_quarter // self.music.ticks_per_quarter
        self._usual: dict[int, int] = {}
        self.parts = list(self.score.parts)
        self.part_of = _parts_of(self.base, self.score)
        self.known = self._in_parts(self.known_score)
        self.told = self._in_parts(self.told_score)

    def nearest(self, tick: int) -> int:
        """Move a tick to the grid of the words, half up, as `Score.at_resolution` does."""
        return (2 * tick + self.step) // (2 * self.step) * self.step

    def places(self, notes: Iterable[Note]) -> list[Place]:
        """Give the place of each note."""
        return [(self.nearest(note.onset), note.part, note.pitch) for note in notes]

    def voice(self, note: Note) -> Hashable:
        """Say what sounds one note at a time: a part of the grid; in one of chords, each pitch."""
        return note.part if isinstance(self.base, GridEncoder) else (note.part, note.pitch)

    def put_together(self, kept: Sequence[Note], new: Sequence[Note]) -> Score:
        """Give the score with these of its notes, and new ones, none of a voice over another."""
        was = dict(zip(self.places(self.known), (n.end for n in self.known), strict=True))
        now: dict[Place, set[int]] = defaultdict(set)
        for note, place in zip(self.told, self.places(self.told), strict=True):
            now[place].add(note.end)
        stays, other = [], []
        for note, place in zip(kept, self.places(kept), strict=True):
            if place in was and place in now and was[place] not in now[place]:
                other.append(self._until(note, max(now[place])))
            else:
                stays.append(note)
        # What rings through the gap and is struck anew in it still ends when it did.
        rings = {(n.part, n.pitch) for n in stays if self.over.get((n.part, n.pitch)) == n.end}
        for note in map(self._played, new):
            place = note.part, note.pitch
            other.append(self._until(note, self.over[place] if place in rings else note.end))
        notes = self._untangled(stays, other)
        order = self._order()
        return replace(
            self.score,
            parts=tuple(self.parts[part] for part in order),
            notes=tuple(replace(note, part=order.index(note.part)) for note in notes),
        )

    def _until(self, note: Note, end: int) -> Note:
        """Let a note end at a tick; not beyond the gap, but with the note that sounds over it."""
        if self.end is not None and end > self.end:
            end = self.over.get((note.part, note.pitch), self.end)
        return replace(note, duration=end - note.onset)

    def _untangled(self, kept: Sequence[Note], new: Sequence[Note]) -> list[Note]:
        """Cut what sounds on where a note of the same voice begins, one of both being new."""
        voice = self.voice
        taken = {(voice(note), note.onset) for note in kept}
        single = {(voice(n), n.onset): n for n in sorted(new, key=lambda n: n.duration)}
        new = [note for place, note in single.items() if place not in taken]
        begun: dict[tuple[bool, Hashable], list[int]] = defaultdict(list)
        for note in sorted([*kept, *new]):
            begun[False, voice(note)].append(note.onset)
        for note in sorted(new):
            begun[True, voice(note)].append(note.onset)

        def cut(note: Note, is_kept: bool) -> Note:
            onsets = begun[is_kept, voice(note)]
            after = onsets[bisect_right(onsets, note.onset) :][:1]
            return replace(note, duration=min([note.end, *after]) - note.onset)

        return [*(cut(note, True) for note in kept), *(cut(note, False) for note in new)]

    def _played(self, note: Note) -> Note:
        """Give a new note a usual velocity of its part, where the words tell none."""
        if isinstance(self.base, EventEncoder) and self.base.velocity is None:
            return note
        if note.part not in self._usual:
            of_part = [n.velocity for n in self.score.notes if n.part == note.part]
            every = of_part or [n.velocity for n in self.score.notes] or [note.velocity]
            self._usual[note.part] = median_low(every)
        return replace(note, velocity=self._usual[note.part])

    def _in_parts(self, told: Score) -> list[Note]:
        """Give the notes in the parts of the score; a voice that it has not becomes a new part."""
        number_of = {}
        for number in sorted({note.part for note in told.notes}):
            key = _key_of(self.base, told.parts[number], number)
            if key not in self.part_of:
                self.part_of[key] = self._new_part(told.parts[number])
            number_of[number] = self.part_of[key]
        return [replace(note, part=number_of[note.part]) for note in told.notes]

    def _new_part(self, part: Part) -> int:
        """Find a part that has no note yet and is called so, or add one."""
        taken = set(self.part_of.values())
        for number, old in enumerate(self.parts):
            if number not in taken and (old == part or (old.name and old.name == part.name)):
                return number
        self.parts.append(part)
        return len(self.parts) - 1

    def _order(self) -> list[int]:
        """Give the parts as the score has them; from high to low where new voices came in."""
        order = list(range(len(self.parts)))
        if len(order) == len(self.score.parts) or not isinstance(self.base, GridEncoder):
            return order
        voice_of = {part: voice for voice, part in self.part_of.items()}
        return sorted(order, key=lambda part: voice_of.get(part, len(order)))


def _parts_of(base: Base, score: Score) -> dict[int, int]:
    """Say which part of a score is told by each voice of a grid, or each program of events."""
    if isinstance(base, GridEncoder):
        return {voice: part for part, voice in assign(score, base.ranges).items()}
    programs = assign_programs(score, base.scale.programs)
    return {programs[part]: part for part in sorted({n.part for n in score.notes}, reverse=True)}


def _key_of(base: Base, part: Part, number: int) -> int:
    if isinstance(base, GridEncoder):
        return number
    return DRUMS if part.is_drums else part.program
