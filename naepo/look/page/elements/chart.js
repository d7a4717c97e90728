// <naepo-chart>: lines over a common axis, linear or logarithmic, with a marker that can be moved (naepo-pick).
// Lines differ by dash and by name at their end, not by colour: colour carries value.

import { svg } from "../core/dom.js";
import { number } from "../core/format.js";
import { Drawn } from "./drawn.js";

/**
 * @typedef {[number, number]} Point
 * @typedef {{name: string, points: Point[], faint?: boolean, dots?: boolean}} Series
 * @typedef {{series: Series[], x: string, y: string, label: string, log?: boolean, marker?: number, height?: number,
 *   names?: string[], picks?: boolean}} Chart  names: of x = 0, 1, 2, ... in place of numbers
 */

const DASHES = ["", "6 3", "2 3", "8 3 2 3"];
const EDGE = { left: 58, right: 12, top: 12, bottom: 34 }; // pixels
const MOST = 1500; // points of a line before it is thinned to the least and the most of each stretch

/** Round numbers between two, about `wanted` of them; on a logarithmic axis 1, 2 and 5 times powers of ten. @param {number} low @param {number} high @param {number} wanted @param {boolean} [log] */
export function ticks(low, high, wanted, log = false) {
  if (!(high > low)) return [low];
  /** @type {number[]} */
  const marks = [];
  if (log) {
    const digits = high / low > 1000 ? [1] : high / low < 8 ? [1, 1.5, 2, 3, 4, 5, 7] : [1, 2, 5];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) marks.push(...digits.map((digit) => digit * 10 ** power));
    return marks.filter((mark) => mark >= low * 0.999 && mark <= high * 1.001);
  }
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10);
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) marks.push(k * step);
  return marks;
}

/** @param {Point[]} points */
function thinned(points) {
  if (points.length <= MOST) return points;
  const width = Math.ceil((2 * points.length) / MOST);
  return Array.from({ length: Math.ceil(points.length / width) }, (_, i) => {
    const stretch = points.slice(i * width, (i + 1) * width).sort((one, other) => one[1] - other[1]);
    return [stretch[0], stretch[stretch.length - 1]].sort((one, other) => one[0] - other[0]);
  }).flat();
}

/** @param {Point[]} points @param {number} x */
const nearest = (points, x) => points.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best), points[0]);

export class NaepoChart extends Drawn {
  constructor() {
    super();
    /** @type {Series[]} */ this.lines = [];
    this.scale = scaleOf([], 1, 1, false);
  }

  /** Move the marker alone, without drawing the lines again. @param {number} x */
  set marker(x) {
    this.content.marker = x;
    this.placeMarker();
  }

  /** @param {number} width */
  paint(width) {
    /** @type {Chart} */
    const { series, log = false, height = 220, label, picks } = this.content;
    const usable = (/** @type {Point} */ [x, y]) => Number.isFinite(x) && Number.isFinite(y) && (!log || y > 0);
    this.lines = series.map((each) => ({ ...each, points: each.points.filter(usable) }));
    const all = this.lines.flatMap(({ points }) => points);
    this.scale = scaleOf(all, width, height, log);
    const box = { width, height, viewBox: `0 0 ${width} ${height}`, tabindex: picks ? 0 : null };
    const picture = svg("svg", { class: "chart", role: "img", "aria-label": label, ...box });
    this.line = svg("line", { class: "chart-marker", y1: EDGE.top, y2: height - EDGE.bottom });
    picture.append(...this.axes(width, height), ...this.paths(), ...this.ends(), this.line);
    this.listen(picture);
    this.frame.replaceChildren(picture);
    this.placeMarker();
  }

  /** @param {number} width @param {number} height */
  axes(width, height) {
    const { left, right, low, high, x, y } = this.scale;
    const { names, log, x: across, y: up } = this.content;
    const text = (/** @type {Record<string, any>} */ place, /** @type {string} */ words) => svg("text", { class: "axis", ...place }, words);
    const marks = ticks(left, right, Math.max(2, width / 110)).filter((mark) => !names || Number.isInteger(mark));
    const nodes = marks.map((mark) => {
      const words = names?.[mark] ?? String(+mark.toPrecision(12));
      const anchor = x(mark) > width - EDGE.right - 3 * words.length ? "end" : "middle";
      return text({ x: x(mark), y: height - EDGE.bottom + 15, "text-anchor": anchor }, words);
    });
    for (const mark of ticks(low, high, height / 50, log)) {
      nodes.push(svg("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(mark), y2: y(mark) }));
      nodes.push(text({ x: EDGE.left - 6, y: y(mark) + 4, "text-anchor": "end" }, String(+mark.toPrecision(6))));
    }
    return [...nodes, text({ x: width - EDGE.right, y: height - 4, "text-anchor": "end" }, across), text({ x: 2, y: height - 4 }, up)];
  }

  paths() {
    const { x, y } = this.scale;
    let dash = 0;
    return this.lines.flatMap(({ points: all, faint, dots }) => {
      const points = thinned(all);
      const d = points.map(([a, b], i) => `${i ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
      const style = faint ? { class: "curve faint" } : { class: "curve", "stroke-dasharray": DASHES[dash++ % 4] };
      const circles = dots ? points.map(([a, b]) => svg("circle", { class: "dot", cx: x(a), cy: y(b), r: 2.5 })) : [];
      return [svg("path", { d, fill: "none", ...style }), ...circles];
    });
  }

  /** The name of each line at its end, moved down where it would cover another. */
  ends() {
    const named = this.lines.filter(({ faint, points }) => !faint && points.length);
    if (named.length < 2) return [];
    let free = 10;
    const ends = named.map(({ name, points }) => ({ name, end: points[points.length - 1] }));
    ends.sort((one, other) => other.end[1] - one.end[1]);
    return ends.map(({ name, end }) => {
      const y = Math.max(free, this.scale.y(end[1]) - 6);
      free = y + 14;
      return svg("text", { class: "curve-name", x: this.scale.x(end[0]) - 4, y, "text-anchor": "end" }, name);
    });
  }

  placeMarker() {
    const x = this.content.marker ?? NaN;
    this.line?.setAttribute("visibility", Number.isFinite(x) ? "visible" : "hidden");
    if (!Number.isFinite(x)) return;
    for (const end of ["x1", "x2"]) this.line?.setAttribute(end, String(this.scale.x(x)));
    this.read(x);
  }

  /** Every x that has a point of a line that counts. */
  stops() {
    return this.lines.filter(({ faint }) => !faint).flatMap(({ points }) => points);
  }

  /** @param {number} x */
  read(x) {
    const { x: across, y: up, names } = this.content;
    const values = this.lines
      .filter(({ faint, points }) => !faint && points.length)
      .map(({ name, points }) => `${name || up} ${number(nearest(points, x)[1])}`);
    this.readout.textContent = `${across} ${names?.[x] ?? x}: ${values.join(" · ")}`;
  }

  /** @param {Element} picture */
  listen(picture) {
    const at = (/** @type {any} */ event) => nearest(this.stops(), this.scale.back(event.clientX - picture.getBoundingClientRect().left))?.[0];
    picture.addEventListener("pointermove", (event) => at(event) !== undefined && this.read(at(event)));
    picture.addEventListener("pointerleave", () => this.placeMarker());
    if (!this.content.picks) return;
    picture.addEventListener("click", (event) => at(event) !== undefined && this.tell("naepo-pick", { x: at(event) }));
    picture.addEventListener("keydown", (event) => {
      const { key } = /** @type {KeyboardEvent} */ (event);
      if (key !== "ArrowRight" && key !== "ArrowLeft") return;
      event.preventDefault();
      event.stopPropagation();
      this.tell("naepo-pick", { by: key === "ArrowRight" ? 1 : -1 });
    });
  }
}

/** From numbers to pixels and back. @param {Point[]} points @param {number} width @param {number} height @param {boolean} log */
function scaleOf(points, width, height, log) {
  const ends = (/** @type {0 | 1} */ k) =>
    points.reduce(([low, high], point) => [Math.min(low, point[k]), Math.max(high, point[k])], [Infinity, -Infinity]);
  const [left, right] = points.length ? ends(0) : [0, 1];
  let [low, high] = points.length ? ends(1) : [1, 2];
  if (low === high) [low, high] = log ? [low / 1.5, high * 1.5] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const value = log ? Math.log10 : (/** @type {number} */ y) => y;
  const [across, up] = [(width - EDGE.left - EDGE.right) / (right - left || 1), height - EDGE.top - EDGE.bottom];
  return {
    left,
    right,
    low,
    high,
    x: (/** @type {number} */ x) => EDGE.left + (x - left) * across,
    y: (/** @type {number} */ y) => EDGE.top + ((value(high) - value(y)) / (value(high) - value(low))) * up,
    back: (/** @type {number} */ pixel) => left + (pixel - EDGE.left) / across,
  };
}

customElements.define("naepo-chart", NaepoChart);
