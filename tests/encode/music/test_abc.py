import pytest

from naepo.config import UserError
from naepo.encode.music import abc
from naepo.encode.music.abc import as_written, read_abc, read_tune, tunes
from naepo.encode.music.abc_times import MARK
from naepo.encode.music.reading import read_score
from naepo.encode.music.score import Key, Meter, Score, Tempo

HEAD = "X:1\nT:Tune\nM:4/4\nL:1/4\nQ:1/4=96\nK:G\n"


def read(body: str) -> Score:
    return read_abc((HEAD + body).encode())


def rows(score: Score) -> list[tuple[int, int, int]]:
    return [(note.onset, note.duration, note.pitch) for note in score.notes]


def test_a_tune_is_read_as_it_is_written():
    score = read("GGA-A|B2 z2|\n")
    assert rows(score) == [(0, 1, 67), (1, 1, 67), (2, 2, 69), (4, 2, 71)]
    assert score.title == "Tune"
    assert (score.tempos, score.meters) == ((Tempo(0, 96.0),), (Meter(0, 4, 4),))
    assert score.keys == (Key(0, 1),)


def test_a_chord_is_struck_at_once_and_no_beat_is_louder():
    score = read("[GBd]G[GB]2|\n")
    assert [note.onset for note in score.notes] == [0, 0, 0, 1, 2, 2]
    assert len({note.velocity for note in score.notes}) == 1


def test_chord_names_grace_notes_and_directions_to_a_player_are_no_notes():
    score = read('%%MIDI chordattack 40\n"G7"{ga}G2 !fermata!B2|\n')
    assert rows(score) == [(0, 2, 67), (2, 2, 71)]


def test_triplets_are_exact_and_repeats_unfolded():
    score = read("(3GAB c|:d2:|\n")
    assert score.ticks_per_quarter == 3
    assert [note.onset for note in score.notes] == [0, 2, 4, 6, 9, 15]


def test_voices_are_parts():
    score = read("V:1\nGABc|\nV:2\nG,4|\n")
    assert [(note.onset, note.part, note.pitch) for note in score.notes] == [
        (0, 0, 67), (0, 1, 55), (1, 0, 69), (2, 0, 71), (3, 0, 72),
    ]  # fmt: skip
    assert len({note.velocity for note in score.notes}) == 1


PLAIN = [(0, 1, 67), (1, 1, 69), (2, 2, 71)]


@pytest.mark.parametrize(
    "body",
    [
        "TGA!trill!B2|",
        "G~A~B2|",
        ".G.A .B2|",
        "RG+roll+A!breath!B2|",
        "U: n = !trill!\nnGA nB2|",
        "[I:MIDI beat 127 1 1 4]GA B2|",
    ],
)
def test_ornaments_and_short_notes_are_not_played(body):
    score = read(body + "\n")
    assert rows(score) == PLAIN
    assert [note.velocity for note in score.notes] == [n.velocity for n in read("GAB2|\n").notes]


def test_a_hornpipe_is_not_swung():
    before = HEAD.replace("K:", "R: Hornpipe\nK:")
    for tune in (before, HEAD + "R:hornpipe\n", HEAD + "[R:hornpipe]"):
        score = read_abc((tune + "G/A/B/c/ d2|\n").encode())
        assert rows(score) == [(0, 1, 67), (1, 1, 69), (2, 1, 71), (3, 1, 72), (4, 4, 74)]


def test_only_signs_in_lines_of_notes_are_taken_away():
    written = 'T:R. T~.\n"T.R~"G[T:~.]A[M:3/4] "^.T"B2 % T.\nw: T. ~R a\nV:T.R\n.G|\n'
    assert as_written(written.encode()).decode() == written.replace("\n.G|", "\nG|")
    assert as_written(b"!invertedturn!G+roll+A!lowermordent!B!trill)!c") == b"GABc"
    assert as_written(b"!f!G!D.C.!.e:|\ne:|T\n") == b"!f!G!D.C.!e:|\ne:|\n"


def test_a_voice_that_begins_within_a_line_has_no_louder_beats_either():
    for body in ("[V:1]GABc|\n[V:2]G,A,B,C|\n", "[V:1] GABc|[V:2] G,A,B,C|\n"):
        score = read(body)
        assert [note.pitch for note in score.notes if note.part == 1] == [55, 57, 59, 60]
        assert len({note.velocity for note in score.notes}) == 1


def test_a_book_is_divided_into_its_tunes_and_what_stands_before_is_for_all():
    found = tunes(b"M:3/4\r\n\r\nX:1\r\nK:C\r\nC3|\r\n\r\nX:2\r\nK:D\r\nD3|\r\n")
    assert [tune.count(b"X:") for tune in found] == [1, 1]
    assert all(tune.startswith(b"M:3/4") for tune in found)


WALTZ = "X:1\nT:S\nM:3/4\nL:1/8\nK:G\n"
SUNG = "d2|g2a2b2|c6|g2a2b2|c4||\n"


def waltz(body: str, head: str = WALTZ) -> Score:
    return read_abc((head + body).encode())


def test_signs_of_a_tune_with_words_stand_where_they_do_without():
    words = "w: la la la la la la\n"
    score = waltz(SUNG + words)
    assert score == waltz(SUNG)
    assert (score.tempos, score.keys) == ((Tempo(0, 120.0),), (Key(0, 1),))
    assert score.ticks_per_quarter == 1
    later = "g2a2b2|[Q:1/4=90]c6|[M:4/4][K:C]g4 [Q:1/4=60]a4|\n"
    score = waltz(later + words)
    assert score == waltz(later)
    assert score.tempos == (Tempo(0, 120.0), Tempo(3, 90.0), Tempo(8, 60.0))
    assert score.meters == (Meter(0, 3, 4), Meter(6, 4, 4))
    assert score.keys == (Key(0, 1), Key(6, 0))


def test_a_tempo_after_a_rest_and_one_among_odd_times_stand_in_time():
    assert waltz("g4 z2|[Q:1/4=90]z2 g4|\n").tempos[1] == Tempo(3, 90.0)
    sevens = waltz("(7:4:7 gabgabg z2|[Q:1/4=90]z2 g4|\n")
    assert sevens.tempos[1] == Tempo(3 * sevens.ticks_per_quarter, 90.0)


def test_an_upbeat_is_a_metre_of_its_length_as_in_musicxml():
    assert waltz(SUNG).meters == (Meter(0, 1, 4), Meter(1, 3, 4))


@pytest.mark.parametrize(
    "begin",
    ["|:d2|", "||z2||", "z d|:", "(3ddd::", "{ga}[df]2[|", "d2-|", '"A|B"!fine!d2|', "[K:D]d2|1",
     "[V:1]d>d|", "+segno+|:d2:|", "% a | b\nd2|", "w: d|\nd2|", "[r: d|]d2|", "(d2|", "d2\n|"],
)  # fmt: skip
def test_an_upbeat_is_measured_whatever_stands_in_it_and_whatever_ends_it(begin):
    score = waltz(begin + "d2a2b2|c6:|\n")
    assert score.meters == (Meter(0, 1, 4), Meter(score.ticks_per_quarter, 3, 4))


@pytest.mark.parametrize(
    ("body", "head"),
    [
        ("g2a2b2|c6|g2a2b2|c4||\n", WALTZ),
        ("|g2a2b2|c6|\n", WALTZ),
        ("g2a2b2c2|c6|\n", WALTZ),
        ("g2|]\n", WALTZ),
        ("g2a2b2c6\n", WALTZ),
        ("d2|g2a2b2|\n", WALTZ.replace("3/4", "none")),
        ("d2|g2a2b2|\n", WALTZ.replace("M:3/4\n", "")),
        ("P:A\nd2|\nP:B\ng2a2b2|c6|\n", WALTZ.replace("K:", "P:BA\nK:")),
    ],
)
def test_a_tune_without_an_upbeat_or_with_a_doubtful_one_gets_none(body, head):
    assert len(waltz(body, head).meters) == 1


def test_an_upbeat_of_a_length_that_no_metre_has_is_none():
    assert waltz("(3dd|d g2a2b2|\n").meters == (Meter(0, 3, 4),)


def test_a_metre_that_enters_after_the_upbeat_stays():
    meters = waltz("d2|[M:4/4]g2a2b2c2|c8|\n").meters
    assert meters == (Meter(0, 1, 4), Meter(1, 4, 4))
    meters = waltz("M:2/4\nd|g2a2|c4|\n", WALTZ.replace("3/4", "none")).meters
    assert meters == (Meter(0, 1, 8), Meter(1, 2, 4))


def test_an_upbeat_of_voices_and_one_of_a_transposed_tune_are_measured():
    voices = "V:1\nd2|g2a2b2|c6|\nV:2\nz2|G6|G6|\n"
    assert waltz(voices).meters == (Meter(0, 1, 4), Meter(1, 3, 4))
    head = WALTZ.replace("K:G", "K:G octave=-1")
    assert waltz(SUNG, head).meters == (Meter(0, 1, 4), Meter(1, 3, 4))


def test_each_tune_of_a_book_has_its_own_upbeat():
    book = (WALTZ + SUNG + "\n" + WALTZ.replace("X:1", "X:2") + "g2a2b2|c6|\n").encode()
    assert [len(read_tune(tune).meters) for tune in tunes(book)] == [2, 1]


def test_a_tune_that_cannot_be_read_with_a_mark_has_no_upbeat(monkeypatch):
    convert = abc._converted

    def fail_with_mark(tune: bytes) -> bytes:
        if MARK in tune:
            raise UserError("abc2midi was not done with it")
        return convert(tune)

    monkeypatch.setattr(abc, "_converted", fail_with_mark)
    assert waltz(SUNG).meters == (Meter(0, 3, 4),)


def test_da_capo_and_dal_segno_are_not_followed():
    score = read("GABc|!fine!!segno!d4|GABc|d4!D.C.!|]\n")
    assert score.notes == read("GABc|d4|GABc|d4|]\n").notes


@pytest.mark.parametrize("raw", [b"no tune", b"X:1", b"X:1\nK:C\n"])
def test_what_is_no_tune_is_refused(tmp_path, raw):
    (tmp_path / "a.abc").write_bytes(raw)
    with pytest.raises(UserError, match=r"a\.abc"):
        read_score(tmp_path / "a.abc")
