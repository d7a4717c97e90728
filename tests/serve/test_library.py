"""Models and runs are kept within bounds; what had to go can be asked for again."""

import gc
import shutil
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import torch
from starlette.testclient import TestClient

from naepo.config import UserError
from naepo.serve import Library, create_app
from naepo.serve.paths import check_paths
from naepo.serve.prompts import Prompt, read_prompt
from tests.serve.conftest import HOST, KEY, TOKEN


def prompt_of(opened, text):
    return read_prompt(text, opened.checkpoint.encoder, 64, "NFC")


def test_a_checkpoint_is_opened_once_and_only_when_asked_for(folders):
    library = Library(folders)
    assert library.opened("0", 100) is library.opened("0", 100)
    assert library.opened("0") is library.opened("0", 300)
    assert library.source("1").first is None


def test_the_same_question_is_run_once(folders):
    library = Library(folders)
    opened = library.opened("0")
    first, again = (library.run(opened, prompt_of(opened, "나는")) for _ in range(2))
    assert first is again
    assert library.run(opened, prompt_of(opened, "너는")).id != first.id


def test_beyond_the_bound_the_run_that_was_used_least_recently_goes(folders):
    library = Library(folders)
    opened = library.opened("0")
    first, second, third = (Prompt("", (id, id), 0) for id in (65, 66, 67))
    size = library.run(opened, first).trace.n_bytes
    library = Library(folders, trace_bytes=int(2.5 * size))
    opened = library.opened("0")
    a, b = (library.run(opened, prompt).id for prompt in (first, second))
    library.kept(a)
    library.run(opened, third)
    library.kept(a)
    with pytest.raises(UserError, match="no longer kept"):
        library.kept(b)


def test_an_evicted_run_is_gone_for_the_page_and_comes_back_the_same(folders):
    app = create_app(Library(folders, trace_bytes=1), TOKEN, [HOST])
    client = TestClient(app, base_url=f"http://{HOST}", headers=KEY)
    first = client.post("/look/run", json={"text": "나는"}).json()
    client.post("/look/run", json={"text": "집에"})
    query = {"run": first["run"], "name": "logits"}
    assert client.get("/look/tensor", params=query).status_code == 410
    again = client.post("/look/run", json={"text": "나는"}).json()
    assert again | {"seconds": 0} == first | {"seconds": 0}
    assert client.get("/look/tensor", params=query).status_code == 200


def test_a_model_that_had_to_go_takes_its_runs_along_and_is_freed(folders):
    library = Library(folders, model_bytes=1)
    opened = library.opened("0", 100)
    run = library.run(opened, prompt_of(opened, "나는"))
    id, model = run.id, weakref.ref(opened.model)
    del opened, run
    library.opened("0", 200)
    gc.collect()
    assert model() is None
    with pytest.raises(UserError):
        library.kept(id)


def test_a_run_with_a_patch_does_not_keep_the_whole_other_run(client, library):
    patch = {"text": "고양이는 12월에 잔다", "position": 0}
    change = {"op": "blocks.0.residual_2", "position": 0, "patch": patch}
    run = client.post("/look/run", json={"text": "나는", "changes": [change]}).json()["run"]
    held = library.kept(run).trace.changes[0].patch
    assert list(held) == ["blocks.0.residual_2"]


def test_a_run_that_is_still_training_shows_the_checkpoints_it_has_now(folders, tmp_path):
    run = shutil.copytree(folders[0], tmp_path / "run")
    library = Library([run])
    library.open_all()
    steps = [each["step"] for each in library.source("0").checkpoints()]
    shutil.rmtree(run / "checkpoints" / "step-00000100")
    now = [each["step"] for each in library.source("0").checkpoints()]
    assert (steps, now) == ([0, 100, 200, 300], [0, 200, 300])
    with pytest.raises(UserError, match="no checkpoint of step 100"):
        library.opened("0", 100)


def test_one_checkpoint_of_a_run_is_a_model_of_its_own_with_the_story_of_the_run(folders):
    library = Library([folders[0] / "checkpoints" / "step-00000100"])
    library.open_all()
    (only,) = library.source("0").checkpoints()
    assert only["step"] == 100 == library.source("0").first
    assert only["metrics"]["nats_per_token"] == pytest.approx(4 - 1 / 3)
    assert library.source("0").run == folders[0]
    with pytest.raises(UserError, match="one checkpoint"):
        library.opened("0", 200)


def test_which_checkpoint_is_shown_first_can_be_said(folders):
    for which, step in (("best", 300), ("last", 300), ("100", 100)):
        library = Library(folders[:1], which=which)
        library.open_all()
        assert library.source("0").first == step


def test_a_damaged_checkpoint_is_told_at_once(folders, tmp_path):
    run = shutil.copytree(folders[0], tmp_path / "run")
    weights = run / "checkpoints" / "step-00000300" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8] + b"damaged!")
    said: list[str] = []
    library = Library([run], tell=said.append)
    library.open_all()
    assert library.source("0").first == 200, "the newest good one is taken instead"
    assert "model.safetensors has changed" in said[0]


def test_paths_that_are_no_folders_are_told_before_anything_is_opened(tmp_path):
    with pytest.raises(UserError, match="no model is named"):
        check_paths([])
    with pytest.raises(UserError, match="nowhere"):
        check_paths([tmp_path / "nowhere"])


def test_models_are_run_one_at_a_time(folders, monkeypatch):
    """Torch would share two cores between two forward passes, and both would be late."""
    library = Library(folders)
    opened, running, most = library.opened("0"), [], []

    def slow_trace(model, ids, changes):
        running.append(ids)
        time.sleep(0.02)
        most.append(len(running))
        running.pop()
        return real(model, ids, changes)

    from naepo.serve import library as module

    real = module.trace
    monkeypatch.setattr(module, "trace", slow_trace)
    prompts = [prompt_of(opened, text) for text in ("나", "는", "학", "교")]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda prompt: library.run(opened, prompt), prompts))
    assert most == [1, 1, 1, 1]


def test_a_tensor_is_sent_while_a_model_runs(client, library, post_run):
    run = post_run("나는")["run"]
    is_held, may_go = Event(), Event()

    def hold():
        with library.lock:
            is_held.set()
            may_go.wait(10)

    with ThreadPoolExecutor(1) as threads:
        threads.submit(hold)
        is_held.wait(10)
        answer = client.get("/look/tensor", params={"run": run, "name": "norm"})
        may_go.set()
    assert answer.status_code == 200


def test_what_goes_wrong_inside_is_not_told_to_the_page(client, library, monkeypatch, capsys):
    monkeypatch.setattr(library, "kept", lambda id: 1 / 0)
    answer = client.get("/look/tensor", params={"run": "a", "name": "b"})
    assert answer.status_code == 500
    assert set(answer.json()) == {"message", "hint"}
    assert "division" not in answer.text and "Traceback" not in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_model_in_double_precision_is_sent_in_single(folders):
    library = Library(folders[:1])
    library.opened("0").model.double()
    app = create_app(library, TOKEN, [HOST])
    client = TestClient(app, base_url=f"http://{HOST}", headers=KEY)
    run = client.post("/look/run", json={"text": "나는"}).json()
    answer = client.get("/look/tensor", params={"run": run["run"], "name": "norm"})
    expected = library.kept(run["run"]).trace["norm"]
    assert expected.dtype == torch.float64
    assert answer.content == expected.float().numpy().tobytes()
