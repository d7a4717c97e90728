"""Tensors to bytes and back, and files from strangers."""

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from naepo.checkpoint.tensors import (
    NotFinite,
    n_bytes,
    read_tensors,
    refuse_non_finite,
    to_pieces,
)
from naepo.config import UserError

DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32]
DTYPES += [torch.int16, torch.int8, torch.uint8, torch.bool]


@pytest.fixture
def tensors() -> dict[str, torch.Tensor]:
    made = {f"of {dtype}": torch.arange(6).reshape(2, 3).to(dtype) for dtype in DTYPES}
    odd = {"scalar": torch.tensor(7), "empty": torch.zeros(0, 3), "turned": torch.rand(3, 5).T}
    return made | odd | {"every other": torch.arange(10)[::2], "가중치": torch.randn(4)}


def test_the_bytes_are_those_of_the_safetensors_library(tensors):
    ours = b"".join(to_pieces({name: tensors[name] for name in tensors if name != "가중치"}))
    straight = {name: t.contiguous() for name, t in tensors.items() if name != "가중치"}
    assert safetensors.torch.load(ours).keys() == straight.keys()
    theirs = safetensors.torch.save(straight, {"format": "pt"})
    length = int.from_bytes(theirs[:8], "little")
    assert json.loads(ours[8 : 8 + length]).keys() == json.loads(theirs[8 : 8 + length]).keys()
    assert len(ours) == len(theirs)


def test_what_is_read_is_what_was_written_bit_for_bit(tensors, tmp_path: Path):
    (tmp_path / "t").write_bytes(b"".join(to_pieces(tensors)))
    read = read_tensors(tmp_path / "t")
    assert read.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert read[name].dtype == tensor.dtype
        assert read[name].shape == tensor.shape
        assert torch.equal(read[name], tensor)


def test_no_tensors_are_a_file_too(tmp_path: Path):
    (tmp_path / "t").write_bytes(b"".join(to_pieces({})))
    assert read_tensors(tmp_path / "t") == {}


def test_what_was_read_outlives_its_file(tensors, tmp_path: Path):
    (tmp_path / "t").write_bytes(b"".join(to_pieces(tensors)))
    read = read_tensors(tmp_path / "t")
    (tmp_path / "t").write_bytes(b"")
    assert torch.equal(read["가중치"], tensors["가중치"])


def test_the_size_is_told_beforehand(tensors):
    header = next(iter(to_pieces(tensors)))
    assert n_bytes(tensors) == len(b"".join(to_pieces(tensors))) - len(header)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("dtype", DTYPES[:4])
def test_one_number_that_is_not_finite_is_found_and_named(value, dtype):
    tensors = {"good": torch.ones(3), "ids": torch.tensor([1]), "bad": torch.ones(3, 2).to(dtype)}
    refuse_non_finite(tensors, "here")
    tensors["bad"][1, 1] = value
    with pytest.raises(NotFinite, match=r"^bad holds NaN or infinity in 1 of 6 numbers \(here\)"):
        refuse_non_finite(tensors, "here")


def test_large_numbers_whose_sum_is_infinite_are_finite(tensors):
    refuse_non_finite({"large": torch.full((4,), 3e38)}, "here")
    refuse_non_finite({"half": torch.full((4,), 6e4, dtype=torch.float16)}, "here")


PAIR = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def file(header, data: bytes = b"\0" * 8, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


ATTACKS = {
    "nothing": b"",
    "half a length": b"\1\0",
    "header of 2^63 bytes": file({"a": PAIR}, length=2**63),
    "header of 50 MB": file({"a": PAIR}, length=50_000_000),
    "header longer than the file": file({"a": PAIR}, length=1_000),
    "no JSON": file(b"{a}"),
    "a list": file([]),
    "deep JSON": file(b'{"a":' + b"[" * 100_000),
    "overlap": file({"a": PAIR, "b": PAIR}),
    "hole": file({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}),
    "data cut short": file({"a": PAIR}, b"\0" * 4),
    "data left over": file({"a": PAIR}, b"\0" * 12),
    "unknown dtype": file({"a": {**PAIR, "dtype": "F33"}}),
    "shape overflow": file({"a": {**PAIR, "shape": [2**40, 2**40]}}),
    "shape larger than the data": file({"a": {**PAIR, "shape": [2**30]}}),
    "negative shape": file({"a": {**PAIR, "shape": [-2]}}),
    "offsets backwards": file({"a": {**PAIR, "data_offsets": [8, 0]}}),
    "more numbers than memory": file({"a": {**PAIR, "data_offsets": [0, 2**60]}}),
    "metadata that is no text": file({"__metadata__": {"x": 1}, "a": PAIR}),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_unsound_file_is_refused_before_memory_is_taken(name: str, tmp_path: Path):
    (tmp_path / "bad.safetensors").write_bytes(ATTACKS[name])
    with pytest.raises(UserError, match=r"not a sound safetensors file.*bad.safetensors"):
        read_tensors(tmp_path / "bad.safetensors")


def test_a_number_format_that_is_unknown_here_is_named(tmp_path: Path):
    header = {"a": {"dtype": "F8_E4M3", "shape": [8], "data_offsets": [0, 8]}}
    (tmp_path / "new.safetensors").write_bytes(file(header))
    with pytest.raises(UserError, match=r"a has the number format torch.float8_e4m3fn"):
        read_tensors(tmp_path / "new.safetensors")


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(UserError, match=r"no such file"):
        read_tensors(tmp_path / "none.safetensors")
