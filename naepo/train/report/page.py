"""The frame of the page: its style, its little script, and how any text gets into it safely."""

import base64
import hashlib
from html import escape

from naepo.train.readable import visible

STYLE = """
:root { color-scheme: light dark; --paper: #fcfbf8; --ink: #1c1e22; --soft: #62666d;
  --line: #dedbd3; --blue: #1f5fbf; --orange: #b4530a; }
@media (prefers-color-scheme: dark) { :root { --paper: #15171a; --ink: #e8e6e1; --soft: #a0a4ac;
  --line: #33363b; --blue: #7fb0ff; --orange: #f2a65a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 24px 64px; max-width: 1008px; background: var(--paper);
  color: var(--ink); font: 14px/1.6 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 24px; line-height: 1.3; font-weight: 600; margin: 0 0 8px; text-wrap: balance; }
h2 { font-size: 16px; line-height: 1.5; font-weight: 600; margin: 48px 0 8px; }
h3, caption { font-size: 14px; font-weight: 600; margin: 0; text-align: left; }
p { margin: 0 0 8px; max-width: 72ch; }
small, .tick, .step, .label, .readout, summary, th, figcaption span, h2 span { font-size: 12px; }
small, .readout, summary, th, h2 span, figcaption span, dt, .soft { color: var(--soft); }
h2 span, figcaption span, th, small { font-weight: 400; }
:lang(ko) { word-break: keep-all; letter-spacing: normal; }
.good { color: var(--blue); } .bad { color: var(--orange); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(136px, 1fr)); gap: 16px 24px;
  margin: 24px 0 0; }
.facts dt { font-size: 12px; } .facts dd { margin: 0; font-size: 16px; font-weight: 600; }
.facts small, .facts dt span { display: block; }
figure { margin: 0; min-width: 0; }
.readout { margin: 0 0 8px; min-height: 20px; }
.trio { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr));
  gap: 32px; margin-top: 40px; }
.frame { padding: 8px 8px 32px 48px; }
.labelled .frame { padding-right: 152px; }
.plot { display: block; width: 100%; overflow: visible; touch-action: pan-y; }
.grid { stroke: var(--line); }
.tick, .step { fill: var(--soft); } .tick { text-anchor: end; } .step { text-anchor: middle; }
.curve { fill: none; stroke: var(--ink); stroke-width: 1.5; vector-effect: non-scaling-stroke;
  stroke-linejoin: round; }
.band { fill: var(--ink); opacity: 0.12; } .dot { fill: var(--ink); }
.curve.training { stroke: var(--soft); } .band.training { fill: var(--soft); opacity: 0.2; }
.curve.validation { stroke: var(--blue); stroke-width: 2; } .dot.validation { fill: var(--blue); }
.mark { stroke: var(--orange); stroke-dasharray: 4 4; }
.label { fill: var(--soft); transform: translate(12px, 4px); }
.label.validation { fill: var(--blue); } .label.floor { fill: var(--orange); }
.label .value { font-weight: 600; }
.cross { stroke: var(--ink); opacity: 0; } .cross.on { opacity: 0.5; }
summary { cursor: pointer; width: fit-content; } summary:hover { color: var(--ink); }
:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
.scroll { overflow: auto; max-height: 320px; }
table { border-collapse: collapse; } th { text-align: left; }
th, td { padding: 4px 24px 4px 0; vertical-align: top; }
thead th { position: sticky; top: 0; background: var(--paper); }
tbody tr { border-top: 1px solid var(--line); }
td.number, th.number { text-align: right; }
tr.ours { font-weight: 600; color: var(--blue); } tr.ours.bad { color: var(--orange); }
.groups { columns: 3 272px; column-gap: 32px; }
.groups table { width: 100%; margin-bottom: 24px; break-inside: avoid; }
.groups th, .groups td { padding-right: 8px; overflow-wrap: anywhere; }
.groups td { text-align: right; } th:last-child, td:last-child { padding-right: 0; }
.sample { display: grid; grid-template-columns: 136px minmax(0, 1fr); gap: 0 24px; padding: 16px 0;
  border-top: 1px solid var(--line); }
pre { margin: 0; font: 14px/1.6 ui-monospace, monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; max-height: 320px; overflow: auto; }
code { font: 14px/1.6 ui-monospace, monospace; overflow-wrap: anywhere; }
.next td:first-child { padding-right: 32px; }
ul { margin: 0 0 24px; padding-left: 16px; max-width: 80ch; }
@media (max-width: 720px) {
  body { padding: 24px 16px 48px; } h1 { font-size: 20px; }
  .trio { grid-template-columns: minmax(0, 1fr); }
  .labelled .frame { padding-right: 8px; } .frame { padding-left: 40px; }
  .label { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round;
    transform-box: view-box; transform: translate(calc(8px - 100%), 4px); }
  .label.high { text-anchor: end; transform: translate(-8px, -4px); }
  .labelled .seldom { display: none; }
  .sample { grid-template-columns: minmax(0, 1fr); gap: 4px; }
  .next tr, .next td { display: block; padding: 4px 0 0; } .next tr { padding-bottom: 8px; }
  th, td { padding-right: 16px; }
}
@media print { .cross { display: none; } pre, .scroll { max-height: none; } }
"""

SCRIPT = """
for (const chart of document.querySelectorAll('.chart')) {
  const plot = chart.querySelector('.plot'), cross = chart.querySelector('.cross');
  const readout = chart.querySelector('.readout'), atRest = readout.textContent;
  const low = Number(chart.dataset.low), high = Number(chart.dataset.high);
  const place = chart.dataset.scale === 'log'
    ? step => Math.log(step / low) / Math.log(high / low) : step => (step - low) / (high - low);
  const [head, ...rows] = [...chart.querySelectorAll('tr')].map(
    row => [...row.cells].map(cell => cell.textContent));
  const curves = head.slice(1).map((name, column) => ({
    name, points: rows.filter(row => row[column + 1] !== '').map(
      row => ({ at: place(Number(row[0])), step: row[0], value: row[column + 1] })) }));
  plot.addEventListener('pointermove', event => {
    const box = plot.getBoundingClientRect(), at = (event.clientX - box.left) / box.width;
    const nearest = curves.map(curve => ({ name: curve.name, ...curve.points.reduce(
      (a, b) => Math.abs(a.at - at) < Math.abs(b.at - at) ? a : b) }));
    const first = nearest.reduce((a, b) => Math.abs(a.at - at) < Math.abs(b.at - at) ? a : b);
    for (const side of ['x1', 'x2']) cross.setAttribute(side, 100 * first.at + '%');
    cross.classList.add('on');
    readout.textContent = `step ${first.step}: ` + nearest.map(point =>
      `${point.name} ${Number(point.value).toLocaleString('en', { maximumSignificantDigits: 4 })}`
      + (point.step === first.step ? '' : ` (at ${point.step})`)).join(', ');
  });
  plot.addEventListener('pointerleave', () => {
    cross.classList.remove('on');
    readout.textContent = atRest;
  });
}
"""


def text(value: object) -> str:
    """Make any text safe to stand in the page: signs for controls, no tags, no quotes."""
    return escape(visible(str(value)))


def korean(term: str) -> str:
    """Give a Korean term, to stand beside the English one."""
    return f'<span lang="ko">{text(term)}</span>'


def heading(title: str, term: str) -> str:
    """Give a heading in English and Korean."""
    return f"<h2>{text(title)} {korean(term)}</h2>"


def document(title: str, body: str) -> str:
    """Give a whole HTML document. title: plain text.  body: HTML.

    Its own policy lets nothing run but the script above, known by its hash, and nothing load.
    """
    script_hash = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script_hash}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )
