// <naepo-chart>: lines over a common axis, linear or logarithmic, with a marker that can be moved (naepo-pick).
// Lines differ by dash and by name at their end, not by colour: colour carries value.

import { h, svg } from "../core/dom.js";
import { number } from "../core/format.js";

/**
 * @typedef {{name: string, points: [number, number][], faint?: boolean, dots?: boolean}} Series
 * @typedef {{series: Series[], x: string, y: string, label: string, log?: boolean, marker?: number | null,
 *   height?: number, xName?: (x: number) => string, picks?: boolean}} Chart
 */

const DASHES = ["", "6 3", "2 3", "8 3 2 3"];
const EDGE = { left: 58, right: 12, top: 12, bottom: 34 };
const MOST = 1500; // points of a line before it is thinned to the least and the most of each stretch

/** Round steps between two numbers, about `wanted` of them. @param {number} low @param {number} high @param {number} wanted */
export function ticks(low, high, wanted) {
  if (!(high > low)) return [low];
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999) ?? rough;
  const marks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) marks.push(k * step);
  return marks;
}

/** Powers of ten, and 2 and 5 of them where there are few. @param {number} low @param {number} high */
export function logTicks(low, high) {
  const decades = Math.log10(high / low);
  const digits = decades > 3 ? [1] : decades > 1 ? [1, 3] : [1, 1.5, 2, 3, 5, 7];
  const marks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const digit of digits) {
      const mark = digit * 10 ** power;
      if (mark >= low * 0.999 && mark <= high * 1.001) marks.push(mark);
    }
  return marks;
}

/** @param {[number, number][]} points */
function thinned(points) {
  if (points.length <= MOST) return points;
  const width = Math.ceil(points.length / (MOST / 2));
  /** @type {[number, number][]} */
  const kept = [];
  for (let at = 0; at < points.length; at += width) {
    const stretch = points.slice(at, at + width);
    const least = stretch.reduce((best, point) => (point[1] < best[1] ? point : best));
    const most = stretch.reduce((best, point) => (point[1] > best[1] ? point : best));
    kept.push(...(least[0] <= most[0] ? [least, most] : [most, least]));
  }
  return kept;
}

export class NaepoChart extends HTMLElement {
  constructor() {
    super();
    /** @type {Chart | null} */ this.chart = null;
    this.frame = h("div", { class: "chart-frame" });
    this.readout = h("p", { class: "readout", "aria-live": "polite" });
    this.watcher = new ResizeObserver(() => this.isConnected && this.clientWidth !== this.drawn && this.#draw());
    this.drawn = 0;
  }

  connectedCallback() {
    if (!this.firstChild) this.append(this.frame, this.readout);
    this.watcher.observe(this);
  }

  disconnectedCallback() {
    this.watcher.disconnect();
  }

  /** @param {Chart} chart */
  set data(chart) {
    this.chart = chart;
    this.#draw();
  }

  /** Move the marker alone, without drawing the lines again. @param {number | null} x */
  set marker(x) {
    if (this.chart) this.chart.marker = x;
    this.#placeMarker();
  }

  #draw() {
    const chart = this.chart;
    this.drawn = this.clientWidth;
    if (!chart) return;
    const usable = (/** @type {[number, number]} */ [x, y]) => Number.isFinite(x) && Number.isFinite(y) && (!chart.log || y > 0);
    this.lines = chart.series.map((series) => ({ ...series, points: series.points.filter(usable) }));
    const [width, height] = [Math.max(240, this.clientWidth || 640), chart.height ?? 220];
    this.scale = this.#scaleOf(width, height, chart.log ?? false);
    const picture = svg("svg", {
      class: "chart",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": chart.label,
      ...(chart.picks ? { tabindex: 0 } : {}),
    });
    picture.append(...this.#axes(width, height), ...this.#paths(), ...this.#ends());
    this.line = svg("line", { class: "chart-marker", y1: EDGE.top, y2: height - EDGE.bottom });
    picture.append(this.line);
    this.#listen(picture);
    this.frame.replaceChildren(picture);
    this.#placeMarker();
  }

  /** @param {number} width @param {number} height @param {boolean} log */
  #scaleOf(width, height, log) {
    const points = (this.lines ?? []).flatMap((series) => series.points);
    /** @param {number} k @param {(a: number, b: number) => number} pick @param {number} from */
    const edge = (k, pick, from) => points.reduce((best, point) => pick(best, point[k]), from);
    const [left, right] = [edge(0, Math.min, Infinity), edge(0, Math.max, -Infinity)];
    let [low, high] = [edge(1, Math.min, Infinity), edge(1, Math.max, -Infinity)];
    if (!points.length) [low, high] = log ? [1, 10] : [0, 1];
    if (low === high) [low, high] = log ? [low / 1.5, high * 1.5] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
    const value = (/** @type {number} */ y) => (log ? Math.log10(y) : y);
    const room = { x: width - EDGE.left - EDGE.right, y: height - EDGE.top - EDGE.bottom };
    const wide = right > left ? right - left : 1;
    return {
      left: points.length ? left : 0,
      right: points.length ? right : 1,
      low,
      high,
      x: (/** @type {number} */ x) => EDGE.left + ((x - left) / wide) * room.x,
      y: (/** @type {number} */ y) => EDGE.top + (1 - (value(y) - value(low)) / (value(high) - value(low))) * room.y,
      back: (/** @type {number} */ pixel) => left + ((pixel - EDGE.left) / room.x) * wide,
    };
  }

  /** @param {number} width @param {number} height */
  #axes(width, height) {
    const { left, right, low, high, x, y } = /** @type {NonNullable<typeof this.scale>} */ (this.scale);
    const chart = /** @type {Chart} */ (this.chart);
    const bottom = height - EDGE.bottom;
    const across = ticks(left, right, Math.max(2, width / 110)).filter((mark) => !chart.xName || Number.isInteger(mark));
    const nodes = across.map((mark) => {
      const name = chart.xName?.(mark) ?? String(+mark.toPrecision(12));
      const anchor = x(mark) > width - EDGE.right - 3 * name.length ? "end" : "middle";
      return svg("text", { class: "axis", x: x(mark), y: bottom + 15, "text-anchor": anchor }, name);
    });
    for (const mark of chart.log ? logTicks(low, high) : ticks(low, high, height / 50)) {
      nodes.push(svg("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(mark), y2: y(mark) }));
      nodes.push(svg("text", { class: "axis", x: EDGE.left - 6, y: y(mark) + 4, "text-anchor": "end" }, String(+mark.toPrecision(6))));
    }
    nodes.push(svg("text", { class: "axis name", x: width - EDGE.right, y: height - 4, "text-anchor": "end" }, chart.x));
    nodes.push(svg("text", { class: "axis name", x: 2, y: height - 4 }, chart.y));
    return nodes;
  }

  #paths() {
    const { x, y } = /** @type {NonNullable<typeof this.scale>} */ (this.scale);
    let dash = 0;
    return (this.lines ?? []).flatMap((series) => {
      const points = thinned(series.points);
      const d = points.map(([a, b], i) => `${i ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
      const kind = series.faint ? "curve faint" : "curve";
      const line = svg("path", { class: kind, d, fill: "none", "stroke-dasharray": series.faint ? "" : DASHES[dash++ % 4] });
      const dots = series.dots ? points.map(([a, b]) => svg("circle", { class: "dot", cx: x(a), cy: y(b), r: 2.5 })) : [];
      return [line, ...dots];
    });
  }

  /** The name of each line at its end, moved apart where they would cover each other. */
  #ends() {
    const { x, y } = /** @type {NonNullable<typeof this.scale>} */ (this.scale);
    const named = (this.lines ?? []).filter((series) => !series.faint && series.name && series.points.length);
    if (named.length < 2) return [];
    const ends = named.map((series) => {
      const [a, b] = series.points[series.points.length - 1];
      return { name: series.name, x: x(a) - 4, y: y(b) - 6 };
    });
    ends.sort((one, other) => one.y - other.y);
    for (let i = 0; i < ends.length; i++) ends[i].y = Math.max(ends[i].y, i ? ends[i - 1].y + 14 : 10);
    return ends.map((end) => svg("text", { class: "curve-name", x: end.x, y: end.y, "text-anchor": "end" }, end.name));
  }

  #placeMarker() {
    const x = this.chart?.marker;
    const there = x !== null && x !== undefined && Number.isFinite(x) && this.scale;
    this.line?.setAttribute("visibility", there ? "visible" : "hidden");
    if (!there) return;
    for (const end of ["x1", "x2"]) this.line?.setAttribute(end, String(this.scale?.x(/** @type {number} */ (x))));
    this.#read(/** @type {number} */ (x));
  }

  /** The x of some line that is nearest. @param {number} x */
  #nearest(x) {
    const all = (this.lines ?? []).filter((series) => !series.faint).flatMap((series) => series.points.map(([a]) => a));
    return all.reduce((best, a) => (Math.abs(a - x) < Math.abs(best - x) ? a : best), all[0] ?? NaN);
  }

  /** @param {number} x */
  #read(x) {
    const chart = /** @type {Chart} */ (this.chart);
    const values = (this.lines ?? [])
      .filter((series) => !series.faint && series.points.length)
      .map((series) => {
        const at = series.points.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best));
        return `${series.name || chart.y} ${number(at[1])}`;
      });
    this.readout.textContent = `${chart.x} ${chart.xName?.(x) ?? x}: ${values.join(" · ")}`;
  }

  /** @param {Element} picture */
  #listen(picture) {
    /** @param {any} event */
    const at = (event) => this.#nearest(this.scale?.back(event.clientX - picture.getBoundingClientRect().left) ?? 0);
    picture.addEventListener("pointermove", (event) => Number.isFinite(at(event)) && this.#read(at(event)));
    picture.addEventListener("pointerleave", () => this.#placeMarker());
    if (!this.chart?.picks) return;
    picture.addEventListener("click", (event) => this.#pick(at(event)));
    picture.addEventListener("keydown", (event) => {
      const { key } = /** @type {KeyboardEvent} */ (event);
      const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const all = [...new Set((this.lines ?? []).flatMap((series) => series.points.map(([x]) => x)))].sort((a, b) => a - b);
      const now = all.indexOf(this.#nearest(this.chart?.marker ?? all[0]));
      this.#pick(all[Math.max(0, Math.min(all.length - 1, now + step))]);
    });
  }

  /** @param {number} x */
  #pick(x) {
    if (Number.isFinite(x)) this.dispatchEvent(new CustomEvent("naepo-pick", { bubbles: true, detail: { x } }));
  }
}

customElements.define("naepo-chart", NaepoChart);
