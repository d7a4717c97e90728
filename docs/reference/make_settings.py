"""Writes settings.md from the settings themselves: python docs/reference/make_settings.py"""

import dataclasses
import types
import typing
from pathlib import Path

from naepo.config import field_docs, field_types
from naepo.encode import DataSettings
from naepo.model import ModelSettings, PartSettings
from naepo.model.sibling_settings import (
    CnnSettings,
    MinGruSettings,
    RnnParts,
    RnnSettings,
    SiblingParts,
)
from naepo.train.settings import OptimizerSettings, ScheduleSettings, TrainSettings

TABLES = (
    ("data", DataSettings),
    ("model", ModelSettings),
    ("model.parts", PartSettings),
    ("model, of --model rnn", RnnSettings),
    ("model.parts, of --model rnn", RnnParts),
    ("model, of --model mingru", MinGruSettings),
    ("model, of --model cnn", CnnSettings),
    ("model.parts, of --model mingru and cnn", SiblingParts),
    ("train", TrainSettings),
    ("train.optimizer", OptimizerSettings),
    ("train.schedule", ScheduleSettings),
)

HEAD = """# Settings

Every setting, as a key of a recipe (`[model] d_model = 192`) and as a flag (`--model.d-model 192`).
What neither a recipe nor a flag says is decided by the plan (see [train](../guides/train.md)) or
has the default below. An unknown key is refused, with the nearest name.

This page is written by `python docs/reference/make_settings.py`.
"""


def page() -> str:
    """Give the whole page."""
    return HEAD + "".join(_table(name, cls) for name, cls in TABLES)


def _table(name: str, cls: type) -> str:
    about = (cls.__doc__ or "").strip()
    name, of, verb = name.partition(", of ")
    heading = f"[{name}]{of}`{verb}`" if verb else f"[{name}]"
    rows = [f"\n## {heading}\n\n{about}\n\n| key | type | default | |\n|---|---|---|---|\n"]
    for field in dataclasses.fields(cls):
        kind = field_types(cls)[field.name]
        if dataclasses.is_dataclass(kind):
            continue
        rows.append(
            f"| `{field.name}` | {_kind(kind)} | {_default(field)} | {_doc(cls, field.name)} |\n"
        )
    nested = [
        f.name
        for f in dataclasses.fields(cls)
        if dataclasses.is_dataclass(field_types(cls)[f.name])
    ]
    rows += [f"| `{inner}` | table | | see [{name}.{inner}] |\n" for inner in nested]
    return "".join(rows)


def _doc(cls: type, name: str) -> str:
    return " ".join(field_docs(cls)[name].split()).replace("|", "\\|")


def _kind(kind: object) -> str:
    if isinstance(kind, types.UnionType):
        return " or ".join(
            "off" if k is types.NoneType else _kind(k) for k in typing.get_args(kind)
        )
    if typing.get_origin(kind) is typing.Literal:
        return ", ".join(str(choice) for choice in typing.get_args(kind))
    if typing.get_origin(kind) is tuple:
        return "list of text"
    names = {int: "whole number", float: "number", str: "text", bool: "true, false"}
    return names.get(kind, str(kind))  # pyright: ignore[reportArgumentType, reportCallIssue]


def _default(field: dataclasses.Field) -> str:
    if field.default is dataclasses.MISSING:
        return ""
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return "off" if field.default is None else str(field.default)


if __name__ == "__main__":
    Path(__file__).with_name("settings.md").write_text(page(), encoding="utf-8")
