// <naepo-heat>: a small grid of named rows and columns, each cell coloured by its number and, where it fits, showing it.
// A pointer or the arrow keys read a cell; a click or Enter chooses it (naepo-cell).

import { diverging, sequential } from "../core/colour.js";
import { h, svg } from "../core/dom.js";
import { number } from "../core/format.js";

/**
 * @typedef {{rows: string[], columns: string[], values: ArrayLike<number>, kind: "signed" | "probability",
 *   label: string, limit?: number, texts?: string[], width?: number, least?: number, height?: number, margin?: number,
 *   selected?: {row: number, column: number} | null, strong?: (row: number, column: number) => boolean}} Heat
 *   values: row by row, NaN where there is none; texts: written in the cells in place of the numbers;
 *   strong: cells framed because they matter; width, height: of a cell; least: width to which cells shrink to fit
 */

const TOP = 22; // pixels for the names of the columns

/** @param {string} text @param {number} most characters */
export function shortened(text, most) {
  const parts = [...text];
  return parts.length <= most ? text : `${parts.slice(0, most - 1).join("")}…`;
}

/** Ink that can be read on a colour. @param {number[]} rgb */
export const inkOn = ([red, green, blue]) => (0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#141414" : "#fafafa");

export class NaepoHeat extends HTMLElement {
  constructor() {
    super();
    /** @type {Heat | null} */ this.heat = null;
    this.cursor = { row: 0, column: 0 };
    this.readout = h("p", { class: "readout", "aria-live": "polite" });
    this.frame = h("div", { class: "heat-frame" });
    this.watcher = new ResizeObserver(() => this.heat?.least && this.clientWidth !== this.drawn && this.#draw());
    this.drawn = 0;
  }

  connectedCallback() {
    if (!this.firstChild) this.append(this.frame, this.readout);
    this.watcher.observe(this);
  }

  disconnectedCallback() {
    this.watcher.disconnect();
  }

  /** @param {Heat} heat */
  set data(heat) {
    this.heat = heat;
    this.cursor = heat.selected ?? { row: 0, column: 0 };
    this.#draw();
  }

  get limit() {
    const { limit, values } = /** @type {Heat} */ (this.heat);
    if (limit) return limit;
    let most = 0;
    for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) most = Math.max(most, Math.abs(values[i]));
    return most || 1;
  }

  #draw() {
    const heat = /** @type {Heat} */ (this.heat);
    const longest = Math.max(...heat.rows.map((name) => [...name].length), 1);
    const margin = heat.margin ?? Math.min(230, 12 + 7.2 * longest);
    const height = heat.height ?? 28;
    this.drawn = this.clientWidth;
    const room = heat.least && this.drawn ? Math.floor((this.drawn - margin - 2) / heat.columns.length) : Infinity;
    const width = Math.min(heat.width ?? 44, Math.max(heat.least ?? 0, room));
    const [wide, tall] = [margin + width * heat.columns.length + 1, TOP + height * heat.rows.length + 1];
    const limit = this.limit;
    const picture = svg("svg", {
      class: "heat",
      width: wide,
      height: tall,
      viewBox: `0 0 ${wide} ${tall}`,
      role: "img",
      tabindex: 0,
      "aria-label": heat.label,
    });
    picture.append(...this.#names(heat, margin, width, height));
    for (let row = 0; row < heat.rows.length; row++)
      for (let column = 0; column < heat.columns.length; column++)
        picture.append(...this.#cell(heat, { row, column, margin, width, height, limit }));
    this.mark = svg("rect", { class: "heat-mark", width: width - 1, height: height - 1, fill: "none" });
    picture.append(this.mark);
    this.#listen(picture, { margin, width, height });
    this.place = { margin, width, height };
    this.frame.replaceChildren(picture);
    this.#read(heat.selected ? this.cursor : null);
  }

  /** @param {Heat} heat @param {number} margin @param {number} width @param {number} height */
  #names(heat, margin, width, height) {
    const every = Math.max(1, Math.ceil(Math.max(...heat.columns.map((name) => name.length * 7 + 6)) / width));
    const columns = heat.columns.map((name, i) =>
      i % every ? null : svg("text", { class: "axis", x: margin + (i + 0.5) * width, y: 14, "text-anchor": "middle" }, name),
    );
    const most = Math.floor((margin - 8) / 6.6);
    const rows = heat.rows.map((name, i) => {
      const y = TOP + (i + 0.5) * height + 4;
      return svg("text", { class: "axis", x: margin - 8, y, "text-anchor": "end" }, shortened(name, most));
    });
    return [...columns.filter((name) => name !== null), ...rows];
  }

  /**
   * @param {Heat} heat
   * @param {{row: number, column: number, margin: number, width: number, height: number, limit: number}} at
   */
  #cell(heat, { row, column, margin, width, height, limit }) {
    const value = heat.values[row * heat.columns.length + column];
    const [x, y] = [margin + column * width, TOP + row * height];
    const colour = Number.isFinite(value)
      ? heat.kind === "signed"
        ? diverging(value, limit)
        : sequential(Math.max(0, Math.min(1, value / limit)))
      : null;
    const fill = colour ? `rgb(${colour.map(Math.round).join(",")})` : "none";
    const strong = heat.strong?.(row, column);
    const box = svg("rect", { x, y, width: width - 1, height: height - 1, fill, class: strong ? "strong" : "" });
    const text = heat.texts?.[row * heat.columns.length + column] ?? (width >= 38 && height >= 20 ? number(value) : "");
    if (!text) return [box];
    const ink = colour ? inkOn([...colour]) : "currentColor";
    const shown = shortened(text, Math.floor(width / 7));
    const [middle, base] = [x + (width - 1) / 2, y + height / 2 + 4];
    return [box, svg("text", { class: "cell", x: middle, y: base, "text-anchor": "middle", fill: ink }, shown)];
  }

  /** @param {Element} picture @param {{margin: number, width: number, height: number}} place */
  #listen(picture, place) {
    /** @param {any} event */
    const at = (event) => {
      const box = picture.getBoundingClientRect();
      const column = Math.floor((event.clientX - box.left - place.margin) / place.width);
      const row = Math.floor((event.clientY - box.top - TOP) / place.height);
      return this.#has(row, column) ? { row, column } : null;
    };
    picture.addEventListener("pointermove", (event) => this.#read(at(event)));
    picture.addEventListener("pointerleave", () => this.#read(this.heat?.selected ?? null));
    picture.addEventListener("click", (event) => this.#choose(at(event)));
    picture.addEventListener("keydown", (event) => this.#key(/** @type {KeyboardEvent} */ (event)));
  }

  /** @param {number} row @param {number} column */
  #has(row, column) {
    const heat = /** @type {Heat} */ (this.heat);
    return row >= 0 && column >= 0 && row < heat.rows.length && column < heat.columns.length;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    /** @type {Record<string, number[]>} */
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (event.key === "Enter") return this.#choose(this.cursor);
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    const next = { row: this.cursor.row + move[0], column: this.cursor.column + move[1] };
    if (this.#has(next.row, next.column)) this.cursor = next;
    this.#read(this.cursor);
  }

  /** @param {{row: number, column: number} | null} at */
  #read(at) {
    const heat = /** @type {Heat} */ (this.heat);
    const { margin, width, height } = this.place ?? { margin: 0, width: 0, height: 0 };
    this.mark?.setAttribute("visibility", at ? "visible" : "hidden");
    this.readout.textContent = " ";
    if (!at) return;
    this.mark?.setAttribute("x", String(margin + at.column * width));
    this.mark?.setAttribute("y", String(TOP + at.row * height));
    const i = at.row * heat.columns.length + at.column;
    const text = heat.texts?.[i] ? `${heat.texts[i]}  ` : "";
    this.readout.textContent = `${heat.rows[at.row]} · ${heat.columns[at.column]}: ${text}${number(heat.values[i])}`;
  }

  /** @param {{row: number, column: number} | null} at */
  #choose(at) {
    if (!at) return;
    this.cursor = at;
    this.#read(at);
    const value = /** @type {Heat} */ (this.heat).values[at.row * /** @type {Heat} */ (this.heat).columns.length + at.column];
    this.dispatchEvent(new CustomEvent("naepo-cell", { bubbles: true, detail: { row: at.row, col: at.column, value } }));
  }
}

customElements.define("naepo-heat", NaepoHeat);
