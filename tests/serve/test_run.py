"""A prompt goes through the model once; what is told of it is what `look.trace` gives."""

import base64
import json
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import numpy as np
import pytest
import torch

from naepo.checkpoint import load
from naepo.look import Change, trace
from naepo.look.statistics import statistics
from tests.browser.models import HOSTILE

IS_JSON = {"Content-Type": "application/json"}
MIXED = "blocks.1.attention.mixed"


@pytest.fixture(scope="module")
def korean(folders):
    return load(folders[0])


def ids_of(loaded, text):
    return loaded.encoder.encode(text).tolist()


def test_every_op_is_told_with_shape_and_statistics_and_no_tensor(post_run, korean):
    run = post_run("나는 학교에")
    found = trace(korean.model, ids_of(korean, "나는 학교에"))
    assert [op["name"] for op in run["ops"]] == list(found)
    for op in run["ops"]:
        values = found[op["name"]]
        expected = {k: v if np.isfinite(v) else None for k, v in asdict(statistics(values)).items()}
        assert op == {"name": op["name"], "shape": list(values.shape)} | expected


def test_every_tensor_travels_as_the_bytes_of_the_trace(post_run, get_tensor, korean):
    run = post_run("나는 학교에")
    found = trace(korean.model, ids_of(korean, "나는 학교에"))
    for name in found:
        sent = get_tensor("/look/tensor", run=run["run"], name=name)
        assert sent.tobytes() == found[name].contiguous().numpy().astype("<f4").tobytes(), name
        assert sent.shape == tuple(found[name].shape)


def test_tokens_are_bytes_and_groups_are_whole_characters(post_run, korean):
    run = post_run("뷁 the")
    ids = ids_of(korean, "뷁 the")
    assert [token["id"] for token in run["tokens"]] == ids
    joined = b"".join(base64.b64decode(token["bytes"]) for token in run["tokens"])
    assert joined.decode() == "뷁 the" == "".join(group["text"] for group in run["groups"])
    assert run["groups"][0]["end"] > 1, "a rare syllable is several tokens"
    assert [group["start"] for group in run["groups"][1:]] == [g["end"] for g in run["groups"][:-1]]


def test_all_identities_hold_on_every_model(post_run, monkeypatch):
    monkeypatch.setattr("naepo.serve.routes.run.SLOW", 60.0)  # a busy machine is no slow model
    for model in ("0", "1", "2"):
        checks = post_run("the cat", model=model)["checks"]
        assert [check["name"] for check in checks] == [
            "stream_sum",
            "lens_last",
            "softmax_rows",
            "masked_zero",
            "fast_path",
        ]
        assert all(check["holds"] and check["error"] <= check["bound"] for check in checks)


def test_a_run_that_took_long_is_not_made_again_to_check_it(post_run, monkeypatch):
    from naepo.serve.routes import run

    monkeypatch.setattr(run, "SLOW", 0.0)
    assert "fast_path" not in [check["name"] for check in post_run("나는 집에")["checks"]]


def test_text_in_pieces_is_the_same_prompt_as_text_whole(post_run):
    whole, pieces = post_run("학교"), post_run(unicodedata.normalize("NFD", "학교"))
    assert whole["run"] == pieces["run"]
    assert pieces["text"] == "학교"


def test_no_text_is_the_end_token_alone(post_run, korean):
    run = post_run("")
    assert [token["id"] for token in run["tokens"]] == [korean.encoder.end_id]
    assert run["groups"][0]["kind"] == "special"


def test_of_a_text_that_is_too_long_the_end_is_read_and_the_rest_counted(post_run, korean):
    text = "나는 어제 학교에 가서 " * 30
    run, ids = post_run(text), ids_of(korean, text)
    assert [token["id"] for token in run["tokens"]] == ids[-64:]
    assert run["cut"] == len(ids) - 64


def test_ids_can_be_given_instead_of_a_text(client, post_run, korean):
    ids = ids_of(korean, "나는")
    given = client.post("/look/run", json={"ids": ids}).json()
    assert given["run"] == post_run("나는")["run"]
    assert given["text"] == "나는"


def test_each_checkpoint_is_run_on_its_own_weights(post_run, get_tensor, folders):
    for step in (0, 100, 300):
        run = post_run("나는", checkpoint=step)
        assert run["checkpoint"] == step
        loaded = load(folders[0], which=step)
        expected = trace(loaded.model, ids_of(loaded, "나는"))["logits"]
        sent = get_tensor("/look/tensor", run=run["run"], name="logits")
        np.testing.assert_array_equal(sent, expected.numpy())


def test_the_checkpoint_that_is_run_unless_another_is_named_is_the_best(post_run):
    assert post_run("나는")["checkpoint"] == 300
    assert post_run("나는")["run"] == post_run("나는", checkpoint=300)["run"]


CHANGES = [
    [{"op": MIXED, "head": 1}],
    [{"op": MIXED, "head": 1, "factor": 1.0}],
    [{"op": "blocks.0.mlp.activation", "unit": 3, "factor": 2.0}],
    [{"op": "blocks.0.residual_2", "position": 1}, {"op": MIXED, "head": 0, "factor": -1.0}],
]


@pytest.mark.parametrize("changes", CHANGES)
def test_changes_are_those_of_look(post_run, get_tensor, korean, changes):
    run = post_run("나는 학교에", changes=changes)
    made = [Change(**change) for change in changes]
    expected = trace(korean.model, ids_of(korean, "나는 학교에"), made)["logits"]
    sent = get_tensor("/look/tensor", run=run["run"], name="logits")
    np.testing.assert_array_equal(sent, expected.numpy())


def test_a_change_that_changes_nothing_leaves_the_logits_bit_equal(post_run, get_tensor):
    runs = [post_run("나는", changes=c) for c in ([], [{"op": MIXED, "factor": 1.0}])]
    assert runs[0]["run"] != runs[1]["run"]
    plain, same = (get_tensor("/look/tensor", run=run["run"], name="logits") for run in runs)
    assert plain.tobytes() == same.tobytes()


def test_a_patch_comes_from_another_prompt_on_the_same_model(post_run, get_tensor, korean):
    patch = {"text": "고양이는 12월에", "position": 1}
    change = {"op": "blocks.0.residual_2", "position": 2, "patch": patch}
    run = post_run("나는 학교에", changes=[change])
    source = trace(korean.model, ids_of(korean, "고양이는 12월에"))
    made = Change(op="blocks.0.residual_2", position=2, patch=source, patch_position=1)
    expected = trace(korean.model, ids_of(korean, "나는 학교에"), [made])["logits"]
    sent = get_tensor("/look/tensor", run=run["run"], name="logits")
    np.testing.assert_array_equal(sent, expected.numpy())


def test_patches_from_different_prompts_are_different_runs(post_run):
    def patched(text):
        patch = {"text": text, "position": 0}
        return post_run("나는", changes=[{"op": MIXED, "position": 0, "patch": patch}])["run"]

    assert len({patched("the cat"), patched("고양이"), post_run("나는")["run"]}) == 3
    assert patched("the cat") == patched("the cat")


REFUSED = {
    "an op that is misspelt": ({"changes": [{"op": "blocks.1.attention.mixd"}]}, "did you mean"),
    "a derived op": ({"changes": [{"op": "probabilities"}]}, "change logits"),
    "a head that is not there": ({"changes": [{"op": MIXED, "head": 9}]}, None),
    "an axis that the op has not": ({"changes": [{"op": "norm", "head": 0}]}, "heads"),
    "a patch of an op that is misspelt": (
        {"changes": [{"op": "blcks", "patch": {"text": "나"}}]},
        "did you mean",
    ),
    "a patch of another length": (
        {"changes": [{"op": "norm", "patch": {"text": "나는 어제 학교에"}}]},
        "position",
    ),
    "text and ids": ({"ids": [1]}, None),
    "an id that is not there": ({"text": None, "ids": [99_999]}, None),
    "no ids": ({"text": None, "ids": []}, None),
    "half a character": ({"text": "\ud800"}, "strictly"),
    "a key that is not known": ({"temperature": 1}, None),
    "a wrong type": ({"checkpoint": "last"}, None),
    "a factor that is no number": ({"changes": [{"op": MIXED, "factor": "NaN"}]}, None),
    "more changes than anyone makes": ({"changes": [{"op": MIXED}] * 65}, None),
    "a checkpoint that is not there": ({"checkpoint": 50}, "steps: 0, 100, 200, 300"),
}


@pytest.mark.parametrize(("body", "hint"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_run_is_told_in_words(client, body, hint):
    content = json.dumps({"text": "나는"} | body)
    answer = client.post("/look/run", content=content, headers=IS_JSON)
    assert answer.status_code == 400
    assert set(answer.json()) == {"message", "hint"}
    assert answer.json()["message"] and "Traceback" not in answer.text
    assert hint is None or hint in answer.json()["hint"]


def test_a_body_that_is_no_json_is_told_in_words(client):
    for body in (b"{", b"[]", b"\xff", b"", b"[" * 100_000):
        answer = client.post("/look/run", content=body, headers=IS_JSON)
        assert answer.status_code == 400
        assert answer.json()["message"]


def test_a_body_that_does_not_say_it_is_json_is_refused(client):
    """A form on another site can send text, but no JSON without asking first."""
    answer = client.post(
        "/look/run", content=b'{"text": "a"}', headers={"Content-Type": "text/plain"}
    )
    assert answer.status_code == 400


def test_a_model_that_is_not_there_is_not_found(client):
    answer = client.post("/look/run", json={"model": "7", "text": "a"})
    assert answer.status_code == 404
    assert answer.json()["hint"] == "one of: 0, 1, 2"


def test_a_hostile_vocabulary_travels_as_data_of_json_alone(client, post_run):
    text = "".join(HOSTILE)
    run = post_run(text, model="2")
    shown = [text.replace(" ", "␣") for text in HOSTILE]
    assert [token["label"] for token in run["tokens"]] == shown
    for path, query in (
        ("/look/about", {}),
        ("/look/vocabulary", {"model": "2"}),
        ("/look/lens", {"run": run["run"], "position": 0, "top": 261}),
    ):
        answer = client.get(path, params=query)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert set(shown) <= set(client.get("/look/vocabulary?model=2").json()["labels"])


def test_questions_at_once_are_answered_as_one_by_one(post_run, get_tensor, korean):
    texts = ["나는", "학교에 가서", "The cat sat", "고양이는 12월에 잔다"]
    asked = [(text, changes) for text in texts for changes in [[], *CHANGES[:1], *CHANGES[2:3]]]

    def ask(question):
        text, changes = question
        run = post_run(text, changes=changes)
        return get_tensor("/look/tensor", run=run["run"], name="logits")

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(ask, asked * 2))
    for (text, changes), sent in zip(asked * 2, answers, strict=True):
        made = [Change(**change) for change in changes]
        expected = trace(korean.model, ids_of(korean, text), made)["logits"]
        np.testing.assert_array_equal(sent, expected.numpy())
    assert not korean.model.training
    assert not torch.is_inference_mode_enabled()


def test_a_vocabulary_is_put_together_once_whoever_asks(client, monkeypatch):
    from naepo.serve.routes import run

    told = []
    real = run.vocabulary_table
    monkeypatch.setattr(run, "vocabulary_table", lambda *of: told.append(of) or real(*of))
    with ThreadPoolExecutor(3) as threads:
        first, *others = threads.map(lambda _: client.get("/look/vocabulary").content, range(3))
    assert others == [first, first]
    assert len(told) == 1


def test_nothing_is_run_beforehand_where_somebody_has_asked(library):
    from naepo.serve.routes.run import warm

    warm(library, is_asked=lambda: True)
    assert not library.runs()
    assert all(source.vocabulary for source in library.sources.values())
    warm(library)
    assert len(library.runs()) == len(library.sources)
