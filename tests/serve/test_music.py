"""Of a music model the page is told notes; of a prompt, a score and a file to take along."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from naepo.encode import Encoder
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.events import EventEncoder
from naepo.encode.music.midi import read_midi
from naepo.serve import Library, create_app
from naepo.serve.notes import cadence, score_of
from naepo.serve.prompts import BARS, suggest
from naepo.serve.spelling import vocabulary_table
from naepo.train.metrics import MetricsLog
from tests.browser import models
from tests.serve.conftest import HOST, KEY, TOKEN

TEXT = "C5 G4 E4 C3 C5~ G4~ E4~ C3~ ' D5 . F4"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.make_music(tmp_path_factory.mktemp("serve") / "music")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> MusicEncoder:
    found = models.encoder_of(folder)
    assert isinstance(found, MusicEncoder)
    return found


@pytest.fixture
def music(folder: Path) -> Iterator[TestClient]:
    app = create_app(Library([folder]), TOKEN, [HOST])
    with TestClient(app, base_url=f"http://{HOST}", headers=KEY) as client:
        yield client


def post(music: TestClient, text: str) -> dict[str, Any]:
    answer = music.post("/look/run", json={"text": text})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_each_token_is_told_with_its_note(music, encoder):
    tokens = post(music, TEXT)["tokens"]
    assert [token["label"] for token in tokens] == TEXT.split()
    soundings = encoder.soundings(encoder.encode(TEXT).tolist())
    for token, sounding in zip(tokens, soundings, strict=True):
        note = sounding and {
            "onset": float(sounding.onset),
            "duration": float(sounding.duration),
            "pitch": sounding.pitch,
            "voice": sounding.part,
        }
        assert token["note"] == note
    assert tokens[8]["note"] is None and tokens[4]["note"] == tokens[0]["note"]


def test_the_vocabulary_tells_pitches(music, encoder):
    told = music.get("/look/vocabulary").json()
    assert len(told["notes"]) == len(told["labels"]) == encoder.vocab_size
    assert told["notes"][told["labels"].index("C5~")] == 72
    assert told["notes"][told["labels"].index("|")] is None
    assert not set(told["kinds"]) & set("1234")  # the place of a word tells its voice
    assert told["kinds"][told["labels"].index("|")] == "punctuation"
    assert music.get("/look/about").json()["models"][0]["encoder"]["unit"] == "event"


def test_notations_that_tell_pitches_in_words_have_pitches_too():
    remi = EventEncoder("remi")
    told = vocabulary_table(remi, remi.vocab_size)
    pitched = {told["labels"][id]: pitch for id, pitch in enumerate(told["notes"]) if pitch}
    assert pitched["Pitch_60"] == 60 and len(pitched) == 88


def test_of_text_nothing_is_told_of_notes(client, post_run):
    assert "note" not in post_run()["tokens"][0]
    assert "notes" not in client.get("/look/vocabulary").json()
    run = post_run()["run"]
    answer = client.get("/look/score", params={"run": run})
    assert answer.status_code == 400 and "text has no notes" in answer.json()["message"]


def test_the_prompt_is_a_midi_file_that_reads_as_the_same_notes(music, encoder):
    answer = music.get("/look/midi", params={"run": post(music, TEXT)["run"]})
    assert answer.headers["content-type"] == "audio/midi"
    read = read_midi(answer.content).at_resolution(2)
    notes = score_of(encoder, encoder.encode(TEXT).tolist()).notes
    assert [(n.onset, n.pitch, n.duration) for n in read.notes] == [
        (n.onset, n.pitch, n.duration) for n in notes
    ]


def test_the_score_is_engraved_whoever_asks(music):
    """Verovio knows its fonts only in the thread that has imported it, unless it is told."""
    run = post(music, TEXT)["run"]
    with ThreadPoolExecutor(2) as pool:
        asked = pool.map(lambda _: music.get("/look/score", params={"run": run}), range(4))
        answers = [answer.json() for answer in asked]
    assert all(answer["pages"][0].startswith("<svg") for answer in answers)
    assert all(answer == answers[0] for answer in answers)


def test_words_that_stand_where_they_cannot_are_engraved_for_all_that(encoder):
    """A model may have written them; their notes are there."""
    wrong = encoder.encode("| | C3 C5 C5~ 3/4 G4").tolist()
    score = score_of(encoder, wrong)
    heard = {(s.onset, s.duration, s.pitch) for s in encoder.soundings(wrong) if s}
    ticks = score.ticks_per_quarter
    assert {(n.onset / ticks, n.duration / ticks, n.pitch) for n in score.notes} == heard


def test_a_prompt_without_notes_says_so(music):
    answer = music.get("/look/score", params={"run": post(music, ". .")["run"]})
    assert answer.status_code == 400 and "no note" in answer.json()["message"]


def test_a_word_that_is_none_is_answered_with_its_place(music):
    answer = music.post("/look/run", json={"text": "C5 la"})
    assert answer.status_code == 400
    assert "'la', met at line 1, column 4" in answer.json()["message"]


def test_the_first_prompt_is_the_first_bars_of_the_newest_sample(tmp_path, encoder):
    bar = encoder.decode(encoder.encode("C5 G4 E4 C3 |"))
    with MetricsLog(tmp_path / "metrics.jsonl") as log:
        log.sample(step=1, text="D5 |\n")
        log.sample(step=2, text=bar * 5)
    assert suggest(tmp_path, encoder) == bar * BARS


def test_without_a_sample_the_first_prompt_is_a_cadence(tmp_path, encoder):
    text = suggest(tmp_path, encoder)
    assert text == cadence(encoder) and len(encoder.read(text).notes) == 16


@pytest.fixture(scope="session")
def korean(folders: list[Path]) -> Encoder:
    return models.encoder_of(folders[0])


def test_text_has_no_cadence(korean):
    assert cadence(korean) == ""
