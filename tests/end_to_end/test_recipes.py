"""Every recipe that is shipped trains; a run with an n-gram prior resumes as if never stopped."""

import json
import math
from pathlib import Path

import pytest
import torch

from naepo import checkpoint
from naepo.config import recipe_names

SHAPE = [
    "--model.d-model", "16", "--model.n-layers", "1", "--model.n-heads", "2",
    "--model.n-kv-heads", "2", "--model.d-head", "8", "--model.d-ff", "32",
    "--model.context-length", "16", "--train.batch-size", "4",
]  # fmt: skip


def rows(folder: Path, kind: str) -> list[dict]:
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if row["kind"] == kind]


SLOW = ("prior",)


@pytest.mark.parametrize(
    "recipe",
    [pytest.param(r, marks=pytest.mark.slow) if r in SLOW else r for r in recipe_names()],
)
def test_every_recipe_trains(naepo, text, tmp_path, recipe):
    folder = tmp_path / "run"
    code, _, err = naepo("train", text, "--recipe", recipe, "--steps", 20, "--out", folder, *SHAPE)
    assert code == 0, err
    model = checkpoint.load(folder).model
    assert rows(folder, "step")[-1]["loss"] < math.log(model.settings.vocab_size)


@pytest.mark.slow
def test_a_run_with_a_prior_goes_on_bit_for_bit(naepo, text, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    asked = ["train", text, "--recipe", "prior", "--steps", 9, "--train.save-every", 4, *SHAPE]
    assert naepo(*asked, "--out", whole)[0] == 0
    assert naepo(*asked, "--out", parts)[0] == 0
    for late in (parts / "checkpoints").glob("*9"):
        late.rename(parts / "late")
    code, _, err = naepo("resume", parts)
    assert code == 0, err
    first, second = (checkpoint.load(run, which="last").model for run in (whole, parts))
    assert first.settings.parts.prior_order == 5
    ids = torch.arange(16)[None] % first.settings.vocab_size
    assert torch.equal(first(ids), second(ids))
    assert second.prior is not None
    assert second.prior.counts.levels[0].counts.sum() > 1000
