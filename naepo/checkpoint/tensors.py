"""Tensors <-> one safetensors file, written piece by piece and read without trust.

In: named tensors on any device. Out: bytes of the safetensors format, and tensors on the CPU.
Nothing in such a file can run code. One tensor at a time is copied, never the whole model.
"""

import json
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from naepo.config import UserError

LONGEST_HEADER = 8 << 20
"""Bytes. A header has about 100 for each tensor; the format itself allows 100 MB."""

_DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


class NotFinite(UserError):
    """A tensor holds NaN or infinity, which must not reach a checkpoint or come out of one."""


def n_bytes(tensors: Mapping[str, Tensor]) -> int:
    """Give the size of the tensors on disk, in bytes, without the header."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())


def refuse_non_finite(tensors: Mapping[str, Tensor], where: str) -> None:
    """Check that every number is finite. Raises: NotFinite, naming the first tensor that is not."""
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() or tensor.sum().isfinite():
            continue  # NaN and infinity pass into a sum; a sum may overflow without them
        n_bad = tensor.numel() - int(torch.isfinite(tensor).sum())
        if n_bad:
            raise NotFinite(
                f"{name} holds NaN or infinity in {n_bad:,} of {tensor.numel():,} numbers "
                f"({where})",
                hint="go on from the last checkpoint with a lower learning rate",
            )


def to_pieces(tensors: Mapping[str, Tensor]) -> Iterator[bytes | memoryview]:
    """Give the bytes of a safetensors file: header first, then one tensor after another."""
    names = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name in names:
        tensor, begin = tensors[name], end
        end += tensor.numel() * tensor.element_size()
        header[name] = {
            "dtype": _DTYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for name in names:
        yield _bytes_of(tensors[name])


def read_tensors(
    path: Path, only: Container[str] | None = None, *, is_copy: bool = True
) -> dict[str, Tensor]:
    """Read the tensors of a safetensors file into memory of their own, on the CPU.

    only: the names to read, where they are there; None for all.
    is_copy: whether they get memory of their own. Without it they are the file itself, mapped, and
    change with it: for what is copied at once.

    Raises: UserError when it is not a sound safetensors file.
    """
    with _Opened(path) as file:
        names: list[str] = file.keys()
        wanted = [name for name in names if only is None or name in only]
        tensors = {name: file.get_tensor(name) for name in wanted}
        if is_copy:
            tensors = {name: tensor.clone() for name, tensor in tensors.items()}
    for name, tensor in tensors.items():
        if tensor.dtype not in _DTYPES:
            raise UserError(
                f"{name} has the number format {tensor.dtype}, unknown here (in {path})"
            )
    return tensors


class _Opened:
    """A safetensors file, open; what the Rust reader raises leaves as a UserError.

    A panic in Rust is no `Exception`, so that a narrower net would miss it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Any:
        _check_header_length(self.path)
        try:
            self._file = safe_open(self.path, framework="pt", device="cpu")
            return self._file.__enter__()
        except BaseException as error:
            self._translate(error)
            raise

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self._file.__exit__(kind, error, trace)
        if error is not None:
            self._translate(error)

    def _translate(self, error: BaseException) -> None:
        if type(error).__name__ in {"SafetensorError", "PanicException"}:
            raise UserError(f"not a sound safetensors file: {error} (in {self.path})") from None


def _check_header_length(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
    except FileNotFoundError:
        raise UserError(f"no such file: {path}") from None
    if length > LONGEST_HEADER:
        raise UserError(
            f"not a sound safetensors file: its header claims {length:,} bytes, "
            f"at most {LONGEST_HEADER:,} are read (in {path})"
        )


def _bytes_of(tensor: Tensor) -> bytes | memoryview:
    if not tensor.numel():
        return b""
    flat = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    return flat.numpy().data
