// <naepo-bars>: signed bars on one axis, one a name. A bar that stands for something can be chosen (naepo-bar {index}).

import { diverging } from "../core/colour.js";
import { h, svg } from "../core/dom.js";
import { full, number } from "../core/format.js";

/**
 * @typedef {{name: string, value: number, other?: number, chosen?: boolean, title?: string}} Bar
 *   other: a second value, drawn as a line across the bar (before a change, another model)
 * @typedef {{bars: Bar[], label: string, limit?: number, plain?: boolean, write?: (bar: Bar) => string,
 *   margin?: number, room?: number}} Bars  plain: one tone for all;
 *   room: pixels for what is written at the right
 */

const LINE = 20; // pixels a bar
const ROOM = 64;

/** @param {number[]} rgb */
const css = (rgb) => `rgb(${rgb.map(Math.round).join(",")})`;

export class NaepoBars extends HTMLElement {
  constructor() {
    super();
    this.frame = h("div", { class: "bars-frame" });
    this.watcher = new ResizeObserver(() => this.clientWidth !== this.drawn && this.#draw());
    this.drawn = 0;
    /** @type {Bars | null} */ this.content = null;
  }

  connectedCallback() {
    if (!this.firstChild) this.append(this.frame);
    this.watcher.observe(this);
  }

  disconnectedCallback() {
    this.watcher.disconnect();
  }

  /** @param {Bars} content */
  set data(content) {
    this.content = content;
    this.#draw();
  }

  #draw() {
    this.drawn = this.clientWidth;
    if (!this.content) return;
    const { bars, label, margin: wanted, room = ROOM } = this.content;
    const width = Math.max(260, this.clientWidth || 640);
    const longest = Math.max(1, ...bars.map(({ name }) => [...name].length));
    const margin = wanted ?? Math.min(width * 0.38, 14 + 7.4 * longest);
    const values = bars.flatMap(({ value, other }) => [value, other ?? 0]).filter(Number.isFinite);
    const [low, high] = [Math.min(0, ...values), Math.max(this.content.limit ?? 0, 1e-30, ...values)];
    const scale = (width - margin - room) / (high - low);
    const height = LINE * bars.length + 2;
    const picture = svg("svg", { class: "bars", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    const zero = margin - low * scale;
    bars.forEach((bar, i) => picture.append(this.#bar(bar, i, { margin, zero, scale, most: Math.max(high, -low), width })));
    picture.append(svg("line", { class: "grid", x1: zero, x2: zero, y1: 0, y2: height }));
    this.frame.replaceChildren(picture);
  }

  /**
   * @param {Bar} bar
   * @param {number} i
   * @param {{margin: number, zero: number, scale: number, most: number, width: number}} place
   */
  #bar(bar, i, { margin, zero, scale, most, width }) {
    const { plain, write = ({ value }) => number(value) } = /** @type {Bars} */ (this.content);
    const y = i * LINE;
    const value = Number.isFinite(bar.value) ? bar.value : 0;
    const [left, right] = [zero + Math.min(0, value) * scale, zero + Math.max(0, value) * scale];
    const fill = plain ? "currentColor" : css([...diverging(value, most)]);
    const shown = [...bar.name].length * 6.6 > margin ? `${[...bar.name].slice(0, Math.floor(margin / 6.6) - 1).join("")}…` : bar.name;
    const group = svg(
      "g",
      { class: `bar-line${bar.chosen ? " chosen" : ""}`, on: { click: () => this.#choose(i) } },
      svg("title", {}, `${bar.title ?? bar.name}: ${full(bar.value)}`),
      svg("rect", { class: "hit", x: 0, y, width, height: LINE, fill: "transparent" }),
      svg("text", { class: "axis", x: margin - 8, y: y + 14, "text-anchor": "end" }, shown),
      svg("rect", { class: plain ? "ink" : "", x: left, y: y + 3, width: Math.max(0.5, right - left), height: LINE - 6, fill }),
      this.#written(write(bar), bar.other === undefined ? Math.max(zero, right) + 5 : null, y, width),
    );
    if (bar.other !== undefined && Number.isFinite(bar.other)) {
      const x = zero + bar.other * scale;
      group.append(svg("line", { class: "other", x1: x, x2: x, y1: y + 1, y2: y + LINE - 1 }));
    }
    return group;
  }

  /** The number after its bar; at the edge where a second value may lie anywhere. @param {string} text @param {number | null} x @param {number} y @param {number} width */
  #written(text, x, y, width) {
    const place = x === null ? { x: width - 2, "text-anchor": "end" } : { x };
    return svg("text", { class: "cell", y: y + 14, ...place }, text);
  }

  /** @param {number} index */
  #choose(index) {
    this.dispatchEvent(new CustomEvent("naepo-bar", { bubbles: true, detail: { index } }));
  }
}

customElements.define("naepo-bars", NaepoBars);
