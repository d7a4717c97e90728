"""What a classifier is worth, for a person: in words, as a picture, and as a page.

In: figures over rows that were not learnt from, beside those of character n-grams alone.
"""

from html import escape
from pathlib import Path

from naepo.classify.learning import Learnt
from naepo.classify.measures import Measures
from naepo.config import UserError
from naepo.train.readable import visible
from naepo.train.report.page import document, heading, text

MOST_CLASSES = 12
"""Classes of which the picture shows a confusion matrix; of more, the largest confusions."""
SIDE, GAP, LEFT, TOP = 260, 96, 92, 56
INK, SOFT, LINE, BLUE, PAPER = "#1c1e22", "#62666d", "#dedbd3", "#1f5fbf", "#fcfbf8"


def in_words(learnt: Learnt, where: str = "the held-out part") -> str:
    """Give the figures as lines of text."""
    m, floor = learnt.measures, learnt.floor
    lines = [
        f"{where}, {m.n:,} texts{' ' * 8}{'this':>8}  n-grams alone",
        _row("accuracy", f"{m.accuracy:.2%}", f"{floor.accuracy:.2%}"),
        _row("macro F1", f"{m.macro_f1:.3f}", f"{floor.macro_f1:.3f}"),
        _row("log loss (nats)", f"{m.log_loss:.3f}", f"{floor.log_loss:.3f}"),
        _row("calibration error", f"{m.calibration_error:.3f}", f"{floor.calibration_error:.3f}"),
        _row("always the commonest", f"{m.majority:.2%}", ""),
        "",
        *confusion_lines(m),
        "",
        "  it is sure of   texts   and right",
    ]
    lines += [
        f"  {b.low:4.0%} to {b.high:4.0%}  {b.n:6,}     {b.accuracy:6.1%}   "
        f"(says {b.confidence:.1%})"
        for b in m.reliability
    ]
    return "\n".join(lines)


def _row(name: str, ours: str, floor: str) -> str:
    return f"  {name:<22}  {ours:>12}  {floor:>12}"


def confusion_lines(m: Measures) -> list[str]:
    """Give the confusion matrix as lines, or of many classes the largest confusions."""
    names = [visible(name)[:16] for name in m.classes]
    if len(names) > MOST_CLASSES:
        return ["  most often confused:", *(f"  {line}" for line in _largest(m))]
    width = max(8, *map(len, names))
    head = " ".join(f"{name:>{width}}" for name in names)
    lines = [f"  {'is / named':<{width + 2}} {head}"]
    for name, row in zip(names, m.confusion, strict=True):
        lines.append(f"  {name:<{width + 2}} " + " ".join(f"{int(n):>{width},}" for n in row))
    return lines


def _largest(m: Measures, n: int = 10) -> list[str]:
    pairs = [
        (int(m.confusion[i, j]), m.classes[i], m.classes[j])
        for i in range(len(m.classes))
        for j in range(len(m.classes))
        if i != j and m.confusion[i, j]
    ]
    pairs.sort(key=lambda pair: -pair[0])
    return [f"{visible(a)} named {visible(b)}: {count:,}" for count, a, b in pairs[:n]]


def page(name: str, learnt: Learnt) -> str:
    """Give the report as one HTML document that opens offline."""
    m, floor = learnt.measures, learnt.floor
    figures = [
        ("accuracy", "정확도", f"{m.accuracy:.2%}", f"{floor.accuracy:.2%}"),
        ("macro F1", "매크로 F1", f"{m.macro_f1:.3f}", f"{floor.macro_f1:.3f}"),
        ("log loss, nats", "로그 손실", f"{m.log_loss:.3f}", f"{floor.log_loss:.3f}"),
        (
            "calibration error", "보정 오차",
            f"{m.calibration_error:.3f}", f"{floor.calibration_error:.3f}",
        ),
    ]  # fmt: skip
    rows = "".join(
        f'<tr><td>{text(en)} <small lang="ko">{text(ko)}</small></td>'
        f'<td class="number">{ours}</td><td class="number">{below}</td></tr>'
        for en, ko, ours, below in figures
    )
    body = [
        f"<h1>{text(name)}</h1>",
        f"<p>{m.n:,} texts that were not learnt from; naming always the commonest class is right "
        f"in {m.majority:.2%} of them.</p>",
        '<table><thead><tr><th></th><th class="number">this</th><th class="number">n-grams alone '
        f"(floor)</th></tr></thead><tbody>{rows}</tbody></table>",
        heading("Named right and wrong; sure and right", "혼동 행렬과 보정"),
        f"<figure>{picture(m)}</figure>",
        _table(m),
        heading("How it was made", "만든 방법"),
        "<ul>" + "".join(f"<li>{text(line)}</li>" for line in learnt.reasons) + "</ul>",
    ]
    return document(f"{name} · naepo", "\n".join(body))


def _table(m: Measures) -> str:
    rows = "".join(
        f'<tr><td>{b.low:.0%} to {b.high:.0%}</td><td class="number">{b.n:,}</td>'
        f'<td class="number">{b.confidence:.1%}</td><td class="number">{b.accuracy:.1%}</td></tr>'
        for b in m.reliability
    )
    return (
        '<details><summary>its numbers</summary><table><thead><tr><th>sure of</th><th class="number'
        '">texts</th><th class="number">says</th><th class="number">is right</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></details>"
    )


def picture(m: Measures) -> str:
    """Give the confusion matrix and the reliability diagram as one SVG.

    A cell is as dark as the share of its row. In the diagram each point is a tenth of confidence,
    as large as it has texts; on the line, what is said is what is so.
    """
    width, height = LEFT + 2 * SIDE + GAP + 24, TOP + SIDE + 56
    parts = [*_confusion(m), *_reliability(m, LEFT + SIDE + GAP)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" style="max-width:100%;height:auto" role="img" '
        f'aria-label="{escape(_said(m))}" font-family="system-ui, sans-serif" font-size="12" '
        f'font-variant-numeric="tabular-nums"><rect width="{width}" height="{height}" '
        f'fill="{PAPER}"/>{"".join(parts)}</svg>'
    )


def _said(m: Measures) -> str:
    return f"accuracy {m.accuracy:.1%}, calibration error {m.calibration_error:.3f}, {m.n} texts"


def _confusion(m: Measures) -> list[str]:
    if len(m.classes) > MOST_CLASSES:
        lines = [_label(LEFT, TOP - 24, "most often confused", INK)]
        return lines + [
            _label(LEFT, TOP + 20 * place, line, INK) for place, line in enumerate(_largest(m))
        ]
    size = SIDE / len(m.classes)
    parts = [_label(LEFT + SIDE / 2, TOP - 30, "named", SOFT, "middle")]
    for i, name in enumerate(m.classes):
        short = visible(name)[:10]
        middle = (i + 0.5) * size
        parts.append(_label(LEFT - 8, TOP + middle + 4, short, INK, "end"))
        parts.append(_label(LEFT + middle, TOP - 10, short, INK, "middle"))
        total = max(1, int(m.confusion[i].sum()))
        for j in range(len(m.classes)):
            n = int(m.confusion[i, j])
            x, y, share = LEFT + j * size, TOP + i * size, n / total
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{size - 2:.1f}" height="{size - 2:.1f}" '
                f'fill="{BLUE}" fill-opacity="{0.06 + 0.94 * share:.3f}"/>'
            )
            colour = PAPER if share > 0.5 else INK
            parts.append(_label(x + size / 2, y + size / 2 + 4, f"{n:,}", colour, "middle"))
    return parts


def _reliability(m: Measures, left: float | int) -> list[str]:
    parts = [
        f'<rect x="{left}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="{LINE}"/>',
        f'<line x1="{left}" y1="{TOP + SIDE}" x2="{left + SIDE}" y2="{TOP}" stroke="{SOFT}" '
        'stroke-dasharray="4 4"/>',
        _label(left + SIDE / 2, TOP + SIDE + 40, "how sure it is", SOFT, "middle"),
        _label(left, TOP - 10, "how often it is right", SOFT),
    ]
    for share in (0, 0.5, 1):
        x, y = left + share * SIDE, TOP + (1 - share) * SIDE
        parts.append(_label(x, TOP + SIDE + 18, f"{share:.0%}", SOFT, "middle"))
        parts.append(_label(left - 8, y + 4, f"{share:.0%}", SOFT, "end"))
    for b in m.reliability:
        x, y = left + b.confidence * SIDE, TOP + (1 - b.accuracy) * SIDE
        radius = 3 + 9 * (b.n / m.n) ** 0.5
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{BLUE}" fill-opacity="0.75">'
            f"<title>says {b.confidence:.1%}, is right in {b.accuracy:.1%} of {b.n:,}</title>"
            "</circle>"
        )
    return parts


def _label(x: float | int, y: float | int, said: str, colour: str, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">'
        f"{escape(said)}</text>"
    )


def refuse_picture(path: Path) -> None:
    """Check that a picture can be written there: asked before the work, so that none is lost.

    Raises: UserError for another ending than .svg, and when it is a folder or the disk refuses.
    """
    from naepo.render.files import refuse_place

    if path.suffix.lower() != ".svg":
        raise UserError(f"cannot draw {path}: expected a name that ends in .svg")
    refuse_place(path)


def write_picture(path: Path, m: Measures) -> None:
    """Write the picture as an .svg file. Raises: UserError for another ending, or a full disk."""
    from naepo.render.files import whole

    refuse_picture(path)
    with whole(path) as temporary:
        temporary.write_text(picture(m) + "\n", encoding="utf-8")
