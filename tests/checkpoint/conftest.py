"""A model, an encoder and a training state, all tiny and all of them random."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from naepo.checkpoint import TrainingState, save
from naepo.config import to_table
from naepo.encode import CharacterEncoder, Encoder
from naepo.model import ModelSettings, PartSettings, build

SIZES: dict[str, Any] = {"context_length": 16, "d_model": 8, "n_layers": 2}
SIZES |= {"n_heads": 2, "n_kv_heads": 1, "d_head": 4, "d_ff": 12}


def random_model(vocab_size: int, seed: int = 0, **parts: Any) -> nn.Module:
    """Give a tiny transformer in which no weight is zero."""
    sizes = SIZES | ({"n_kv_heads": 2} if parts.get("position") == "learned" else {})
    model = build(ModelSettings(vocab_size=vocab_size, **sizes, parts=PartSettings(**parts)))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator))
    return model


@pytest.fixture(autouse=True)
def disk_without_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the wait for the disk, which no test here can see; `tests/laws` keeps it in one."""
    monkeypatch.setattr(os, "fsync", lambda held: None)


@pytest.fixture
def make_model():
    """Give the function that makes a tiny model: `make_model(vocab_size, seed, mlp="relu2")`."""
    return random_model


@pytest.fixture
def encoder() -> Encoder:
    return CharacterEncoder.fit(["a tiny text, 내포\n"])


@pytest.fixture
def model(encoder: Encoder) -> nn.Module:
    return random_model(encoder.vocab_size)


@pytest.fixture
def state() -> TrainingState:
    tensors = {"moment.1": torch.randn(3, 4), "dice": torch.randint(0, 256, (16,)).byte()}
    numbers = {"position": 2**70, "loss": 0.1 + 0.2, "best": float("inf"), "who": {"a": [1, None]}}
    return TrainingState(tensors=tensors, numbers=numbers)


@pytest.fixture
def save_step(tmp_path: Path, model: nn.Module, encoder: Encoder, state: TrainingState):
    """Give a function that saves a step of the run `tmp_path / "run"`."""

    def save_it(step: int, run: Path | None = None, **changes: Any) -> Path:
        contents: dict[str, Any] = {"model": model, "encoder": encoder, "state": state}
        contents["settings"] = {"train": {"steps": 9, "seed": 1}, "model": to_table(model.settings)}
        contents["metrics"] = {"nats_per_token": 1.25, "step": step}
        return save(run or tmp_path / "run", step, **contents | changes)

    return save_it
