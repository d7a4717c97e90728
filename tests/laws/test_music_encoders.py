"""What every music encoder must keep. A new kind is one line in `MAKE`."""

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from naepo.config import UserError
from naepo.encode.music.encoder import Grammar, MusicEncoder
from naepo.encode.music.events import KINDS, EventEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.load import ALL_KINDS, load_music_encoder
from naepo.encode.music.merges import MergedEncoder
from naepo.encode.music.score import Note, Part, Score
from naepo.encode.music.voices import PARTS, RANGES
from tests.encode.music.scores import EVENT_METERS, PROGRAMS, TEMPOS, free, voices

DATA = Path(os.environ.get("NAEPO_DATA", Path(__file__).parents[3] / "shared" / "data"))
FAKES = sorted((DATA / "music/js-fakes-midi").glob("*.mid"))
MINORS = [(fifths, mode) for mode in ("major", "minor") for fifths in range(-7, 8)]

laws = settings(max_examples=6, deadline=None, report_multiple_bugs=False)
quick = settings(max_examples=3, deadline=None, report_multiple_bugs=False)


def make_grid() -> GridEncoder:
    ranges = [(low - 6, high + 6) for low, high in RANGES]
    return GridEncoder(ranges=ranges, keys=MINORS, tempos=TEMPOS)


def make_events(kind: str) -> EventEncoder:
    return EventEncoder(
        kind,
        ticks_per_quarter=4,
        longest=8,
        pitches=(40, 90),
        drums=(35, 50),
        programs=(-1, *PROGRAMS),
        tempos=TEMPOS,
        meters=EVENT_METERS,
        has_keys=True,
    )


def make_merged(kind: str) -> MergedEncoder:
    base = made(kind)
    notes = [Note(2 * i, v, 72 - 6 * v + i % 3, 2) for i in range(60) for v in range(4)]
    parts = PARTS if kind == "grid" else (*(Part("", p) for p in PROGRAMS), Part("", 0, True))
    low = [replace(n, pitch=38) if kind != "grid" and n.part == 3 else n for n in notes]
    notation = base.write(Score(4, parts, tuple(low)))
    return MergedEncoder.train(base, [notation], base.vocab_size + 60)


MAKE = {
    "grid": make_grid,
    **{kind: lambda kind=kind: make_events(kind) for kind in KINDS},
    **{f"{kind}+bpe": lambda kind=kind: make_merged(kind) for kind in ("grid", *KINDS)},
}


@cache
def made(name: str):
    return MAKE[name]()


@pytest.fixture(params=MAKE)
def encoder(request):
    return made(request.param)


def piece(data, name: str) -> Score:
    """Draw a piece that an encoder of this kind tells exactly."""
    if name.startswith("grid"):
        return Score(4, **data.draw(voices().filter(lambda made: made["notes"])))
    score = Score(4, **data.draw(free()))
    if name.startswith("structured"):  # it has words for notes alone
        return replace(score, tempos=(), meters=(), keys=())
    return score


def walk(data, name: str, most: int = 100) -> list[int]:
    """Draw ids among those that the grammar allows, up to an end or a cut."""
    encoder, ids = made(name), []
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    grammar = encoder.grammar()
    for _ in range(data.draw(st.integers(1, most))):
        ids.append(int(rng.choice(np.flatnonzero(grammar.allowed()))))
        grammar.advance(ids[-1])
        if ids[-1] == encoder.end_id:
            break
    return ids


def test_every_kind_is_here():
    assert set(MAKE) == set(ALL_KINDS)


def test_every_encoder_keeps_the_contract(encoder):
    assert isinstance(encoder, MusicEncoder)
    assert isinstance(encoder.grammar(), Grammar)
    assert encoder.kind in ALL_KINDS
    assert encoder.unit == "event"
    assert len(bytes.fromhex(encoder.fingerprint)) == 32


def it_is_read_as_it_was_written(encoder, score: Score, notation: str) -> None:
    assert encoder.accepts(score)
    assert encoder.read(notation) == score.at_resolution(encoder.ticks_per_quarter)


def its_notation_comes_back_from_its_ids(encoder, notation: str, ids: list[int]) -> None:
    assert encoder.encode(notation).dtype == np.int64
    assert encoder.decode(ids) == notation
    assert encoder.end_id not in ids
    assert b"".join(encoder.content(id) for id in ids) == notation.encode()
    assert encoder.encode_batch([notation, ""])[0].tolist() == ids
    assert encoder.encode(notation.replace(" ", "\n  ")).tolist() == ids


def its_ids_are_allowed(encoder, ids: list[int]) -> None:
    grammar = encoder.grammar()
    for id in [*ids, encoder.end_id, *ids]:
        assert grammar.allowed()[id], encoder.describe(id)
        grammar.advance(id)


def it_can_be_moved_and_moved_back(encoder, score: Score, ids: list[int], semitones: int) -> None:
    moved = encoder.transposed(ids, semitones)
    assert moved is not None
    assert encoder.read(encoder.decode(moved)) == score.transposed(semitones)
    back = encoder.transposed(moved, -semitones)
    assert back is not None
    assert back.tolist() == ids


def its_soundings_are_its_notes(encoder, score: Score, ids: list[int]) -> None:
    heard = encoder.soundings(ids)
    assert len(heard) == len(ids)
    tick = encoder.ticks_per_quarter
    told = {(s.onset * tick, s.pitch, s.duration * tick) for s in heard if s is not None}
    notes = {(note.onset, note.pitch, note.duration) for note in score.notes}
    assert told <= notes if encoder.kind.endswith("+bpe") else told == notes


def every_law_on(encoder, score: Score, semitones: int) -> None:
    notation = encoder.write(score)
    ids = encoder.encode(notation).tolist()
    it_is_read_as_it_was_written(encoder, score, notation)
    its_notation_comes_back_from_its_ids(encoder, notation, ids)
    its_ids_are_allowed(encoder, ids)
    it_can_be_moved_and_moved_back(encoder, score, ids, semitones)
    its_soundings_are_its_notes(encoder, score, ids)


@laws
@given(data=st.data())
@pytest.mark.parametrize("name", MAKE)
def test_any_piece_keeps_every_law(name, data):
    every_law_on(made(name), piece(data, name), data.draw(st.integers(-6, 6)))


@pytest.mark.torture
@settings(max_examples=500, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("name", MAKE)
def test_hundreds_of_pieces_keep_every_law(name, data):
    every_law_on(made(name), piece(data, name), data.draw(st.integers(-6, 6)))


@quick
@given(data=st.data())
@pytest.mark.parametrize("name", MAKE)
def test_whatever_the_grammar_allowed_is_a_piece_that_can_be_written_and_read(name, data):
    encoder = made(name)
    ids = walk(data, name)
    score = encoder.read(encoder.decode(ids))
    assert isinstance(score, Score)
    if ids[-1] == encoder.end_id and name != "grid" and name != "grid+bpe":
        assert score.notes
    if name.startswith("grid") and score.notes:
        assert encoder.read(encoder.write(score)) == score


@quick
@given(data=st.data())
@pytest.mark.parametrize("name", MAKE)
def test_the_mask_and_the_refusal_agree_and_a_copy_goes_its_own_way(name, data):
    encoder = made(name)
    grammar = encoder.grammar()
    for id in walk(data, name):
        mask = grammar.allowed()
        assert mask.shape == (encoder.vocab_size,)
        assert mask.any()
        other = grammar.copy()
        if (~mask).any():
            wrong = int(data.draw(st.sampled_from(np.flatnonzero(~mask).tolist())))
            with pytest.raises(UserError):
                grammar.advance(wrong)
            assert (grammar.allowed() == mask).all()
        grammar.advance(id)
        assert (other.allowed() == mask).all()


@quick
@given(data=st.data())
@pytest.mark.parametrize("name", [name for name in MAKE if name.endswith("+bpe")])
def test_a_merged_id_is_allowed_when_its_words_are_one_after_another(name, data):
    encoder = made(name)
    grammar, base = encoder.grammar(), encoder.base.grammar()
    for id in walk(data, name, 8):
        mask = grammar.allowed()
        for merged in range(encoder.vocab_size - 1, 0, -5):
            assert mask[merged] == all_allowed(base, encoder.taken_apart([merged]).tolist())
        grammar.advance(id)
        for word in encoder.taken_apart([id]).tolist():
            base.advance(word)


def all_allowed(grammar, ids: list[int]) -> bool:
    ahead = grammar.copy()
    for id in ids:
        if not ahead.allowed()[id]:
            return False
        ahead.advance(id)
    return True


@quick
@given(data=st.data())
@pytest.mark.parametrize("name", MAKE)
def test_a_piece_that_is_cut_anywhere_is_still_read(name, data):
    encoder = made(name)
    whole = encoder.write(piece(data, name))
    words = whole.split()
    start, stop = sorted(data.draw(st.tuples(*[st.integers(0, len(words))] * 2)))
    cut = encoder.read(" ".join(words[start:stop]))
    pitches = {note.pitch for note in encoder.read(whole).notes}
    assert {note.pitch for note in cut.notes} <= pitches


def test_what_leaves_the_range_is_not_moved(encoder):
    pitch = 75 if encoder.kind.startswith("grid") else 85
    ids = encoder.encode(encoder.write(Score(4, (Part("Soprano"),), (Note(0, 0, pitch, 2),))))
    assert encoder.transposed(ids, 40) is None
    assert encoder.transposed(ids, 0).tolist() == ids.tolist()


@quick
@given(data=st.data())
@pytest.mark.parametrize("name", MAKE)
def test_soundings_are_told_of_any_ids(name, data):
    encoder = made(name)
    ids = data.draw(st.lists(st.integers(0, encoder.vocab_size - 1), max_size=60))
    heard = encoder.soundings(ids)
    assert len(heard) == len(ids)
    assert all(s is None or s.duration > 0 for s in heard)


@quick
@given(data=st.data())
@pytest.mark.parametrize("name", MAKE)
def test_two_pieces_in_one_stream_are_told_one_after_the_other(name, data):
    encoder = made(name)
    first, second = (encoder.encode(encoder.write(piece(data, name))) for _ in range(2))
    assume(len(second))
    ids = [*first.tolist(), encoder.end_id, *second.tolist()]
    heard = encoder.soundings(ids)
    ends = [s.onset for s in heard[: len(first)] if s]
    starts = [s.onset for s in heard[len(first) + 1 :] if s]
    assert max(ends, default=0) <= min(starts, default=0)
    moved = encoder.transposed(ids, 1)
    assert moved is not None
    assert (moved == encoder.end_id).sum() == 1


def test_the_end_stands_for_no_word(encoder):
    assert encoder.content(encoder.end_id) == b""
    assert encoder.decode([encoder.end_id]) == ""
    assert encoder.end_id == encoder.vocab_size - 1


def test_every_id_is_described_on_one_line_and_contents_differ(encoder):
    contents = {encoder.content(id) for id in range(encoder.vocab_size)}
    assert len(contents) == encoder.vocab_size
    for id in range(encoder.vocab_size):
        assert encoder.describe(id).printable.isprintable()


def test_a_word_that_is_none_is_refused_with_its_place(encoder):
    with pytest.raises(UserError, match="'nothing', met at line 2, column 3"):
        encoder.encode("\n  nothing")
    with pytest.raises(UserError, match="no such id"):
        encoder.decode([encoder.vocab_size])


def test_a_saved_encoder_is_the_same_again(encoder, tmp_path):
    encoder.save(tmp_path, context_length=64)
    again = load_music_encoder(tmp_path)
    assert type(again) is type(encoder)
    assert (again.kind, again.fingerprint) == (encoder.kind, encoder.fingerprint)
    assert (again.vocab_size, again.end_id) == (encoder.vocab_size, encoder.end_id)
    assert [again.content(id) for id in range(again.vocab_size)] == [
        encoder.content(id) for id in range(encoder.vocab_size)
    ]


def test_a_folder_without_a_music_encoder_gives_none(tmp_path):
    assert load_music_encoder(tmp_path) is None


def test_two_files_that_do_not_belong_together_are_refused(tmp_path):
    made("tsd").save(tmp_path)
    (tmp_path / "music.json").rename(tmp_path / "kept")
    made("remi").save(tmp_path)
    (tmp_path / "kept").rename(tmp_path / "music.json")
    with pytest.raises(UserError, match="two different encoders"):
        load_music_encoder(tmp_path)
    (tmp_path / "music.json").write_text('{"kind": "grid", "notation": 2, "ranges": 3}')
    with pytest.raises(UserError, match=r"cannot make an encoder of .*music\.json"):
        load_music_encoder(tmp_path)


def test_encoders_that_differ_have_different_fingerprints():
    others = [
        GridEncoder(steps_per_quarter=8),
        EventEncoder("remi"),
        EventEncoder("remi", longest=9),
    ]
    every = [made(name) for name in MAKE] + others
    assert len({encoder.fingerprint for encoder in every}) == len(every)
    assert EventEncoder("remi").fingerprint == EventEncoder("remi").fingerprint


@quick
@given(data=st.data())
@pytest.mark.parametrize("name", MAKE)
def test_the_saved_tokenizer_gives_the_same_ids(name, data, tmp_path_factory):
    encoder = made(name)
    folder = tmp_path_factory.mktemp("saved")
    encoder.save(folder)
    notation = encoder.write(piece(data, name))
    native = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert native.encode(notation).ids == encoder.encode(notation).tolist()


def test_transformers_gives_the_same_ids(encoder, tmp_path):
    transformers = pytest.importorskip("transformers")
    encoder.save(tmp_path)
    score = Score(4, PARTS, tuple(Note(2 * i, i % 2, 70 - i % 4, 2) for i in range(32)))
    if not encoder.kind.startswith("grid"):
        score = replace(score, parts=tuple(Part("", program) for program in (*PROGRAMS, 0)))
    notation = encoder.write(score)
    theirs = transformers.AutoTokenizer.from_pretrained(str(tmp_path))
    assert theirs(notation)["input_ids"] == encoder.encode(notation).tolist()
    assert theirs.eos_token_id == encoder.end_id
    assert theirs.vocab_size == encoder.vocab_size


def fakes(every: int) -> list[Score]:
    from naepo.encode.music.reading import read_score

    return [read_score(path) for path in FAKES[::every]]


def check_real(name: str, scores: list[Score]) -> None:
    """Fit a kind on real pieces and get every note, metre, tempo and key back."""
    base = name.removesuffix("+bpe")
    encoder = GridEncoder.fit(scores) if base == "grid" else EventEncoder.fit(base, scores)
    notations = [encoder.write(score) for score in scores]
    if name.endswith("+bpe"):
        encoder = MergedEncoder.train(encoder, notations, encoder.vocab_size + 200)
    for score, notation in zip(scores, notations, strict=True):
        back = encoder.read(encoder.decode(encoder.encode(notation)))
        exact = score.at_resolution(encoder.ticks_per_quarter)
        loud = [replace(note, velocity=80) for note in exact.notes]
        assert back.notes == (tuple(loud) if base == "grid" else exact.notes)
        assert len(back.parts) == len(score.parts)
        if base != "structured":
            assert (back.meters, back.keys, back.tempos) == (exact.meters, exact.keys, exact.tempos)


@pytest.mark.skipif(not FAKES, reason="needs js-fakes-midi (NAEPO_DATA)")
@pytest.mark.parametrize("name", MAKE)
def test_real_pieces_come_back(name):
    check_real(name, fakes(every=50))


@pytest.mark.slow
@pytest.mark.skipif(not FAKES, reason="needs js-fakes-midi (NAEPO_DATA)")
@pytest.mark.parametrize("name", MAKE)
def test_every_real_piece_comes_back(name):
    check_real(name, fakes(every=1))
