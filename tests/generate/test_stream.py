"""What may be shown of a text that is not finished: whole characters, and no part of a stop."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.generate.stream import TextStream, first_stop, longest_beginning

TEXTS = ["내포", "한글", "日本", "🙂", "👩‍👧", "é", "a🙂b", "각", "naïve 글"]
STOPS = ["a", "\n", "END", "글", "aab", "\nUser:", "🙂"]

some_stops = st.lists(st.text("ab", min_size=1, max_size=4), max_size=3).map(tuple)
cut_points = st.lists(st.integers(0, 60), max_size=12)


def cut(content: bytes, at: list[int]) -> list[bytes]:
    borders = sorted({0, len(content), *(place for place in at if place < len(content))})
    return [content[a:b] for a, b in pairwise(borders)]


def all_cuts(content: bytes) -> list[list[bytes]]:
    """Every way to cut bytes into one, two or three parts."""
    places = range(1, len(content))
    return [cut(content, list(at)) for n in range(3) for at in combinations(places, n)]


def streamed(parts: list[bytes], stop: tuple[str, ...] = ()) -> str:
    stream = TextStream(stop)
    return "".join(map(stream.push, parts)) + stream.finish()


@pytest.mark.parametrize("text", TEXTS)
def test_every_split_of_a_text_gives_the_text(text):
    for parts in all_cuts(text.encode()):
        stream = TextStream()
        deltas = [*map(stream.push, parts), stream.finish()]
        assert "".join(deltas) == text
        assert not any("\ufffd" in delta for delta in deltas)


@pytest.mark.parametrize("text", TEXTS)
def test_a_character_is_given_with_its_last_byte_and_not_before(text):
    stream = TextStream()
    for character in text:
        *first, last = (bytes([byte]) for byte in character.encode())
        assert [stream.push(byte) for byte in first] == [""] * len(first)
        assert stream.push(last) == character
    assert stream.finish() == ""


@given(st.binary(max_size=40), cut_points)
def test_bytes_that_are_no_text_become_replacement_signs_as_in_one_piece(content, at):
    assert streamed(cut(content, at)) == content.decode("utf-8", "replace")


@given(st.text(max_size=20), cut_points)
def test_any_text_comes_through_any_split(text, at):
    content = text.encode("utf-8", "ignore")
    assert streamed(cut(content, at)) == content.decode()


def test_broken_bytes_are_replaced_as_soon_as_that_is_certain_and_not_before():
    stream = TextStream()
    assert stream.push(b"\xea\xb0") == ""  # may become 가
    assert stream.push(b"a") == "\ufffda"
    assert stream.push(b"\xff") == "\ufffd"


def test_a_character_that_a_limit_cut_in_two_is_dropped_but_one_that_ended_so_is_broken():
    half = "가".encode()[:2]
    cut_off, ended = TextStream(), TextStream()
    assert [cut_off.push(b"x" + half), cut_off.finish(is_cut=True)] == ["x", ""]
    assert [ended.push(b"x" + half), ended.finish()] == ["x", "\ufffd"]


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("before", ["", "x", "aa", "\nUs", "EN", "글이 🙃"])
def test_a_stop_string_is_found_at_every_split_point(stop, before):
    text = before + stop + "after"
    expected = text[: text.index(stop)]
    for parts in all_cuts(text.encode()):
        stream = TextStream((stop,))
        assert "".join(map(stream.push, parts)) == expected
        assert stream.is_done
        assert stream.finish() == ""


@given(st.text("abc", max_size=12), some_stops, cut_points)
def test_the_split_never_decides_what_is_given(text, stop, at):
    assert streamed(cut(text.encode(), at), stop) == streamed([text.encode()], stop)


@given(st.text("abc", max_size=12), some_stops)
def test_the_text_ends_before_the_stop_string_that_is_complete_first(text, stop):
    ends = [n for n in range(len(text) + 1) if text[:n].endswith(stop)] if stop else []
    if not ends:
        assert streamed([text.encode()], stop) == text
    else:
        longest = max(len(each) for each in stop if text[: ends[0]].endswith(each))
        assert streamed([text.encode()], stop) == text[: ends[0] - longest]


@given(st.text("abc", max_size=12), some_stops)
def test_no_more_is_held_back_than_could_begin_a_stop_string(text, stop):
    stream, given_out = TextStream(stop), ""
    for n, letter in enumerate(text, start=1):
        given_out += stream.push(letter.encode())
        if stream.is_done:
            break
        held = text[len(given_out) : n]
        assert given_out + held == text[:n]
        assert held == "" or any(each.startswith(held) and each != held for each in stop)
        assert not any(
            any(each.startswith(text[begin:n]) for each in stop) for begin in range(len(given_out))
        )


def test_a_text_that_only_looked_like_a_stop_string_is_given_whole():
    stream = TextStream(("\nUser:",))
    assert [stream.push(part.encode()) for part in ("a\nUse", "less", "\nUser")] == [
        "a",
        "\nUseless",
        "",
    ]
    assert stream.finish() == "\nUser"


def test_nothing_is_given_after_the_end():
    stream = TextStream(("b",))
    assert stream.push(b"abc") == "a"
    assert [stream.push(b"d"), stream.finish()] == ["", ""]


def test_a_replacement_sign_can_complete_a_stop_string_at_the_end():
    stream = TextStream(("x\ufffd",))
    assert [stream.push(b"ax\xea"), stream.finish()] == ["a", ""]


def test_an_empty_stop_string_is_refused():
    with pytest.raises(UserError, match="at least one character"):
        TextStream(("END", ""))


def test_of_stop_strings_with_one_end_the_longest_counts():
    assert first_stop("xabc", ("bc", "abc")) == 1
    assert first_stop("xyz", ("bc", "abc")) is None


def test_a_whole_stop_string_is_no_beginning():
    assert longest_beginning("ab", ("ab",)) == 0
    assert longest_beginning("aba", ("ab", "bax")) == 2
