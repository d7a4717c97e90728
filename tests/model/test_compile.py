"""The transformer compiles as one graph, when shapes are not being checked."""

import os
import shutil
import subprocess
import sys

import pytest

PROGRAM = """
import torch
from naepo.model import ModelSettings, PartSettings, build

parts = {
    "qwen3": PartSettings(),
    "gpt2": PartSettings(
        norm="layer", position="learned", mlp="gelu", has_qk_norm=False, has_bias=True
    ),
    "windowed": PartSettings(position="sinusoidal", mlp="relu2", window=3, tie_weights=True),
}[NAME]
model = build(ModelSettings(vocab_size=11, context_length=16, d_model=16, n_layers=2, n_heads=4,
                            n_kv_heads=2, d_head=8, d_ff=24, parts=parts))
for weight in model.parameters():
    weight.data = 0.3 * torch.randn(weight.shape)
ids = torch.arange(12).reshape(2, 6) % 11
compiled = torch.compile(model, fullgraph=True, backend=BACKEND)
expected, got = model(ids), compiled(ids)
torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)
wanted = torch.autograd.grad(expected.square().sum(), list(model.parameters()))
heard = torch.autograd.grad(got.square().sum(), list(model.parameters()))
torch.testing.assert_close(heard, wanted, rtol=1e-3, atol=1e-3)
if BACKEND != "inductor":
    with torch.autocast("cpu", torch.bfloat16):
        compiled(ids)
print("compiled")
"""
CASES = [("aot_eager", "qwen3"), ("aot_eager", "gpt2"), ("aot_eager", "windowed")]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("backend", "name"), [*CASES, ("inductor", "qwen3")])
def test_forward_and_backward_are_one_graph(backend, name, tmp_path):
    if backend == "inductor" and shutil.which("g++") is None and shutil.which("clang++") is None:
        pytest.skip("no C++ compiler here")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            PROGRAM.replace("BACKEND", repr(backend)).replace("NAME", repr(name)),
        ],
        env={**os.environ, "JAXTYPING_DISABLE": "1", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "compiled", done.stderr
