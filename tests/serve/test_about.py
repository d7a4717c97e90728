"""What the page is told first: the models, their checkpoints, and a prompt to begin with."""

import json
from pathlib import Path

import pytest

from naepo.checkpoint import load
from naepo.encode import ByteEncoder, CharacterEncoder
from naepo.look import layout
from naepo.serve.prompts import GREETINGS, suggest


@pytest.fixture
def told(client):
    return client.get("/look/about").json()


def test_every_model_that_was_named_is_told_in_order(told, folders):
    assert [model["name"] for model in told["models"]] == [str(folder) for folder in folders]
    assert [model["key"] for model in told["models"]] == ["0", "1", "2"]
    assert [model["kind"] for model in told["models"]] == ["naepo", "gpt2", "naepo"]


def test_a_run_tells_its_checkpoints_with_what_they_measured_and_which_is_best(told):
    checkpoints = told["models"][0]["checkpoints"]
    assert [each["step"] for each in checkpoints] == [0, 100, 200, 300]
    assert [each["is_best"] for each in checkpoints] == [False, False, False, True]
    assert checkpoints[1]["metrics"]["nats_per_token"] == pytest.approx(4 - 1 / 3)
    assert told["models"][0]["checkpoint"] == 300


def test_a_folder_of_others_has_one_checkpoint_and_says_that_it_is_not_verified(told):
    model = told["models"][1]
    assert model["checkpoints"] == [{"step": 0, "metrics": {}, "is_best": True}]
    assert "not verified" in model["notes"][0]


def test_the_road_is_that_of_look(told, folders):
    model = load(folders[0]).model
    ops = told["models"][0]["ops"]
    assert [op["name"] for op in ops] == [op.name for op in layout(model.settings)]
    to_q = next(op for op in ops if op["name"] == "blocks.1.attention.to_q")
    assert to_q["weights"] == ["blocks.1.attention.to_q.weight"]
    assert to_q["code"]["file"] == "naepo/model/attention.py"
    assert told["models"][0]["parameters"] == sum(p.numel() for p in model.parameters())
    assert told["models"][0]["settings"]["parts"]["norm"] == "rms"


def test_the_first_prompt_is_how_the_newest_sample_begins(told):
    assert told["models"][0]["prompt"] == "나는 어제 학교에 가서 친구를 만났다"


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (["An old one, long enough."], "An old one, long enough."),
        (
            ["An old one, long enough.", "\n\n  The newest line of all.\nMore."],
            "The newest line of all.",
        ),
        (
            ["short\nThis line is cut where a word of it ends, not within."],
            "This line is cut where a word of it",
        ),
        (["half a character \ufffd is here"], GREETINGS[1]),
        (["short"], GREETINGS[1]),
        ([], GREETINGS[1]),
    ],
)
def test_a_first_prompt_is_one_readable_line(tmp_path: Path, samples, expected):
    rows = [json.dumps({"kind": "sample", "step": n, "text": t}) for n, t in enumerate(samples)]
    (tmp_path / "metrics.jsonl").write_text("".join(row + "\n" for row in rows), encoding="utf-8")
    assert suggest(tmp_path, ByteEncoder()) == expected


def test_a_first_prompt_can_be_read_by_the_model(tmp_path: Path):
    assert suggest(tmp_path, CharacterEncoder.fit([GREETINGS[0]])) == GREETINGS[0]
    assert suggest(tmp_path, CharacterEncoder.fit([GREETINGS[1]])) == GREETINGS[1]
    assert suggest(tmp_path, CharacterEncoder.fit(["0123"])) == ""
