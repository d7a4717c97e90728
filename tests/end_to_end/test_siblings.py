"""The transformer's siblings through the command line: the same verbs, the same folder."""

import json
import tomllib

import pytest

SMALL = (
    "--model.d-model", 16, "--model.d-hidden", 12, "--model.d-ff", 24, "--model.n-layers", 2,
    "--model.context-length", 8, "--train.batch-size", 4, "--encoder", "characters",
)  # fmt: skip
KINDS = ["rnn", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("mingru", "cnn"))]


@pytest.mark.parametrize("kind", KINDS)
def test_a_sibling_is_trained_described_asked_scored_and_gone_on_with(naepo, text, kind):
    folder = text.parent / "sibling"
    code, _, err = naepo("train", text, "--model", kind, "--steps", 4, "--out", folder, *SMALL)
    assert code == 0, err
    settings = tomllib.loads((folder / "naepo.toml").read_text(encoding="utf-8"))
    assert settings["model"]["kind"] == kind
    code, out, _ = naepo("describe", folder)
    assert code == 0
    assert "of state, however much is read" in out
    asked = ("generate", folder, "--prompt", "나는", "--max-tokens", 40, "--seed", 7)
    code, written, _ = naepo(*asked)
    assert code == 0
    assert written.startswith("나는")
    assert naepo(*asked, "--no-cache")[1] == written
    code, out, _ = naepo("evaluate", folder, "--checkpoint", "last", "--json")
    assert code == 0
    assert json.loads(out)["nats_per_character"] > 0
    assert naepo("resume", folder, "--minutes", 0.001)[0] == 0


def test_a_kind_that_does_not_exist_and_a_size_of_another_kind_are_refused(naepo, text, capsys):
    with pytest.raises(SystemExit) as left:
        naepo("train", text, "--model", "rrn", "--steps", 2)
    assert left.value.code == 2
    assert "rnn" in capsys.readouterr().err
    with pytest.raises(SystemExit) as left:
        naepo("train", text, "--model", "cnn", "--model.n-heads", 2, "--steps", 2)
    assert left.value.code == 2


def test_the_help_of_a_kind_shows_its_own_sizes(naepo, capsys):
    for kind, has, has_not in (("cnn", "n-dilations", "n-heads"), ("rnn", "weight-drop", "kernel")):
        with pytest.raises(SystemExit):
            naepo("train", "--model", kind, "--help")
        told = capsys.readouterr().out
        assert f"--model.{has}" in told.replace("parts.", "")
        assert f"--model.{has_not}" not in told


def test_a_recipe_can_name_the_kind(naepo, text):
    recipe = text.parent / "mine.toml"
    recipe.write_text('[model]\nkind = "cnn"\nn_dilations = 2\n', encoding="utf-8")
    folder = text.parent / "by-recipe"
    flags = ("--recipe", recipe, "--model.kernel-size", 3, "--steps", 2, "--out", folder)
    code, _, err = naepo("train", text, *flags, *SMALL)
    assert code == 0, err
    model = tomllib.loads((folder / "naepo.toml").read_text(encoding="utf-8"))["model"]
    assert (model["kind"], model["n_dilations"], model["kernel_size"]) == ("cnn", 2, 3)
