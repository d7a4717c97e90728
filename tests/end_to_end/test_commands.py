"""Every verb, as a person types it; every mistake answered in words."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

SMALL_ENOUGH = ("--model.context-length", 16, "--train.batch-size", 4, "--encoder", "characters")


def test_a_run_folder_holds_settings_metrics_report_and_checkpoints(trained):
    names = {path.name for path in trained.iterdir()}
    assert {"naepo.toml", "metrics.jsonl", "report.html", "checkpoints"} <= names
    rows = [json.loads(line) for line in (trained / "metrics.jsonl").read_text().splitlines()]
    assert {"step", "validation", "sample"} <= {row["kind"] for row in rows}
    assert (
        "나는" in (trained / "report.html").read_text()
        or "diary" in (trained / "report.html").read_text()
    )


def test_evaluate_gives_the_loss_that_the_run_ended_with(naepo, trained):
    code, out, _ = naepo("evaluate", trained, "--checkpoint", "last", "--json")
    found = json.loads(out)
    rows = [json.loads(line) for line in (trained / "metrics.jsonl").read_text().splitlines()]
    last = [row for row in rows if row["kind"] == "validation"][-1]
    assert code == 0
    assert found["nats_per_token"] == pytest.approx(last["nats_per_token"], abs=1e-6)
    assert found["nats_per_character"] == found["nats_per_token"]
    assert found["floors"]["order_5"]["nats_per_character"] > 0
    assert found["beats_counting"] is False


def test_evaluate_scores_a_text_of_ones_own(naepo, trained, tmp_path):
    other = tmp_path / "held-out.txt"
    other.write_text("I went to school. 나는 학교에 갔다.", encoding="utf-8")
    code, out, _ = naepo("evaluate", trained, other, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["n_characters"] == len(other.read_text(encoding="utf-8"))


def test_evaluate_without_json_says_it_in_words(naepo, trained):
    code, out, _ = naepo("evaluate", trained)
    assert code == 0
    assert "nats per character" in out
    assert "does NOT beat counting" in out


def test_generate_writes_the_same_text_for_the_same_seed_and_without_the_cache(naepo, trained):
    asked = ("generate", trained, "--prompt", "나는", "--max-tokens", 40)
    code, first, _ = naepo(*asked, "--seed", 7)
    assert code == 0
    assert first.startswith("나는")
    assert naepo(*asked, "--seed", 7)[1] == first
    assert naepo(*asked, "--seed", 7, "--no-cache")[1] == first
    assert naepo(*asked, "--seed", 8)[1] != first


def test_generate_names_a_character_that_the_model_has_never_seen(naepo, trained):
    code, _, err = naepo("generate", trained, "--prompt", "Ω")
    assert code == 2
    assert "Ω" in err
    assert "Traceback" not in err


def test_describe_prints_every_linear_map_with_its_shape(naepo, trained):
    code, out, _ = naepo("describe", trained)
    assert code == 0
    for part in ("embedding", "to_q", "to_k", "to_v", "to_out", "gate", "up", "down", "output"):
        assert part in out


def test_data_lists_what_needs_no_download(naepo):
    code, out, _ = naepo("data")
    assert code == 0
    assert "python-docs" in out


def test_a_finished_plan_is_not_resumed_but_can_be_made_longer(naepo, trained):
    code, _, err = naepo("resume", trained)
    assert code == 2
    assert "--minutes" in err
    code, _, err = naepo("resume", trained, "--minutes", 0.002)
    assert code == 0, err
    rows = [json.loads(line) for line in (trained / "metrics.jsonl").read_text().splitlines()]
    assert max(row["step"] for row in rows if "step" in row) > 12


def test_a_run_is_repeated_from_its_own_settings(naepo, trained, tmp_path):
    again = tmp_path / "again"
    code, _, err = naepo("train", "--recipe", trained / "naepo.toml", "--out", again)
    assert code == 0, err
    weights = "checkpoints/step-00000012/model.safetensors"
    assert (again / weights).read_bytes() == (trained / weights).read_bytes()


def test_a_folder_that_holds_a_run_is_not_trained_over(naepo, trained, text):
    code, _, err = naepo("train", text, "--steps", 2, "--out", trained, *SMALL_ENOUGH)
    assert code == 2
    assert "already holds a run" in err
    assert f"naepo resume {trained}" in err


def test_what_is_kept_begins_with_the_first_weights(naepo, text, tmp_path):
    folder = tmp_path / "kept"
    code, _, err = naepo(
        "train", text, "--steps", 12, "--keep-every", 5, "--out", folder, *SMALL_ENOUGH
    )
    assert code == 0, err
    steps = {int(path.name.split("-")[1]) for path in (folder / "checkpoints").glob("step-*")}
    assert {0, 5, 10, 12} <= steps


def test_changed_text_is_noticed_when_a_run_is_resumed(naepo, text, tmp_path):
    trained = tmp_path / "run"
    assert naepo("train", text, "--steps", 2, "--out", trained, *SMALL_ENOUGH)[0] == 0
    text.write_text(text.read_text(encoding="utf-8").replace("어제", "오늘"), encoding="utf-8")
    code, _, err = naepo("resume", trained, "--minutes", 0.01)
    assert code == 2
    assert "changed" in err or "another encoder" in err


def test_text_from_a_pipe_is_trained_on_and_resumed(naepo, tmp_path, monkeypatch):
    folder = tmp_path / "piped"
    text = "나는 어제 학교에 갔다. I went to school.\n" * 60
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    small = [*SMALL_ENOUGH, "--model.d-model", 16, "--model.n-heads", 2, "--model.n-layers", 1]
    code, _, err = naepo("train", "-", "--steps", 4, "--out", folder, *small)
    assert code == 0, err
    assert naepo("resume", folder, "--minutes", 0.002)[0] == 0
    assert naepo("evaluate", folder)[0] == 0


def test_a_folder_in_which_nothing_was_saved_may_be_used_again(naepo, text, tmp_path):
    folder = tmp_path / "tried"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "metrics.jsonl").write_text('{"kind": "step", "step": 99}\n')
    code, _, err = naepo("train", text, "--steps", 2, "--out", folder, *SMALL_ENOUGH)
    assert code == 0, err
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert max(row["step"] for row in rows if "step" in row) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["trian"], "did you mean `train`?"),
        (["train"], "nothing to train on"),
        (["train", "no-such-file.txt"], "no-such-file.txt"),
        (["train", "python-docs", "--steps", "2", "--minutes", "1"], "exactly one"),
        (["train", "python-docs", "--minutes", "-1"], "must be above 0"),
        (["train", "python-docs", "--steps", "1", "--device", "tpux"], "no such device here: tpux"),
        (["train", "python-docs", "--recipe", "spede"], "no recipe is called `spede`"),
        (["generate", "no-such-run"], "no-such-run"),
        (["resume", "no-such-run"], "holds no run"),
    ],
)
def test_a_mistake_is_answered_in_words_with_a_hint_and_leaves_nothing(
    naepo, arguments, says, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    code, _, err = naepo(*arguments)
    assert code == 2
    assert says in err
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())


def test_a_mistyped_option_is_answered_with_the_nearest_one(naepo, capsys):
    with pytest.raises(SystemExit) as left:
        naepo("train", "python-docs", "--model.n-head", "4")
    assert left.value.code == 2
    assert "--model.n-heads" in capsys.readouterr().err


def test_help_and_version_need_no_torch():
    code = "import sys; from naepo import cli; cli.main(['--help']); cli.main(['--version']); "
    code += "sys.exit('torch' in sys.modules or 'numba' in sys.modules or 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "naepo train python-docs" in done.stdout


def test_music_is_drawn_more_freely_than_text_unless_told_how():
    from naepo.cli.generate import Generate, sampling_of

    plain, cold = Generate(run=Path("mine")), Generate(run=Path("mine"), temperature=0.0, top_p=1.0)
    text, music = sampling_of(plain, 0), sampling_of(plain, 0, is_music=True)
    assert (text.temperature, text.top_p) == (0.8, None)
    assert (music.temperature, music.top_p) == (1.0, 0.95)
    told = sampling_of(cold, 0, is_music=True)
    assert (told.temperature, told.top_p) == (0.0, 1.0)
