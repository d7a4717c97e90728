"""Printed pages: what is on them, and that they need nothing from elsewhere."""

import re
import sys
from xml.etree import ElementTree

import pytest

from naepo.config import UserError
from naepo.encode.music.score import Key, Meter, Note, Part, Score, Tempo
from naepo.render import engraving
from naepo.render.engraving import is_choir, readable, score_svg

pytest.importorskip("verovio")
VOICES = tuple(Part(name) for name in ("Soprano", "Alto", "Tenor", "Bass"))
CHORD = (72, 67, 60, 48)


def chorale(n_quarters: int = 8, title: str = "A chorale") -> Score:
    notes = tuple(
        Note(at, voice, pitch, 1) for at in range(n_quarters) for voice, pitch in enumerate(CHORD)
    )
    return Score(
        1, VOICES, notes,
        meters=(Meter(0, 4, 4),), keys=(Key(0, 1),), tempos=(Tempo(0, 96.0),), title=title,
    )  # fmt: skip


def drawn(svg: str, kind: str) -> int:
    """Count what verovio has drawn of a kind: note, staff, measure, tie, beam."""
    groups = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}g")
    return sum(kind in (group.get("class") or "").split() for group in groups)


def test_every_note_is_drawn_on_two_staves_in_bars_with_key_and_metre() -> None:
    (page,) = score_svg(chorale())
    assert drawn(page, "note") == 32
    assert drawn(page, "measure") == 2
    assert drawn(page, "staff") == 4
    assert drawn(page, "keySig") == 2
    assert drawn(page, "meterSig") == 2


def test_a_note_over_a_bar_line_is_two_notes_and_a_tie() -> None:
    score = Score(1, (Part(),), (Note(0, 0, 60, 3), Note(3, 0, 62, 2)), meters=(Meter(0, 4, 4),))
    (page,) = score_svg(score)
    assert (drawn(page, "note"), drawn(page, "tie")) == (3, 1)


def test_parts_that_are_no_choir_stand_on_a_staff_each() -> None:
    score = Score(
        1, (Part("Flute"), Part("Drums", is_drums=True)), (Note(0, 0, 72, 4), Note(0, 1, 38, 4))
    )
    (page,) = score_svg(score)
    assert (drawn(page, "staff"), drawn(page, "note")) == (2, 2)


def test_pages_stand_alone_their_only_addresses_are_names_and_their_fonts_are_inside() -> None:
    (page,) = score_svg(chorale())
    named = re.findall(r'xmlns(?::\w+)?="([^"]*)"', page)
    assert sorted(re.findall(r"https?://[^\"'\s<>)]+", page)) == sorted(named)
    assert all(target.startswith("data:") for target in re.findall(r"url\(([^)]*)", page))
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', page))
    assert "<script" not in page


def test_a_page_says_what_it_is_and_a_title_cannot_break_out() -> None:
    (page,) = score_svg(chorale(title='코랄 <b> & "x"'))
    root = ElementTree.fromstring(page)
    assert root.findtext("{http://www.w3.org/2000/svg}title") == '코랄 <b> & "x"'
    assert root.get("role") == "img"


def test_the_same_score_gives_the_same_pages_and_another_gives_others() -> None:
    first, again = score_svg(chorale(2)), score_svg(chorale(2))
    assert first == again
    assert first != score_svg(chorale(2).transposed(1))


def test_a_long_piece_goes_on_on_the_next_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engraving.OPTIONS, "pageHeight", 600)
    pages = score_svg(chorale(40))
    assert len(pages) > 1
    assert sum(drawn(page, "note") for page in pages) == 160


def test_a_piece_without_notes_is_an_empty_page() -> None:
    for score in (Score(4, (), ()), Score(4, (Part(),), ())):
        (page,) = score_svg(score)
        assert drawn(page, "note") == 0


def test_a_choir_is_four_single_voices_from_high_to_low() -> None:
    score = chorale()
    assert is_choir(score)
    assert not is_choir(Score(1, VOICES[:3], score.notes[:3]))
    upside_down = tuple(Note(0, part, pitch, 1) for part, pitch in enumerate(CHORD[::-1]))
    assert not is_choir(Score(1, VOICES, upside_down))
    assert not is_choir(Score(1, VOICES, (*score.notes, Note(0, 1, 65, 2))))
    assert not is_choir(Score(1, VOICES, score.notes[:1]))


def test_what_was_written_for_paper_is_left_as_it_is() -> None:
    written = Score(12, (Part(),), (Note(0, 0, 60, 4), Note(4, 0, 62, 4), Note(8, 0, 64, 4)))
    assert readable(written) == written.simplified()


def test_a_performance_is_rounded_to_sixteenths_or_to_the_triplets_it_is_played_in() -> None:
    straight = Score(480, (Part(),), tuple(Note(120 * at, 0, 60, 110) for at in range(8)))
    assert readable(straight).ticks_per_quarter == 4
    assert [note.duration for note in readable(straight).notes] == [1] * 8
    triplets = Score(480, (Part(),), tuple(Note(160 * at, 0, 60, 150) for at in range(9)))
    assert readable(triplets).ticks_per_quarter == 12
    assert [note.onset for note in readable(triplets).notes] == list(range(0, 36, 4))
    human = Score(480, (Part(),), tuple(Note(127 * at, 0, 60, 101) for at in range(9)))
    assert readable(human).ticks_per_quarter == 4


def test_a_piece_too_long_to_engrave_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engraving, "MAX_NOTES", 31)
    with pytest.raises(UserError, match="32 notes is too long to engrave"):
        score_svg(chorale())


def test_without_verovio_the_way_to_get_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "verovio", None)
    with pytest.raises(UserError, match="verovio is not installed") as refusal:
        score_svg(chorale())
    assert refusal.value.hint == 'pip install "naepo[music]"'
