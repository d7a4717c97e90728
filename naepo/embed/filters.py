"""Conditions on what an entry is marked with: `label=1`, `year>=2020`, `kind=music`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from naepo.config import UserError
from naepo.embed.database import to_db
from naepo.encode.normal_form import normalized

Sign = Literal["=", "!=", "<", "<=", ">", ">="]
COLUMNS = ("name", "place", "kind")
"""What every entry has; of these, and of any other key, its marks are looked at as well."""
_CONDITION = re.compile(r"\s*([^=!<>]+?)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*", re.DOTALL)


@dataclass(frozen=True)
class Condition:
    """One condition. An entry that has no such mark meets none but `!=`."""

    key: str
    sign: Sign
    value: str

    @classmethod
    def read(cls, text: str) -> "Condition":
        """Read a condition as a person types it.

        >>> Condition.read("year >= 2020")
        Condition(key='year', sign='>=', value='2020')

        Raises: UserError for what is no condition, or an order among what are no numbers.
        """
        found = _CONDITION.fullmatch(normalized(text, "NFC"))
        if found is None:
            raise UserError(
                f"not a condition: {text!r}", hint="write KEY=VALUE, such as --where label=1"
            )
        key, value = found[1], found[3]
        sign = cast(Sign, found[2])
        if sign in ("<", "<=", ">", ">=") and _number(value) is None:
            raise UserError(f"only numbers have an order, got {value!r} (in {text!r})")
        return cls(key, sign, value)

    def sql(self) -> tuple[str, list[Any]]:
        """Give a condition on the table `entries` and its parameters.

        What a person typed is a parameter and never part of the statement.
        """
        if self.sign == "!=":
            condition, values = Condition(self.key, "=", self.value).sql()
            return f"NOT ({condition})", values
        if self.sign == "=" and self.key in COLUMNS:
            # a file goes by its whole path, and is typed from where one is
            path = normalized(str(Path(self.value).resolve()), "NFC")
            is_marked, values = self._marked()
            names = [to_db(self.value), to_db(path)]
            return f"nfc({self.key}) IN (?, ?) OR {is_marked}", [*names, *values]
        return self._marked()

    def _marked(self) -> tuple[str, list[Any]]:
        test, value = ("value = ?", to_db(self.value)) if self.sign == "=" else self._ordered()
        return f"id IN (SELECT entry FROM marks WHERE key = ? AND {test})", [to_db(self.key), value]

    def _ordered(self) -> tuple[str, Any]:
        return f"number {self.sign} ?", _number(self.value)


def where(conditions: Sequence[Condition]) -> tuple[str, list[Any]]:
    """Join conditions that all must be met; of none, everything is."""
    parts = [condition.sql() for condition in conditions]
    values = [value for _, some in parts for value in some]
    return " AND ".join(f"({text})" for text, _ in parts) or "1", values


def number_of(value: str) -> float | None:
    """Give a mark as a number, None where it is none: what an order compares."""
    return _number(value)


def _number(value: str) -> float | None:
    try:
        found = float(value)
    except ValueError:
        return None
    return found if found == found else None
