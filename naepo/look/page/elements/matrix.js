// <naepo-matrix>: a matrix as colours, with a cursor, its numbers on demand and a real table. Large ones scroll: only the
// visible window is drawn.

import { h } from "../core/dom.js";
import { full, number } from "../core/format.js";
import { t } from "../core/i18n.js";
import { maxAbs, threeSigma } from "../core/numeric.js";
import { imageOf, inkOf, paint, windowOf } from "./matrix-paint.js";
import { toolsOf } from "./matrix-tools.js";

/** @typedef {import("./matrix-paint.js").Cross} Cross */

const LARGEST = { wide: 44, high: 20 };
const TALLEST = 340;
const LEFT = 76;
const TOP = 64;

export class NaepoMatrix extends HTMLElement {
  constructor() {
    super();
    /** @type {ArrayLike<number>} */ this.numbers = new Float32Array(0);
    this.rows = 0;
    this.cols = 0;
    /** @type {number | null} */ this.limit = null;
    /** @type {"signed" | "probability"} */ this.kind = "signed";
    /** @type {string[] | null} */ this.rowLabels = null;
    /** @type {string[] | null} */ this.colLabels = null;
    this.label = "";
    this.rowName = "";
    this.colName = "";
    this.fileName = "";
    this.origin = { row: 0, col: 0 }; // where the first cell stands in the whole tensor
    this.bare = false; // without tools
    this.square = false;
    this.tallest = TALLEST;
    /** @type {import("../core/api.js").Params | null} */ this.source = null; // what /look/export is asked for
    /** @type {Cross | null} */ this.cursor = null;
    /** @type {Cross | null} */ this.mark = null;
    /** @type {Cross | null} */ this.linked = null;
    /** @type {number | null} */ this.cell = null; // pixels of a cell that somebody has zoomed to
    this.isPlanned = false;
    /** @type {import("./matrix-paint.js").Sheet | null} */ this.sheet = null;
    this.canvas = h("canvas", { role: "img" });
    this.extent = h("div", { class: "matrix-extent" }, this.canvas);
    this.window = h("div", { class: "matrix-window", tabIndex: 0, role: "group" }, this.extent);
    this.readout = h("p", { class: "readout", "aria-live": "polite" });
    this.watcher = new ResizeObserver(() => this.clientWidth !== this.drawnWidth && this.plan());
    this.drawnWidth = -1;
    this.tools = null;
    this.#listen();
  }

  connectedCallback() {
    if (!this.firstChild) this.append(this.window, this.readout);
    this.watcher.observe(this);
    this.plan();
  }

  disconnectedCallback() {
    this.watcher.disconnect();
  }

  get data() {
    return this.numbers;
  }

  /** @param {ArrayLike<number>} data */
  set data(data) {
    this.numbers = data;
    this.sheet = null;
    this.plan();
  }

  get selected() {
    return this.mark;
  }

  /** @param {Cross | null} cross what is selected everywhere, drawn as a frame */
  set selected(cross) {
    this.mark = cross;
    this.plan();
  }

  /** @param {Cross | null} cross what a linked matrix points at */
  set cross(cross) {
    this.linked = cross;
    this.plan();
  }

  /** @param {number} row @param {number} col */
  at(row, col) {
    return this.numbers[row * this.cols + col];
  }

  /** @param {"row" | "col"} axis @param {number} i */
  nameOf(axis, i) {
    return (axis === "row" ? this.rowLabels : this.colLabels)?.[i] ?? String(i + this.origin[axis]);
  }

  visible() {
    return this.sheet && this.place ? windowOf(this.sheet, this.place) : { row: 0, col: 0, lastRow: this.rows, lastCol: this.cols };
  }

  /** Draw before the next frame, once for all that was set. */
  plan() {
    if (this.isPlanned || !this.isConnected) return;
    this.isPlanned = true;
    queueMicrotask(() => {
      this.isPlanned = false;
      if (this.isConnected) this.#draw();
    });
  }

  #draw() {
    const isNew = !this.sheet;
    const { rows, cols, kind, rowLabels, colLabels, numbers: data } = this;
    const limit = this.limit ?? (kind === "signed" ? threeSigma(data) : maxAbs(data) || 1);
    this.sheet ??= { data, rows, cols, kind, limit, image: imageOf(data, rows, cols, kind, limit), rowLabels, colLabels };
    if (isNew || this.clientWidth !== this.drawnWidth) this.#measure();
    if (isNew) this.#dress();
    this.#paint();
  }

  /** How large a cell is, and which part of the matrix fits. */
  #measure() {
    this.drawnWidth = this.clientWidth;
    const [left, top] = [this.rowLabels ? LEFT : 0, this.colLabels ? TOP : 0];
    const room = Math.max(40, (this.clientWidth || 320) - left);
    let wide = Math.max(1, Math.min(LARGEST.wide, room / this.cols));
    let high = this.square ? wide : Math.min(LARGEST.high, Math.max(wide, Math.min(16, 160 / this.rows)));
    if (!this.square) high = Math.max(1, Math.min(high, Math.max(this.tallest / this.rows, wide >= 28 ? 12 : 1)));
    else wide = high = Math.max(1, Math.min(wide, Math.max(6, this.tallest / this.rows)));
    if (this.cell) [wide, high] = [this.cell, this.square ? this.cell : Math.max(high, Math.min(this.cell, LARGEST.high))];
    const whole = { width: left + wide * this.cols, height: top + high * this.rows };
    const width = Math.min(whole.width, this.clientWidth || whole.width);
    const height = Math.min(whole.height, Math.max(this.tallest + top, 60));
    Object.assign(this.extent.style, { width: `${whole.width}px`, height: `${whole.height}px` });
    this.window.style.maxHeight = `${height + (whole.width > width ? 14 : 0)}px`;
    const ratio = globalThis.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: Math.ceil(width * ratio), height: Math.ceil(height * ratio) });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    this.place = { left, top, wide, high, x: 0, y: 0, width, height };
    this.ink = inkOf(this);
  }

  #dress() {
    const words = t("matrix.label", { label: this.label, rows: this.rows, cols: this.cols });
    this.window.setAttribute("aria-label", `${words} ${t("matrix.keys")}`);
    this.canvas.setAttribute("aria-label", words);
    this.ink = inkOf(this);
    if (this.bare) return;
    const wasOpen = this.tools?.details.open ?? false;
    this.tools?.bar.remove();
    this.tools?.details.remove();
    this.tools = toolsOf(this);
    this.tools.details.open = wasOpen;
    this.append(this.tools.bar, this.tools.details);
    this.#read();
  }

  #paint() {
    if (!this.place || !this.sheet || !this.ink) return;
    Object.assign(this.place, { x: this.window.scrollLeft, y: this.window.scrollTop });
    const pen = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    const ratio = globalThis.devicePixelRatio || 1;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(pen, this.sheet, this.place, this.ink, { cursor: this.cursor, cross: this.linked, selected: this.mark });
  }

  /** Double or halve the cells; 0 fits the matrix again. @param {number} step */
  zoom(step) {
    const now = this.place?.wide ?? 1;
    this.cell = step === 0 ? null : Math.max(1, Math.min(88, step > 0 ? now * 2 : now / 2));
    this.#measure();
    this.#show(this.cursor ?? this.mark);
    this.tools?.fill();
  }

  /** Scroll a cell into the window. @param {Cross | null} at */
  #show(at) {
    if (at && this.place) {
      const { wide, high, left, top, width, height } = this.place;
      const [x, y] = [(at.col ?? 0) * wide, (at.row ?? 0) * high];
      const { scrollLeft, scrollTop } = this.window;
      if (x < scrollLeft || x + wide > scrollLeft + width - left) this.window.scrollLeft = x - (width - left) / 2;
      if (y < scrollTop || y + high > scrollTop + height - top) this.window.scrollTop = y - (height - top) / 2;
    }
    this.#paint();
  }

  #read() {
    const legend = t(this.kind === "signed" ? "matrix.scale" : "matrix.scale_share", { limit: number(this.sheet?.limit ?? 0) });
    if (this.cursor?.row == null || this.cursor?.col == null) return (this.readout.textContent = legend);
    const { row, col } = this.cursor;
    const names = { row: `${this.rowName} ${this.nameOf("row", row)}`, col: `${this.colName} ${this.nameOf("col", col)}` };
    this.readout.textContent = t("matrix.readout", { ...names, value: full(this.at(row, col)) });
  }

  /** @param {Cross | null} at */
  #move(at) {
    if (at?.row === this.cursor?.row && at?.col === this.cursor?.col) return;
    this.cursor = at;
    this.#paint();
    this.#read();
    this.#say("naepo-hover", at);
  }

  /** @param {string} event @param {Cross | null} at */
  #say(event, at) {
    const detail = at && { row: (at.row ?? 0) + this.origin.row, col: (at.col ?? 0) + this.origin.col, value: this.at(at.row ?? 0, at.col ?? 0) };
    this.dispatchEvent(new CustomEvent(event, { bubbles: true, detail }));
  }

  #listen() {
    const at = (/** @type {PointerEvent} */ event) => {
      const box = this.canvas.getBoundingClientRect();
      if (!this.place) return null;
      const col = Math.floor((event.clientX - box.left - this.place.left + this.place.x) / this.place.wide);
      const row = Math.floor((event.clientY - box.top - this.place.top + this.place.y) / this.place.high);
      return row >= 0 && col >= 0 && row < this.rows && col < this.cols ? { row, col } : null;
    };
    this.canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => this.#move(at(event)));
    this.canvas.addEventListener("pointerleave", () => this.#move(null));
    this.canvas.addEventListener("click", (/** @type {PointerEvent} */ event) => at(event) && this.#say("naepo-cell", at(event)));
    this.window.addEventListener("scroll", () => this.#paint(), { passive: true });
    this.window.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#key(event));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    /** @type {Record<string, [number, number]>} */
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -1e9], End: [0, 1e9], PageUp: [-16, 0], PageDown: [16, 0] }; // prettier-ignore
    const zooms = /** @type {Record<string, number>} */ ({ "+": 1, "-": -1, "=": 1 });
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && this.cursor) this.#say("naepo-cell", this.cursor);
    else if (event.key in zooms) this.zoom(zooms[event.key]);
    else if (event.key in moves) {
      const from = this.cursor ?? { row: this.mark?.row ?? 0, col: this.mark?.col ?? 0 };
      const [down, right] = this.cursor ? moves[event.key] : [0, 0];
      const inside = (/** @type {number} */ i, /** @type {number} */ n) => Math.max(0, Math.min(n - 1, i));
      this.#move({ row: inside((from.row ?? 0) + down, this.rows), col: inside((from.col ?? 0) + right, this.cols) });
      this.#show(this.cursor);
    } else return;
    event.preventDefault();
  }
}

customElements.define("naepo-matrix", NaepoMatrix);
