"""What is given stays as it is, whatever an untrained model writes around it."""

from dataclasses import replace
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from naepo.config import UserError
from naepo.encode.byte_level import ByteEncoder
from naepo.encode.music.bars import bars_of as bars_of_score
from naepo.encode.music.events import EventEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.score import Key, Meter, Note, Part, Score, Tempo
from naepo.encode.music.voices import PARTS
from naepo.generate import Sampling
from naepo.generate.bar_lines import bar_lines
from naepo.generate.composing import _open_plan, compose, continue_piece, fill, harmonise
from naepo.generate.gap import Gap
from naepo.generate.manner import Manner
from naepo.model import ModelSettings, Transformer, build
from naepo.model.cache import State

GRID = GridEncoder(
    steps_per_quarter=1,
    ranges=((60, 72), (55, 65), (50, 60), (40, 52)),
    meters=((4, 4), (3, 4)),
    tempos=(60, 120),
)
BAR = 4
"""Steps of a bar of GRID in 4/4."""


@cache
def model_of(vocab_size: int, context_length: int = 64) -> Transformer:
    """A tiny model with weights large enough that what it reads changes what it writes."""
    sizes = ModelSettings(
        vocab_size=vocab_size, context_length=context_length, d_model=16, n_layers=1, n_heads=2,
        n_kv_heads=1, d_head=8, d_ff=16,
    )  # fmt: skip
    model = build(sizes, seed=0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.copy_(torch.randn(weight.shape, generator=generator) * 0.2)
    return model


def manner(seed: int = 1, particles: int = 3, **more) -> Manner:
    return Manner(sampling=Sampling(seed=seed), particles=particles, **more)


MODEL = model_of(GRID.vocab_size)


def chorale(n_bars: int, **more) -> Score:
    """Four voices in steps: the soprano moves and repeats, the bass holds two steps, all of 4/4."""
    notes = []
    for step in range(0, n_bars * BAR, 2):
        notes += [
            Note(step, 0, 60 + step % 12, 1),
            Note(step + 1, 0, 60 + step % 12, 1),
            Note(step, 1, 57 + step % 5, 2),
            Note(step, 2, 52 + step % 7, 2),
            Note(step, 3, 43 + step % 3, 2),
        ]
    return Score(1, PARTS, tuple(notes), meters=(Meter(0, 4, 4),), **more)


def melody(pitches, durations, part: Part | None = None, ticks: int = 1) -> Score:
    """One voice; a pitch of None is a rest."""
    notes, onset = [], 0
    for pitch, duration in zip(pitches, durations, strict=True):
        if pitch is not None:
            notes.append(Note(onset, 0, pitch, duration))
        onset += duration
    return Score(ticks, (part or Part("Tune"),), tuple(notes))


def sung(score: Score, voice: int) -> list[tuple[int, int, int]]:
    return [(note.onset, note.pitch, note.duration) for note in score.notes_of(voice)]


lines = st.lists(
    st.tuples(st.none() | st.integers(60, 70), st.integers(1, 4)), min_size=1, max_size=6
).filter(lambda line: any(pitch is not None for pitch, _ in line))


@settings(max_examples=4)
@given(line=lines, voice=st.sampled_from("SATB"), seed=st.integers(0, 99))
def test_a_given_voice_is_kept_note_by_note_with_its_holds_repeats_and_rests(line, voice, seed):
    number = "SATB".index(voice)
    tune = melody(*zip(*line, strict=True))
    written = harmonise(MODEL, GRID, tune, voice=voice, manner=manner(seed, 2))
    assert sung(written.score, number) == sung(tune, 0)
    assert written.score.end <= tune.end
    assert GRID.read(written.notation).transposed(-written.transposed).notes == written.score.notes


def test_that_the_piece_ends_with_the_melody_is_weighed_too():
    written = harmonise(MODEL, GRID, melody([60, 62], [1, 1]), manner=manner())
    assert written.chosen.ids == [*written.ids, GRID.end_id]


def test_the_other_voices_sing():
    tune = melody([60, 62, 64, 65, 67, 69, 71, 72], [1] * 8)
    score = harmonise(MODEL, GRID, tune, manner=manner()).score
    assert all(score.notes_of(voice) for voice in range(4))


def test_a_melody_out_of_range_is_moved_for_the_model_the_piece_moved_back_and_that_is_said():
    notes: list[str] = []
    tune = melody([75, 77, 79], [1, 1, 2])
    written = harmonise(MODEL, GRID, tune, manner=manner(on_note=notes.append))
    assert sung(written.score, 0) == sung(tune, 0)
    assert written.transposed == -7
    assert notes == [
        "the melody was moved by -7 semitones, to where the soprano sings, and the piece back"
    ]


def test_of_a_piece_for_four_voices_the_given_one_is_taken_and_that_is_said():
    notes: list[str] = []
    whole = chorale(1)
    written = harmonise(MODEL, GRID, whole, voice="B", manner=manner(on_note=notes.append))
    assert sung(written.score, 3) == sung(whole, 3)
    assert notes == ["of 4 parts, the bass was taken"]


def test_title_and_tempo_of_the_melody_are_kept_exactly():
    tune = replace(melody([60, 62], [2, 2]), title="Tune", tempos=(Tempo(0, 77.5),))
    score = harmonise(MODEL, GRID, tune, manner=manner()).score
    assert (score.title, score.tempos) == ("Tune", (Tempo(0, 77.5),))


class Fond(nn.Module):
    """Begins every piece with a metre, a key and a tempo, and likes every key alike."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = ModelSettings(vocab_size=GRID.vocab_size, context_length=500)
        words = (*GRID.words, "")
        self.table = torch.zeros(len(words), len(words))
        for before, after in (("", "4/4"), ("4/4", "K:"), ("3/4", "K:"), ("K:", "Q:60")):
            rows = [i for i, word in enumerate(words) if word.startswith(before) and word != "|"]
            rows = [len(words) - 1] if not before else rows
            columns = [i for i, word in enumerate(words) if word.startswith(after)]
            self.table[[[row] for row in rows], columns] = 20.0

    def forward(self, ids):
        return self.table[ids]

    def hidden(self, ids):
        return []

    def start(self, batch_size=1):
        return State(batch_size, [])

    def step(self, ids, state):
        return self.table[ids], state


def test_signs_that_the_melody_lacks_and_the_model_expects_are_chosen():
    tune = melody([60, 62, 64, 65], [1] * 4)
    heard = {
        tuple(harmonise(Fond(), GRID, tune, manner=manner(seed, 1)).notation.split()[:4])
        for seed in range(4)
    }
    assert all(signs[0] == "4/4" and signs[2:] == ("Q:60", "C4") for signs in heard)
    assert len({signs[1] for signs in heard}) > 1


def test_signs_that_the_melody_has_stay():
    tune = replace(
        melody([60, 62, 64], [1] * 3), meters=(Meter(0, 3, 4),), keys=(Key(0, 2),),
        tempos=(Tempo(0, 120.0),),
    )  # fmt: skip
    written = harmonise(Fond(), GRID, tune, manner=manner())
    assert written.notation.startswith("3/4 K:2 Q:120 C4")
    assert (written.score.meters, written.score.keys) == (tune.meters, tune.keys)


def test_a_melody_off_the_grid_is_moved_to_it_and_that_is_said():
    notes: list[str] = []
    tune = melody([60, 62, 64], [3, 1, 4], ticks=4)
    harmonise(MODEL, GRID, tune, manner=manner(on_note=notes.append))
    assert notes == ["times were moved to the grid of 1 steps a quarter note"]


@pytest.mark.parametrize(
    ("tune", "message"),
    [
        (melody([], []), "no notes"),
        (Score(1, (Part(),), (Note(0, 0, 60, 2), Note(1, 0, 64, 2))), "several notes at once"),
        (melody([40, 72], [1, 1]), "spans 40 to 72"),
    ],
)
def test_a_melody_that_is_no_voice_is_refused(tune, message):
    with pytest.raises(UserError, match=message):
        harmonise(MODEL, GRID, tune, manner=manner())


@pytest.mark.parametrize("voice", ["", "X", "soprano", "SA"])
def test_a_voice_that_is_none_is_refused(voice):
    with pytest.raises(UserError, match="must be S, A, T or B"):
        harmonise(MODEL, GRID, melody([60], [1]), voice=voice)


def bars_of(notation: str) -> list[str]:
    return notation.splitlines()


@pytest.mark.parametrize(
    ("first", "last", "look_ahead"), [(1, 1, 2), (2, 3, 0), (2, 3, 2), (4, 4, 2), (1, 4, 2)]
)
def test_a_gap_is_written_anew_and_all_other_bars_stay_word_by_word(first, last, look_ahead):
    piece = chorale(4)
    written = fill(MODEL, GRID, piece, first, last, look_ahead=look_ahead, manner=manner())
    old, new = bars_of(GRID.write(piece)), bars_of(written.notation)
    assert len(new) == len(old)
    assert new[: first - 1] == old[: first - 1]
    assert new[last:] == old[last:]
    assert new[first - 1 : last] != old[first - 1 : last]
    assert written.score.meters == piece.meters


def test_what_is_held_after_a_gap_sounds_at_its_end():
    piece = replace(chorale(3), notes=(*chorale(1).notes, Note(4, 3, 45, 8)))
    for seed in range(2):
        written = fill(MODEL, GRID, piece, 2, 2, look_ahead=1, manner=manner(seed, 2))
        assert bars_of(written.notation)[2].startswith(". . . A2~")
        assert any(note.pitch == 45 and note.end == 12 for note in written.score.notes_of(3))


def test_what_the_words_of_a_piece_leave_out_stays_around_a_gap_and_in_a_theme():
    fine = chorale(3, title="Fine", tempos=(Tempo(0, 77.5),)).at_resolution(10)
    parts = tuple(replace(part, program=40 + n) for n, part in enumerate(PARTS))
    notes = tuple(
        replace(n, onset=n.onset + n.part, duration=n.duration - 3, velocity=90 + n.part)
        for n in fine.notes
    )
    fine = replace(fine, parts=parts, notes=notes)
    made = fill(MODEL, GRID, fine, 2, 2, manner=manner()).score
    outside = {note for note in notes if not 40 <= note.onset < 80}
    assert outside <= set(made.notes)
    assert all(note.velocity == 90 + note.part for note in made.notes)
    assert replace(made, notes=()) == replace(fine, notes=())
    longer = continue_piece(MODEL, GRID, fine, bars=1, manner=manner()).score
    assert {note for note in notes if note.end < 115} <= set(longer.notes)
    assert (longer.parts, longer.title, longer.tempos) == (parts, "Fine", fine.tempos)


def test_a_voice_that_is_silent_in_the_whole_piece_is_silent_in_the_gap():
    piece = replace(chorale(3), notes=tuple(n for n in chorale(3).notes if n.part != 2))
    assert not fill(MODEL, GRID, piece, 2, 2, manner=manner()).score.notes_of(2)


def test_an_upbeat_is_bar_0():
    piece = replace(chorale(3), meters=(Meter(0, 4, 4), Meter(2, 4, 4)))
    old = bars_of(GRID.write(piece))
    new = bars_of(fill(MODEL, GRID, piece, 1, 1, manner=manner()).notation)
    assert old[0].startswith("4/4 bar:2")
    assert [a == b for a, b in zip(old, new, strict=True)] == [True, False, True, True]


def upbeat_and_bars(n_bars: int) -> Score:
    """A quarter in a metre of its own, then whole bars: so files tell an upbeat."""
    notes = tuple(replace(note, onset=note.onset + 1) for note in chorale(n_bars).notes)
    first = tuple(Note(0, voice, pitch, 1) for voice, pitch in enumerate((67, 60, 55, 48)))
    return Score(1, PARTS, (*first, *notes), meters=(Meter(0, 1, 4), Meter(1, 4, 4)))


UPBEATS = GridEncoder.fit([upbeat_and_bars(3)], steps_per_quarter=1)
REMI = EventEncoder.fit("remi", [upbeat_and_bars(3)])


@pytest.mark.parametrize("encoder", [UPBEATS, REMI], ids=["grid", "remi"])
def test_an_upbeat_in_a_metre_of_its_own_is_bar_0_as_in_a_printed_score(encoder):
    piece = upbeat_and_bars(3)
    bars = bar_lines(encoder).split(encoder.encode(encoder.write(piece)).tolist())
    assert [bar.is_pickup for bar in bars_of_score(piece)] == [True, False, False, False]
    assert Gap.of(encoder, piece, 0, 0, 0).inside == bars[:1]
    assert Gap.of(encoder, piece, 1, 2, 0).inside == bars[1:3]
    with pytest.raises(UserError, match="the piece has bars 0 to 3"):
        Gap.of(encoder, piece, 4, 4, 0)


@pytest.mark.parametrize(("first", "last"), [(0, 1), (3, 2), (4, 5), (5, 5)])
def test_a_gap_outside_of_the_piece_is_refused(first, last):
    with pytest.raises(UserError, match=f"the piece has bars 1 to 4, got the gap {first}-{last}"):
        fill(MODEL, GRID, chorale(4), first, last)


@pytest.mark.parametrize("is_ending", [True, False])
def test_a_theme_stands_at_the_beginning_and_so_many_bars_follow(is_ending):
    theme = chorale(2)
    written = continue_piece(MODEL, GRID, theme, bars=3, is_ending=is_ending, manner=manner())
    old, new = bars_of(GRID.write(theme)), bars_of(written.notation)
    assert new[:2] == old
    assert len(new) == 5
    assert written.is_whole
    assert [n for n in written.score.notes if n.end < 8] == [n for n in theme.notes if n.end < 8]


def test_a_bar_of_the_theme_that_is_not_full_is_filled_up_first():
    theme = replace(chorale(2), notes=tuple(n for n in chorale(2).notes if n.onset < 6))
    written = continue_piece(MODEL, GRID, theme, bars=1, is_ending=False, manner=manner())
    lines = bars_of(written.notation)
    assert len(lines) == 3
    assert lines[1].startswith(bars_of(GRID.write(theme))[1].strip())


@pytest.mark.parametrize("bars", [1, 2])
def test_a_piece_from_nothing_has_the_bars_that_were_asked_for_besides_an_upbeat(bars):
    for seed in range(3):
        written = compose(MODEL, GRID, bars=bars, manner=manner(seed, 2))
        lines = bars_of(written.notation)
        assert len(lines) == bars + any("bar:" in word for word in lines[0].split())
        assert written.is_whole


@pytest.mark.parametrize(("encoder", "bars"), [(UPBEATS, 1), (UPBEATS, 2), (REMI, 2)])
def test_an_upbeat_of_its_own_metre_is_none_of_the_bars_that_were_asked_for(encoder, bars):
    ids = [encoder.end_id, *encoder.encode(encoder.write(upbeat_and_bars(bars))).tolist()]
    n_read = 1 + bar_lines(encoder).is_before
    plan = _open_plan(encoder, ids[:n_read], bar_lines(encoder), bars, is_ending=True)
    for id in [*ids[n_read:], encoder.end_id]:
        assert plan.is_open
        assert plan.allowed()[id]
        plan.advance(id)
    assert plan.is_fulfilled


def test_a_piece_without_a_number_of_bars_ends_where_the_model_likes():
    model = model_of(GRID.vocab_size)
    written = compose(model, GRID, manner=manner(particles=8))
    assert written.particles == 1
    assert written.is_whole
    assert written.score.notes


def test_a_seed_decides_everything_and_is_told_when_it_was_drawn():
    first = compose(MODEL, GRID, bars=2, manner=Manner(particles=3))
    again = compose(MODEL, GRID, bars=2, manner=manner(first.seed, 3))
    other = compose(MODEL, GRID, bars=2, manner=manner(first.seed + 1, 3))
    assert again.score == first.score != other.score
    assert first.describe().startswith(f"seed {first.seed}, 3 particles")
    assert first.describe() == again.describe()


def test_a_cold_voice_is_the_likeliest_at_each_place_and_a_hot_one_is_not():
    tune = melody([60, 62, 64, 65], [1] * 4)
    basses, altos = set(), set()
    for seed in range(3):
        cold = manner(seed, 1, temperatures={"A": 0.0, "B": 3.0})
        words = harmonise(MODEL, GRID, tune, manner=cold).notation.split()
        altos.add(words[1])
        basses.add(tuple(word for word in words if word[0] in ".ABCDEFG")[3::4])
    assert len(altos) == 1
    assert len(basses) == 3


@pytest.mark.parametrize(
    ("temperatures", "message"), [({"X": 1.0}, "must be S, A, T or B"), ({"S": -1.0}, "0 to 100")]
)
def test_a_wrong_temperature_is_refused(temperatures, message):
    with pytest.raises(UserError, match=message):
        compose(MODEL, GRID, bars=1, manner=manner(temperatures=temperatures))


def test_fewer_than_one_bar_is_refused():
    with pytest.raises(UserError, match="bars must be at least 1"):
        compose(MODEL, GRID, bars=0)


def test_a_model_of_text_is_refused_with_a_way_on():
    encoder = ByteEncoder()
    with pytest.raises(UserError, match="trained on text") as caught:
        compose(model_of(encoder.vocab_size), encoder, bars=2)
    assert "naepo train bach" in str(caught.value)


@cache
def events(kind: str) -> EventEncoder:
    return EventEncoder(
        kind, ticks_per_quarter=4, longest=1, pitches=(60, 67), programs=(), velocity=80,
        tempos=(60, 120), meters=((4, 4),),
    )  # fmt: skip


def tune_in_quarters(n_bars: int) -> Score:
    notes = tuple(Note(4 * n, 0, 60 + n % 8, 4) for n in range(4 * n_bars))
    return Score(4, (Part(),), notes, meters=(Meter(0, 4, 4),))


@pytest.mark.parametrize(("first", "last"), [(1, 1), (2, 3), (3, 3)])
def test_remi_fills_a_gap_and_keeps_all_other_bars(first, last):
    encoder, piece = events("remi"), tune_in_quarters(3)
    model = model_of(encoder.vocab_size)
    written = fill(model, encoder, piece, first, last, look_ahead=1, manner=manner(particles=2))

    def outside(score: Score) -> list[Note]:
        return [n for n in score.notes if not 16 * (first - 1) <= n.onset < 16 * last]

    assert outside(written.score) == outside(piece)
    assert written.score.notes != piece.notes


@pytest.mark.parametrize("kind", ["remi", "tsd", "midi-like", "structured"])
def test_event_notations_go_on_by_bars_after_the_theme(kind):
    encoder, theme = events(kind), tune_in_quarters(2)
    model = model_of(encoder.vocab_size, 256)
    written = continue_piece(model, encoder, theme, bars=2, manner=manner())
    known = encoder.read(encoder.write(theme)).notes
    assert set(known) <= set(written.score.notes)
    assert len(written.score.notes) > len(known)
    assert all(note.onset < 4 * 16 for note in written.score.notes)


@pytest.mark.parametrize("kind", ["remi", "tsd"])
def test_event_notations_write_from_nothing(kind):
    encoder = events(kind)
    written = compose(model_of(encoder.vocab_size, 256), encoder, bars=2, manner=manner())
    assert written.score.notes
    assert all(note.onset < 2 * 16 for note in written.score.notes)


def test_an_encoder_without_voices_is_told_that_harmonising_needs_the_grid():
    encoder = events("remi")
    model = model_of(encoder.vocab_size)
    with pytest.raises(UserError, match="harmonising needs the four-voice grid"):
        harmonise(model, encoder, melody([60], [1]))
    with pytest.raises(UserError, match="a temperature for each voice needs the four-voice grid"):
        compose(model, encoder, bars=1, manner=manner(temperatures={"S": 1.0}))


def test_a_notation_without_bars_cannot_fill_a_gap():
    encoder = events("tsd")
    with pytest.raises(
        UserError, match="'tsd' of this run has no word for them; grid and remi have"
    ):
        fill(model_of(encoder.vocab_size), encoder, tune_in_quarters(2), 1, 1)


def test_the_metre_inside_of_a_gap_of_the_grid_stays():
    piece = replace(chorale(4), meters=(Meter(0, 4, 4), Meter(4, 3, 4)), keys=(Key(0, 2),))
    written = fill(MODEL, GRID, piece, 1, 2, manner=manner())
    assert written.score.meters == piece.meters
    assert written.score.keys == piece.keys
    assert bars_of(written.notation)[1].startswith("3/4 ")
