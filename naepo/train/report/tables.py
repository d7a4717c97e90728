"""What stands beside the curves: the floors, the settings with their reasons, the machine."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from naepo.config import Table
from naepo.train.floors import Floors
from naepo.train.report.measured import Measured
from naepo.train.report.page import heading, text


def floors_section(floors: Floors | None, measured: Measured) -> str:
    """Give the floors and the model among them, from worst to best; nothing when none is known."""
    if floors is None:
        return ""
    nats = measured.last_look.get("nats_per_character")
    bits = measured.last_look.get("bits_per_byte")
    lines = [(f.nats_per_character, f.bits_per_byte, f.name, "") for f in floors.all]
    if nats is not None and bits is not None:
        kind = "good" if nats < floors.counting.nats_per_character else "bad"
        lines.append((nats, bits, "this model", f"ours {kind}"))
    lines.sort(reverse=True)
    rows = [
        f'<tr class="{kind}"><td>{text(name)}</td><td class="number">{nats:.4f}</td>'
        f'<td class="number">{bits:.4f}</td></tr>'
        for nats, bits, name, kind in lines
    ]
    note = f"<p><small>{text(floors.note)}</small></p>" if floors.note else ""
    return (
        heading("Floors", "바닥값")
        + f"<p>What needs no network, on the same split: counting {floors.unit}s alone, counting "
        "them after the five before, and what the held-out text adds to a compressed training "
        "text.</p>"
        f'<table><thead><tr><th>by</th><th class="number">{floors.per_unit}</th>'
        f'<th class="number">{floors.bits}</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>{note}"
    )


def settings_section(
    settings: Table, plan_reasons: Sequence[str], machine: Table, notes: Sequence[str]
) -> str:
    """Give how the run was set and why, what it remarked, and the machine it ran on."""
    plan = {k: v for k, v in settings.get("plan", {}).items() if k not in ("reasons", "machine")}
    tables = {**settings, "plan": plan, "machine": machine}
    return (
        heading("How it was set", "설정")
        + _list("Why so", plan_reasons)
        + _list("Remarks", notes)
        + f'<div class="groups">{"".join(_groups(tables))}</div>'
    )


def _list(title: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    lines = "".join(f"<li>{text(item)}</li>" for item in items)
    return f"<h3>{title}</h3><ul>{lines}</ul>"


def _groups(tables: Table, prefix: str = "") -> Iterator[str]:
    """Give an HTML table for each table of settings, nested ones after the one they lie in."""
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            continue
        rows = [
            f"<tr><th>{text(key)}</th><td>{text(_plain(value))}</td></tr>"
            for key, value in table.items()
            if value is not None and not isinstance(value, Mapping)
        ]
        if rows:
            yield f"<table><caption>{text(prefix + name)}</caption>{''.join(rows)}</table>"
        yield from _groups(table, f"{prefix}{name}.")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return str(value)
