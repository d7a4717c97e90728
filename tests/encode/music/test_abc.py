import pytest

from naepo.config import UserError
from naepo.encode.music.abc import as_written, read_abc, tunes
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


@pytest.mark.parametrize("raw", [b"no tune", b"X:1", b"X:1\nK:C\n"])
def test_what_is_no_tune_is_refused(tmp_path, raw):
    (tmp_path / "a.abc").write_bytes(raw)
    with pytest.raises(UserError, match=r"a\.abc"):
        read_score(tmp_path / "a.abc")
