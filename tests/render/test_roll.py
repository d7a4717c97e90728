"""The piano roll: what stands where, in both of its papers."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from naepo.config import UserError
from naepo.encode.music.score import Meter, Note, Part, Score
from naepo.render.picture import FONTS, Rectangle, Text, _font
from naepo.render.roll import COLOURS, SEMITONE, draw, roll_svg, write_roll_png

SVG = "{http://www.w3.org/2000/svg}"


def piece(*notes: Note, parts: int = 1, title: str = "A piece", meter: int = 4) -> Score:
    names = ("Soprano", "Alto", "Tenor", "Bass")[:parts]
    return Score(
        1, tuple(Part(name) for name in names), notes, meters=(Meter(0, meter, 4),), title=title
    )


def bars_of_notes(score: Score) -> list[Rectangle]:
    shapes = draw(score).shapes
    return [shape for shape in shapes if isinstance(shape, Rectangle) and shape.label]


def texts(score: Score) -> list[str]:
    return [shape.text for shape in draw(score).shapes if isinstance(shape, Text)]


def test_a_note_twice_as_long_is_twice_as_wide_and_an_octave_is_twelve_steps_higher() -> None:
    low, high = bars_of_notes(piece(Note(0, 0, 60, 1), Note(1, 0, 72, 2)))
    assert high.width + 1 == pytest.approx(2 * (low.width + 1))
    assert low.y - high.y == pytest.approx(12 * SEMITONE)
    assert high.x == pytest.approx(low.x + low.width + 1)


def test_a_repeated_note_is_two_bars_with_a_gap_and_a_held_one_is_one() -> None:
    first, second = bars_of_notes(piece(Note(0, 0, 60, 1), Note(1, 0, 60, 1)))
    assert first.x + first.width < second.x
    assert len(bars_of_notes(piece(Note(0, 0, 60, 2)))) == 1


def test_each_part_has_its_colour_and_its_name() -> None:
    score = piece(Note(0, 0, 72, 1), Note(0, 1, 60, 1), parts=2)
    assert [bar.colour for bar in bars_of_notes(score)] == list(COLOURS[:2])
    assert [bar.label for bar in bars_of_notes(score)] == ["Soprano: C5", "Alto: C4"]
    assert {"Soprano", "Alto"} <= set(texts(score))


def test_two_parts_on_one_pitch_are_both_seen() -> None:
    """The second covers the lower half of the first, for as long as both sound."""
    first, both, alone = bars_of_notes(piece(Note(0, 0, 60, 2), Note(0, 1, 60, 3), parts=2))
    assert both.height < first.height < 2 * both.height + 1
    assert both.y + both.height == first.y + first.height
    assert (both.width, alone.height) == (pytest.approx(first.width + 1), first.height)


def test_bars_are_numbered_from_one_and_an_upbeat_is_bar_zero() -> None:
    assert [text for text in texts(piece(Note(0, 0, 60, 12))) if text.isdigit()] == ["1", "2", "3"]
    upbeat = piece(Note(0, 0, 60, 9))
    upbeat = replace(upbeat, meters=(Meter(0, 1, 4), Meter(1, 4, 4)))
    assert [text for text in texts(upbeat) if text.isdigit()] == ["1", "2"]


def test_octaves_are_named_by_their_c() -> None:
    assert {"C4", "C5"} <= set(texts(piece(Note(0, 0, 60, 1), Note(0, 0, 72, 1))))


def test_a_long_piece_goes_on_in_rows_of_whole_bars_and_a_note_over_the_edge_is_in_both() -> None:
    score = piece(Note(0, 0, 60, 60), Note(60, 0, 62, 8), Note(68, 0, 64, 60))
    bars = bars_of_notes(score)
    assert len(bars) == 4
    before, after = bars[1:3]
    assert (before.label, after.label) == ("Soprano: D4", "Soprano: D4")
    assert after.y > before.y
    assert after.x < before.x


@pytest.mark.parametrize("n_quarters", [1, 1_000, 10_000])
def test_a_picture_stays_within_bounds_however_long_the_piece(n_quarters: int) -> None:
    picture = draw(piece(Note(0, 0, 60, 1), Note(n_quarters - 1, 0, 61, 1)))
    assert picture.width <= 1_200.5
    assert picture.height <= 6_000
    for bar in picture.shapes:
        if isinstance(bar, Rectangle):
            assert 0 <= bar.x <= bar.x + bar.width <= picture.width


def test_a_piece_without_notes_is_an_empty_roll() -> None:
    picture = draw(piece())
    assert bars_of_notes(piece()) == []
    assert picture.description == "No notes."


def test_the_svg_is_well_formed_tells_what_it_shows_and_names_no_address() -> None:
    score = piece(Note(0, 0, 60, 1), title='코랄 <script> & "x"\x00')
    svg = roll_svg(score)
    root = ElementTree.fromstring(svg)
    assert root.findtext(f"{SVG}title") == '코랄 <script> & "x"'
    assert root.findtext(f"{SVG}desc") == "1 notes in 1 parts and 1 bars, from C4 to C4."
    assert root.get("role") == "img"
    assert {element.tag for element in root.iter()} <= {
        SVG + tag for tag in ("svg", "title", "desc", "rect", "text")
    }
    assert svg.count("http") == 1


def test_the_png_shows_the_same_notes_at_the_same_places(tmp_path: Path) -> None:
    image_module = pytest.importorskip("PIL.Image")
    score = piece(Note(0, 0, 72, 1), Note(0, 1, 60, 2), parts=2, title="코랄")
    write_roll_png(score, tmp_path / "roll.png")
    picture = draw(score)
    with image_module.open(tmp_path / "roll.png") as image:
        assert image.size == (round(2 * picture.width), round(2 * picture.height))
        for bar in bars_of_notes(score):
            middle = round(2 * (bar.x + bar.width / 2)), round(2 * (bar.y + bar.height / 2))
            red, green, blue = image.getpixel(middle)
            assert f"#{red:02x}{green:02x}{blue:02x}" == bar.colour


def test_letters_with_accents_are_drawn_by_a_font_that_has_them() -> None:
    font = _font("Stück", 20)
    if Path(str(getattr(font, "path", ""))).name not in FONTS:
        pytest.skip("this system has none of the fonts")
    assert bytes(font.getmask("ü")) != bytes(font.getmask("\uffff"))


def test_a_png_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image")
    with pytest.raises(UserError, match="cannot write"):
        write_roll_png(piece(Note(0, 0, 60, 1)), tmp_path / "none" / "roll.png")
