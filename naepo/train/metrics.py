"""What a run has measured: `metrics.jsonl`, one JSON object a line, and TensorBoard on request.

Rows, by `kind`: `step` (step, loss, lr, grad_norm, tokens, seconds, tokens_per_second),
`validation` (step, nats_per_token, nats_per_character, bits_per_byte, perplexity, seconds),
`sample` (step, text) and `note` (text). A figure that is not finite is written as null.
"""

import json
import math
import os
from pathlib import Path
from types import TracebackType
from typing import Any

from naepo.config import UserError

Row = dict[str, Any]


def read_metrics(path: Path) -> list[Row]:
    """Give the rows of a metrics file in order; none when there is no file.

    A torn last line, which a kill can leave, is passed over. Any other line that cannot be read
    becomes a note that says so.
    """
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]  # what follows the last line break is torn
    return [_parse(line, number) for number, line in enumerate(lines, 1) if line.strip()]


def _parse(line: bytes, number: int) -> Row:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if isinstance(row, dict) and isinstance(row.get("kind"), str):
        return row
    return {"kind": "note", "text": f"line {number} of metrics.jsonl could not be read"}


class MetricsLog:
    """Appends rows to a metrics file; each row is handed to the system as soon as it is known.

    tensorboard: a folder to mirror the rows into, for `tensorboard --logdir`; none for no mirror.

    Raises: UserError when the disk takes no more, or TensorBoard is asked for and not installed.
    """

    def __init__(self, path: Path, *, tensorboard: Path | None = None) -> None:
        self.path = path
        self._mirror = _Mirror(tensorboard) if tensorboard else None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._cut_torn_line()

    def __enter__(self) -> "MetricsLog":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def step(self, *, step: int, **figures: Any) -> None:
        """Write what one update of the weights measured."""
        self._write({"kind": "step", "step": step, **figures})

    def validation(self, *, step: int, **figures: Any) -> None:
        """Write one look at the whole validation split."""
        self._write({"kind": "validation", "step": step, **figures})

    def sample(self, *, step: int, text: str) -> None:
        """Write what the model wrote at a step."""
        self._write({"kind": "sample", "step": step, "text": text})

    def note(self, text: str) -> None:
        """Write a remark that a reader of the run should know."""
        self._write({"kind": "note", "text": text})

    def cut_after(self, step: int) -> None:
        """Drop the rows of later steps: a resumed run will write them again. Notes stay."""
        rows = read_metrics(self.path)
        kept = [row for row in rows if row.get("step", 0) <= step]
        if len(kept) == len(rows):
            return
        self._file.close()
        part = self.path.with_suffix(".jsonl.part")
        part.write_bytes(b"".join(_line(row) for row in kept))
        part.replace(self.path)
        self._file = self.path.open("ab", buffering=0)
        if self._mirror:
            self._mirror.drop_after = step

    def close(self) -> None:
        """Close the file and the mirror; closing twice does no harm."""
        self._file.close()
        if self._mirror:
            self._mirror.close()

    def _write(self, row: Row) -> None:
        size = os.fstat(self._file.fileno()).st_size
        left = memoryview(_line(row))
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            os.truncate(self.path, size)  # not half a line, which the next row would run into
            raise UserError(
                f"cannot write to {self.path}: {error.strerror}",
                hint=f"make room, then: naepo resume {self.path.parent}",
            ) from error
        if self._mirror:
            self._mirror.add(row)

    def _cut_torn_line(self) -> None:
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(self.path, whole)


def _line(row: Row) -> bytes:
    """Give one row as a line of strict JSON in UTF-8."""
    finite = {key: _finite(value) for key, value in row.items()}
    try:
        text = json.dumps(finite, ensure_ascii=False, allow_nan=False)
        return text.encode() + b"\n"
    except UnicodeEncodeError:  # lone surrogates, which JSON can only spell out
        return json.dumps(finite, allow_nan=False).encode() + b"\n"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


class _Mirror:
    """The same rows as TensorBoard events.

    drop_after: TensorBoard forgets what an interrupted run told it of later steps.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise UserError(
                "TensorBoard is not installed", hint='pip install "naepo[scale]"'
            ) from error
        self._open = SummaryWriter
        self._folder = folder
        self._writer: SummaryWriter | None = None
        self.drop_after: int | None = None

    def add(self, row: Row) -> None:
        if self._writer is None:
            purge_step = None if self.drop_after is None else self.drop_after + 1
            self._writer = self._open(str(self._folder), purge_step=purge_step)
        step = row.get("step", 0)
        for name, value in row.items():
            if name == "text":
                self._writer.add_text(row["kind"], value, step)
            elif isinstance(value, int | float) and name != "step":
                self._writer.add_scalar(f"{row['kind']}/{name}", value, step)

    def close(self) -> None:
        if self._writer:
            self._writer.close()
