"""Settings (TOML recipe -> frozen dataclasses -> override) and the errors a person can fix.

In: TOML files and tables. Out: dataclasses that know their own rules. It never guesses: an unknown
key, a wrong type or a broken rule is answered with a `UserError` that names the place and a way on.
"""

import ast
import dataclasses
import difflib
import inspect
import textwrap
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

Settings = TypeVar("Settings")
Table = Mapping[str, Any]

RECIPES = Path(__file__).parent / "recipes"


class UserError(ValueError):
    """Something the person at the keyboard can fix: shown without a traceback, exit code 2.

    message: what is wrong: got X, expected Y (in file, field).  hint: what to type or change.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n  hint: {self.hint}"


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """Give the choice that looks most like `name`, or None when none does.

    >>> nearest("step", ["steps", "seed"])
    'steps'
    """
    found = difflib.get_close_matches(name, list(choices), n=1, cutoff=0.5)
    return found[0] if found else None


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """Give a hint line for a mistyped name: the nearest choice, or all of them.

    >>> did_you_mean("spede", ["speed", "gpt2"])
    'did you mean `speed`?'
    """
    known = sorted(choices)
    near = nearest(name, known)
    return f"did you mean `{near}`?" if near else "one of: " + ", ".join(known)


def check_seed(seed: int, name: str = "seed") -> None:
    """Check that a seed is one that torch takes. Raises: UserError.

    >>> check_seed(0)
    """
    if not 0 <= seed < 2**63:
        raise UserError(f"{name} must be from 0 to 2^63 - 1, got {seed}", hint=f"{name} 0")


def recipe_names() -> list[str]:
    """List the recipes shipped with naepo, by name."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def read_recipe(name_or_path: str) -> tuple[dict[str, Any], str]:
    """Read a recipe by its shipped name (`speed`) or by a path; give its tables and where it lies.

    Raises: UserError when there is no such recipe, or the file is not TOML.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = RECIPES / f"{name_or_path}.toml"
        if not path.is_file():
            raise UserError(
                f"no recipe is called `{name_or_path}`",
                hint=did_you_mean(name_or_path, recipe_names())
                + " (or give a path that ends in .toml)",
            )
    return read_toml(path), str(name_or_path)


def read_toml(path: Path) -> dict[str, Any]:
    """Read one TOML file into tables.

    Raises: UserError when the file is missing or not TOML, with the line that is wrong.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"no such file: {path}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"not a TOML file: {error} (in {path})") from None


def from_table(cls: type[Settings], table: Table, source: str, section: str = "") -> Settings:
    """Build the settings dataclass `cls` from a table, and refuse what it does not know.

    Nested dataclasses are read from nested tables; a field left out keeps its default.
    source: the file, for messages.  section: the table's dotted name, for messages.

    Raises: UserError for an unknown key, a missing key, a wrong type, or a broken rule.
    """
    kinds = field_types(cls)
    place = f"{source} [{section}]" if section else source
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in kinds:
            raise UserError(f"unknown key `{key}` in {place}", hint=did_you_mean(key, kinds))
        name = f"{section}.{key}" if section else key
        values[key] = _convert(value, kinds[key], source, name)
    missing = [f.name for f in _fields(cls) if _is_required(f) and f.name not in values]
    if missing:
        raise UserError(f"missing key `{missing[0]}` in {place}")
    try:
        return cls(**values)
    except UserError as error:
        raise UserError(f"{error.message} ({place})", hint=error.hint) from None


def to_table(settings: object) -> dict[str, Any]:
    """Turn a settings dataclass into nested tables; None, which TOML cannot say, is left out."""
    table: dict[str, Any] = {}
    for field in dataclasses.fields(settings):  # pyright: ignore[reportArgumentType]
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            table[field.name] = to_table(value)
        elif value is not None:
            table[field.name] = list(value) if isinstance(value, tuple) else value
    return table


def to_toml(table: Table, section: str = "") -> str:
    """Write tables as TOML text: plain values first, nested tables after.

    >>> print(to_toml({"seed": 7, "model": {"d_model": 128, "mlp": "swiglu"}}), end="")
    seed = 7
    <BLANKLINE>
    [model]
    d_model = 128
    mlp = "swiglu"
    """
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    nested = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lines = [f"{key} = {_toml_value(value)}\n" for key, value in plain.items()]
    if section and (lines or not nested):
        lines.insert(0, f"[{section}]\n")
    text = "".join(lines)
    for key, value in nested.items():
        inner = to_toml(value, f"{section}.{key}" if section else key)
        text += ("\n" if text else "") + inner
    return text


def merge(base: Table, over: Table) -> dict[str, Any]:
    """Lay one table over another, table by table; None in `over` leaves the base as it was.

    >>> merge({"model": {"d_model": 64, "n_layers": 2}}, {"model": {"n_layers": 4}, "seed": None})
    {'model': {'d_model': 64, 'n_layers': 4}}
    """
    merged = dict(base)
    for key, value in over.items():
        if isinstance(value, Mapping):
            inner = merge(merged.get(key) or {}, value)
            if inner:
                merged[key] = inner
        elif value is not None:
            merged[key] = value
    return merged


@cache
def overrides_of(cls: type) -> type:
    """Make the dataclass of command-line overrides for `cls`: the same fields, each one optional.

    None means "not said", so that only what a person typed is laid over the recipe. The help text
    of each field is the docstring under it in `cls`.
    """
    from tyro.conf import arg

    helps = field_docs(cls)
    made: list[Any] = []
    for name, kind in field_types(cls).items():
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            inner = overrides_of(kind)
            made.append((name, inner, dataclasses.field(default_factory=inner)))
        else:
            optional = typing.Annotated[kind | None, arg(help=helps.get(name, ""))]
            made.append((name, optional, dataclasses.field(default=None)))
    made_class = dataclasses.make_dataclass(
        f"{cls.__name__}Overrides", made, frozen=True, kw_only=True
    )
    made_class.__doc__ = inspect.getdoc(cls)
    return made_class


@cache
def field_docs(cls: type) -> dict[str, str]:
    """Give the docstring written under each field of a dataclass, by field name.

    A field that a base class has already, and that is not told anew, keeps what is told there.
    """
    docs: dict[str, str] = {}
    for base in reversed([each for each in cls.__mro__ if dataclasses.is_dataclass(each)]):
        docs |= _own_field_docs(base)
    return docs


def _own_field_docs(cls: type) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(body, ast.ClassDef)
    docs: dict[str, str] = {}
    for here, after in pairwise(body.body):
        match here, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=text)):
                docs[name] = inspect.cleandoc(str(text))
    return docs


@cache
def field_types(cls: type) -> dict[str, Any]:
    """Give the resolved type of each field of a dataclass, in order."""
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in _fields(cls)}


def _fields(cls: type) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(cls)


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _convert(value: Any, kind: Any, source: str, name: str) -> Any:
    """Check one TOML value against a field's type; lists become tuples, ints become floats."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if isinstance(value, Mapping):
            return from_table(kind, value, source, name)
        raise UserError(f"`{name}` must be a table, got {value!r} ({source})")
    if not _fits(value, kind):
        raise UserError(
            f"`{name}` must be {_say(kind)}, got {value!r} ({source})", hint=_hint(value, kind)
        )
    origin = typing.get_origin(kind)
    if origin is tuple:
        return tuple(value)
    return float(value) if _is_float(kind) and isinstance(value, int) else value


def _is_float(kind: Any) -> bool:
    return kind is float or (isinstance(kind, types.UnionType) and float in typing.get_args(kind))


def _fits(value: Any, kind: Any) -> bool:
    if isinstance(kind, types.UnionType):
        return any(_fits(value, option) for option in typing.get_args(kind))
    origin = typing.get_origin(kind)
    if origin is typing.Literal:
        return value in typing.get_args(kind)
    if origin is tuple:
        inner = typing.get_args(kind)[0]
        return isinstance(value, list | tuple) and all(_fits(item, inner) for item in value)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return kind is Any or isinstance(value, kind)


def _say(kind: Any) -> str:
    if isinstance(kind, types.UnionType):
        return " or ".join(
            _say(option) for option in typing.get_args(kind) if option is not types.NoneType
        )
    origin = typing.get_origin(kind)
    if origin is typing.Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in typing.get_args(kind))
    if origin is tuple:
        return f"a list of {_say(typing.get_args(kind)[0])}"
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    return names.get(kind, getattr(kind, "__name__", str(kind)))


def _hint(value: Any, kind: Any) -> str | None:
    if typing.get_origin(kind) is typing.Literal and isinstance(value, str):
        return did_you_mean(value, [str(choice) for choice in typing.get_args(kind)])
    return None


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    quoted = "".join(_toml_character(c) for c in str(value))
    return f'"{quoted}"'


def _toml_character(character: str) -> str:
    code = ord(character)
    if 0xD800 <= code < 0xE000:
        raise UserError(
            f"settings cannot hold a name that is no Unicode text (it has a lone {code:#06x})",
            hint="rename the file",
        )
    if character in '\\"':
        return "\\" + character
    if character.isprintable():
        return character
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
