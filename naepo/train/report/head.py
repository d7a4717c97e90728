"""The first screen: the verdict in words, what was trained, and the figures that matter."""

from pathlib import Path
from statistics import median

from naepo.config import Table
from naepo.train.floors import Floors, bits_per_unit, per_unit
from naepo.train.readable import amount, duration, number
from naepo.train.report.measured import Measured, points
from naepo.train.report.page import korean, text

KOREAN_BITS = {"character": "바이트당 비트", "event": "사건당 비트"}


def head_section(run: Path, settings: Table, floors: Floors | None, measured: Measured) -> str:
    """Give the top of the page as HTML."""
    verdict, kind = _verdict(floors, measured)
    says, colon, figures = verdict.partition(":")
    unit = floors.unit if floors else "character"
    return (
        f'<p class="soft">{text(run)}</p>'
        f'<h1><span class="{kind}">{text(says[:1].upper() + says[1:])}</span>'
        f"{colon}{text(figures)}</h1>"
        f"<p>{text(_what(settings))} {text(_best(measured, unit))}</p>"
        f"{_facts(measured, unit)}"
    )


def _verdict(floors: Floors | None, measured: Measured) -> tuple[str, str]:
    """Give the verdict in words, and its class in the style sheet."""
    nats = measured.last_look.get("nats_per_character")
    if nats is None:
        return "nothing measured on the held-out text yet", ""
    if floors is None:
        return f"{number(nats)} nats per character on the held-out text", ""
    kind = "good" if nats < floors.counting.nats_per_character else "bad"
    return floors.verdict(nats), kind


def _what(settings: Table) -> str:
    """Say in a sentence what was trained, as far as the settings tell."""
    model, data = settings.get("model", {}), settings.get("data", {})
    said = {
        "n_layers": "{:,} layers",
        "n_heads": "{:,} heads",
        "d_model": "width {:,}",
        "context_length": "a context of {:,} tokens",
    }
    shape = [form.format(model[key]) for key, form in said.items() if key in model]
    sources = [str(source) for source in data.get("sources", [])]
    more = f" and {len(sources) - 3:,} more" if len(sources) > 3 else ""
    of_shape = f" of {', '.join(shape)}" if shape else ""
    on_text = f", trained on {', '.join(sources[:3])}{more}" if sources else ""
    return f"A GPT{of_shape}{on_text}."


def _best(measured: Measured, unit: str) -> str:
    """Name the best look where it is not the last: its checkpoint is the one in use."""
    last, best = measured.last_look, measured.best_look
    if not best or best["step"] == last["step"]:
        return ""
    return (
        f"The best of {len(measured.looks)} looks was {number(best.get('nats_per_character'))} "
        f"{per_unit(unit)} at step {best['step']:,}; that checkpoint writes and is exported."
    )


def _facts(measured: Measured, unit: str) -> str:
    look = measured.last_look
    last = measured.steps[-1] if measured.steps else {}
    paces = [pace for _, pace in points(measured.steps, "tokens_per_second")]
    tokens = f"{amount(last.get('tokens') or 0)} tokens"
    facts = [
        ("validation loss", "검증 손실", look.get("nats_per_character"), per_unit(unit)),
        (bits_per_unit(unit), KOREAN_BITS[unit], look.get("bits_per_byte"), "of the held-out part"),
        ("perplexity", "퍼플렉시티", look.get("perplexity"), "per token"),
        ("steps", "학습 단계", f"{last.get('step', 0):,}", tokens),
        ("time", "시간", duration(measured.seconds), "in all"),
        ("pace", "속도", amount(median(paces)) if paces else None, "tokens a second"),
    ]
    cells = [
        f"<div><dt>{name} {korean(term)}</dt><dd>"
        f"{text(value if isinstance(value, str) else number(value))}"
        f"<small>{text(unit)}</small></dd></div>"
        for name, term, value, unit in facts
    ]
    return f'<dl class="facts">{"".join(cells)}</dl>'
