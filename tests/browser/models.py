"""Tiny models in folders, made from naepo itself: what the page is shown in its tests."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch

from naepo import checkpoint
from naepo.config import to_table, to_toml
from naepo.encode import BPEEncoder, ByteEncoder, Encoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.tokenizer_files import special_token
from naepo.model import LanguageModelSettings, ModelSettings, Network, PartSettings, build
from naepo.model.kinds import settings_of

KOREAN = (
    "나는 어제 학교에 가서 새로운 친구를 만났다. 오늘은 집에 있다.\n"
    "The cat sat on the mat. 고양이는 12월에 잔다!\n"
) * 40
HOSTILE = ("<img src=x onerror=alert(1)>", "</script>", "<b>bold</b>", "${alert(1)}", "&lt;")
"""Tokens that a page must show as they are, and never run."""
SIBLINGS = ("rnn", "mingru", "cnn")
STEPS = (0, 100, 200, 300)
"""Checkpoints that the run has kept."""
GPT2_PARTS: dict[str, Any] = {
    "norm": "layer",
    "norm_eps": 1e-5,
    "position": "learned",
    "mlp": "gelu",
    "has_qk_norm": False,
    "has_bias": True,
    "tie_weights": True,
}


def make_run(folder: Path) -> Path:
    """Write a run of a Qwen3 shape with grouped heads that read Korean: four checkpoints."""
    encoder = BPEEncoder.train([KOREAN], 320)
    settings = ModelSettings(
        vocab_size=encoder.vocab_size,
        context_length=64,
        d_model=32,
        n_layers=3,
        n_heads=4,
        n_kv_heads=2,
        d_head=8,
        d_ff=48,
    )
    model, moved = _random(settings, seed=1), _random(settings, seed=2)
    tables = {"about": {"budget": "300 steps"}, "model": to_table(settings)}
    for step in STEPS:
        share = step / STEPS[-1]
        between = _random(settings, seed=1)
        for weight, first, last in zip(
            between.parameters(), model.parameters(), moved.parameters(), strict=True
        ):
            weight.data = first.data + share * (0.5 * last.data - first.data * 0.2)
        metrics = {"nats_per_character": 3.0 - share, "nats_per_token": 4.0 - share}
        path = checkpoint.save(
            folder,
            step,
            model=between,
            encoder=encoder,
            settings=tables,
            metrics=metrics,
            state=None,
        )
        if step == STEPS[-1]:
            checkpoint.mark_best(folder, path)
    (folder / "naepo.toml").write_text(to_toml(tables), encoding="utf-8")
    rows = list(map(json.dumps, _metrics()))
    (folder / "metrics.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def make_gpt2(folder: Path) -> Path:
    """Write a GPT-2 with biases as others would: weights, config and tokenizer, no manifest."""
    encoder = BPEEncoder.train(["The cat sat on the mat because it was warm. " * 30], 300)
    settings = ModelSettings(
        vocab_size=encoder.vocab_size,
        context_length=48,
        d_model=24,
        n_layers=2,
        n_heads=3,
        n_kv_heads=3,
        d_head=8,
        d_ff=96,
        parts=PartSettings(**GPT2_PARTS),
    )
    own = checkpoint.save(
        folder.with_name(folder.name + "-own"),
        0,
        model=_random(settings, seed=3),
        encoder=encoder,
        settings={},
        metrics={},
        state=None,
    )
    folder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(own / name, folder / name)
    return folder


def make_hostile(folder: Path) -> Path:
    """Write a model whose vocabulary would like to be run, in a folder that would, too."""
    specification = ByteEncoder().specification
    first = len(specification["model"]["vocab"])
    specification["added_tokens"] += [
        special_token(first + n, text) | {"special": False} for n, text in enumerate(HOSTILE)
    ]
    encoder = BPEEncoder(specification)
    settings = ModelSettings(
        vocab_size=encoder.vocab_size,
        context_length=32,
        d_model=16,
        n_layers=1,
        n_heads=2,
        n_kv_heads=2,
        d_head=8,
        d_ff=24,
        parts=PartSettings(has_qk_norm=False),
    )
    checkpoint.save(
        folder,
        0,
        model=_random(settings, seed=4),
        encoder=encoder,
        settings={},
        metrics={},
        state=None,
    )
    return folder


def make_music(folder: Path) -> Path:
    """Write a model that reads four voices on a grid of eighths."""
    encoder = GridEncoder(
        steps_per_quarter=2,
        ranges=((67, 76), (60, 69), (55, 67), (45, 55)),
        keys=((0, "major"),),
        tempos=(80,),
        short_bars=(),
    )
    settings = ModelSettings(
        vocab_size=encoder.vocab_size,
        context_length=160,
        d_model=16,
        n_layers=2,
        n_heads=2,
        n_kv_heads=1,
        d_head=8,
        d_ff=24,
    )
    checkpoint.save(
        folder,
        0,
        model=_random(settings, seed=5),
        encoder=encoder,
        settings={},
        metrics={},
        state=None,
    )
    return folder


def make_sibling(folder: Path, kind: str) -> Path:
    """Write a sibling of the transformer that reads bytes."""
    encoder = ByteEncoder()
    sizes: dict[str, Any] = {
        "vocab_size": encoder.vocab_size,
        "context_length": 48,
        "d_model": 16,
        "n_layers": 2,
        "d_hidden": 12,
        "d_ff": 24,
    }
    checkpoint.save(
        folder,
        0,
        model=_random(settings_of(kind)(**sizes), seed=6),
        encoder=encoder,
        settings={},
        metrics={},
        state=None,
    )
    return folder


def encoder_of(folder: Path) -> Encoder:
    """Give the encoder of a folder."""
    return checkpoint.load(folder).encoder


def _random(settings: LanguageModelSettings, seed: int) -> Network:
    """Give a model in which no weight is zero and attention is far from even."""
    model = build(settings, seed=seed)
    draw = torch.Generator().manual_seed(seed)
    for weight in model.parameters():
        weight.data = weight + 0.3 * torch.randn(weight.shape, generator=draw)
    return model


def _metrics() -> list[dict[str, Any]]:
    """Give what a run of 300 steps would have written down."""
    rows: list[dict[str, Any]] = []
    for step in range(1, 301):
        row = {"kind": "step", "step": step, "loss": 4.0 - step / 300, "lr": 0.01}
        rows.append(row | {"grad_norm": 0.3 + 0.1 * (step % 7), "tokens": step * 64})
        if step % 100 == 0:
            nats = {"nats_per_token": 4.0 - step / 300, "nats_per_character": 3.0 - step / 300}
            rows.append({"kind": "validation", "step": step, **nats})
    return [*rows, {"kind": "sample", "step": 300, "text": "나는 어제 학교에 가서 친구를 만났다"}]
