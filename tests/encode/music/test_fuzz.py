"""Whatever bytes come: a score, or a reason. Never a crash, a hang, or an error of ours."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.encode.music import reading
from naepo.encode.music.kept_scores import Failure
from naepo.encode.music.midi_writing import to_midi
from naepo.encode.music.musicxml_writing import to_musicxml
from naepo.encode.music.readers import Readers
from naepo.encode.music.score import Note, Part, Score
from tests.encode.music.pieces import chorales, scores

DATA = Path(os.environ.get("NAEPO_DATA", Path(__file__).parents[4] / "shared" / "data"))
FAKES = sorted((DATA / "music" / "js-fakes-midi").glob("*.mid"))
AIR = Score(4, (Part("A"), Part("B")), (Note(0, 0, 60, 4), Note(0, 1, 48, 8), Note(4, 0, 62, 4)))
CHANGES = st.lists(
    st.tuples(st.sampled_from("xid"), st.integers(0, 10_000), st.integers(0, 255)), max_size=8
)
"""Bytes to exchange, insert or delete, each at a place (counted round the end)."""


def damaged(content: bytes, changes: list[tuple[str, int, int]], length: int) -> bytes:
    raw = bytearray(content[: max(1, length)])
    for act, place, value in changes:
        place %= max(1, len(raw))
        if act == "x" and raw:
            raw[place] = value
        elif act == "i":
            raw.insert(place, value)
        elif raw:
            del raw[place]
    return bytes(raw)


@pytest.fixture(scope="module")
def readers():
    """A process apart, so that a crash of native code is seen, and is no end of the tests."""
    with Readers(1, seconds=20.0) as started:
        yield started


def survives(readers: Readers, format: str, content: bytes) -> None:
    began = time.monotonic()
    ticket = readers.hand_in(format, content)
    readers.wait_for(ticket)
    assert ticket.answer
    for found in ticket.answer:
        if isinstance(found, Failure):
            assert "crashed" not in found.reason
            assert "reader failed" not in found.reason
    assert time.monotonic() - began < 20


RANDOM = given(content=st.binary(max_size=400))
SETTINGS = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])


@RANDOM
@SETTINGS
def test_random_bytes_never_crash_the_reader_of_midi(readers, content):
    survives(readers, "midi", content)
    survives(readers, "midi", to_midi(AIR)[:14] + content)


@given(fields=scores(), changes=CHANGES, length=st.integers(0, 3000))
@SETTINGS
def test_damaged_midi_never_crashes_the_reader(readers, fields, changes, length):
    survives(readers, "midi", damaged(to_midi(Score(**fields)), changes, length))


@pytest.mark.skipif(not FAKES, reason="needs js-fakes-midi (NAEPO_DATA)")
@given(number=st.integers(0, 99), changes=CHANGES, length=st.integers(0, 3000))
@SETTINGS
def test_damaged_files_of_js_fakes_never_crash_the_reader(readers, number, changes, length):
    survives(readers, "midi", damaged(FAKES[number].read_bytes(), changes, length))


@given(fields=chorales(), changes=CHANGES, length=st.integers(0, 60_000))
@settings(max_examples=15)
def test_damaged_musicxml_is_read_or_refused(fields, changes, length):
    content = damaged(to_musicxml(Score(**fields)).encode(), changes, length)
    try:
        assert reading.parse(content, "musicxml").notes
    except UserError as error:
        assert error.message


TAGS = ("measure", "note", "backup", "chord", "divisions", "duration", "voice", "tie", "beats")


@given(st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS), st.booleans()), max_size=4))
@settings(max_examples=25)
def test_musicxml_with_tags_exchanged_is_read_or_refused(exchanges):
    text = to_musicxml(AIR)
    for old, new, first_only in exchanges:
        n = 2 if first_only else -1
        text = text.replace(f"<{old}>", f"<{new}>", n).replace(f"</{old}>", f"</{new}>", n)
    try:
        assert reading.parse(text.encode(), "musicxml").notes
    except UserError as error:
        assert error.message


@given(st.text("ABCdefgz,'[](){}|:!\"/<>0123456789-^_=&~ \nXTMLKVQ%", max_size=300))
@settings(max_examples=12)
def test_random_letters_never_hang_the_reader_of_abc(text):
    try:
        assert reading.parse(f"X:1\nK:C\n{text}".encode(), "abc").notes
    except UserError as error:
        assert error.message
