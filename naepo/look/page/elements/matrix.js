// <naepo-matrix>: a matrix of any size on a canvas; what is no number, or beyond the scale, is a sign. Pointer and arrows read a cell
// (naepo-hover), a click or Enter chooses it (naepo-cell), + and − zoom. Behind it: a real table, and files.

import { along } from "../core/asking.js";
import { css, legend } from "../core/colour.js";
import { h, penOf } from "../core/dom.js";
import { count, full, number, shape } from "../core/format.js";
import { t } from "../core/i18n.js";
import { maxAbs, threeSigma } from "../core/numeric.js";
import { tell } from "../core/select.js";
import { paintFrame, paintNames, room } from "./matrix-labels.js";
import { paintCells, paintScale, paintSigns, strangeIn } from "./matrix-paint.js";
import { PROPERTIES, define } from "./matrix-properties.js";
import { filesOf, tableOf } from "./matrix-tools.js";

/**
 * @typedef {{row: number, col: number}} Cell
 * @typedef {import("./matrix-properties.js").Mark} Mark
 * @typedef {NaepoMatrix & typeof PROPERTIES} Matrix
 */

const ZOOMS = [8, 16, 32, 56]; // pixels a cell, beyond what fits
const LARGEST = 34; // pixels a cell when all of it fits
const TALLEST_ROW = 22;

export class NaepoMatrix extends HTMLElement {
	constructor() {
		super();
		this.values = { ...PROPERTIES };
		/** @type {Cell | null} */ this.cursor = null;
		this.zoom = 0;
		this.width = 0;
		this.isDue = false;
		this.isNew = false;
		this.reach = 1;
		this.strange = { nan: 0, below: 0, above: 0, clipped: 0 };
		/** @type {number[]} */ this.zoomable = [];
		/** @type {{width: number, height: number} | null} */ this.size = null;
		this.density = 1;
		this.grid = { x: 0, y: 0, w: 1, h: 1 };
		this.shown = { r0: 0, r1: 0, c0: 0, c1: 0 };
		this.canvas = h("canvas");
		this.sheet = h("div", { class: "matrix-sheet" }, this.canvas);
		this.scroller = h("div", { class: "matrix-scroll", tabIndex: 0, role: "application" }, this.sheet);
		this.scale = h("canvas", { class: "matrix-scale", width: 256, height: 1, "aria-hidden": true });
		this.words = h("span");
		this.readout = h("p", { class: "matrix-readout" }, this.scale, this.words);
		this.title_ = h("span", { class: "matrix-caption" });
		this.zooms = [-1, 1].map((by) => h("button", { class: "quiet", onclick: () => this.#zoomBy(by) }, by < 0 ? "−" : "+"));
		this.head = h("div", { class: "matrix-head" }, this.title_, h("span", { class: "matrix-zooms" }, this.zooms));
		this.details = h("details", { class: "matrix-details", ontoggle: () => this.#fill() });
		this.watcher = new ResizeObserver(([entry]) => this.#resized(entry.contentRect.width));
		this.#listen();
	}

	connectedCallback() {
		if (!this.firstChild) this.append(this.head, this.scroller, this.readout, this.details);
		this.watcher.observe(this);
	}

	disconnectedCallback() {
		this.watcher.disconnect();
	}

	/** What somebody has in hand here, for the matrix that is put in this one's place. */
	get hands() {
		const { zoom, cursor, scroller, details } = this;
		return { zoom, cursor, isOpen: details.open, hasFocus: scroller === document.activeElement, left: scroller.scrollLeft, top: scroller.scrollTop };
	}

	set hands({ zoom, cursor, isOpen, hasFocus, left, top }) {
		this.zoom = zoom;
		this.details.open = isOpen;
		if (hasFocus) {
			this.scroller.focus({ preventScroll: true });
			this.cursor = cursor;
		}
		if (!zoom) return;
		if (this.width) this.#layOut();
		else this.#resized(this.clientWidth);
		this.scroller.scrollTo(left, top);
		this.#paint();
	}

	/** Where a cell, a row or a column stands on the screen. @param {Mark} mark */
	boxOf({ row, col }) {
		const { left, top } = this.canvas.getBoundingClientRect();
		const { x, y, w, h: tall } = this.grid;
		const [x0, y0] = [left + x + (col ?? 0) * w - this.scroller.scrollLeft, top + y + (row ?? 0) * tall - this.scroller.scrollTop];
		return new DOMRect(x0, y0, col === null ? this.values.cols * w : w, row === null ? this.values.rows * tall : tall);
	}

	/** The number of a cell. */
	at(row, col) {
		return this.values.data[row * this.values.cols + col];
	}

	rowName(row) {
		return this.values.rowLabels?.[row] ?? String(row + this.values.rowStart);
	}

	colName(col) {
		return this.values.colLabels?.[col] ?? String(col + this.values.colStart);
	}

	/** Where the scale of a row ends. */
	limitOf(row) {
		return this.values.limits?.[row] ?? this.reach;
	}

	/** The numbers of the visible window. */
	windowed() {
		const { r0, r1, c0, c1 } = this.shown;
		const [rows, cols] = [r1 - r0, c1 - c0];
		const data = Float32Array.from({ length: rows * cols }, (_, i) => this.at(r0 + Math.floor(i / cols), c0 + (i % cols)));
		const rowNames = Array.from({ length: rows }, (_, i) => this.rowName(r0 + i));
		return { data, rows, cols, rowNames, colNames: Array.from({ length: cols }, (_, i) => this.colName(c0 + i)) };
	}

	/** Take a property over; all that came together are drawn together. @param {keyof typeof PROPERTIES} name */
	take(name, value) {
		/** @type {any} */ (this.values)[name] = value;
		if (name !== "pointed" && name !== "selected") this.isNew = true;
		if (this.isDue) return;
		this.isDue = true;
		along(() => {
			this.isDue = false;
			if (this.isNew) this.#renew();
			this.#paint();
		});
	}

	/** What changes with the numbers, not with the pointer. */
	#renew() {
		this.isNew = false;
		const { data, rows, cols, limit, kind, caption, label } = this.values;
		this.reach = limit ?? (kind === "signed" ? threeSigma(data) : Math.min(1, maxAbs(data)) || 1);
		this.strange = strangeIn(data, cols, (row) => this.limitOf(row));
		if (this.cursor && (this.cursor.row >= rows || this.cursor.col >= cols)) this.cursor = null;
		this.title_.textContent = caption;
		this.scroller.setAttribute("aria-label", `${label || caption}, ${shape([rows, cols])}. ${t("matrix.keys")}`);
		this.scroller.setAttribute("aria-roledescription", t("matrix.matrix"));
		this.zooms.forEach((button, i) => button.setAttribute("aria-label", t(i ? "matrix.zoom_in" : "matrix.zoom_out")));
		if (this.width) this.#layOut();
		this.#fill();
	}

	#resized(width) {
		if (!width || Math.abs(width - this.width) < 1) return;
		this.width = width;
		this.#layOut();
		this.#paint();
	}

	/** The size of a cell, and room for names. */
	#layOut() {
		const { rows, cols, rowLabels, colLabels, square, tallest, widest } = this.values;
		const width = Math.min(this.width, widest);
		const [left, top] = [room(rowLabels, Math.min(110, 0.32 * width)), room(colLabels, 84)];
		let w = Math.min(LARGEST, (width - left - 2) / Math.max(1, cols));
		let tall = Math.min(TALLEST_ROW, (tallest - top - 2) / Math.max(1, rows));
		if (square) w = tall = Math.min(w, (tallest - top - 2) / Math.max(1, rows));
		this.zoomable = ZOOMS.filter((size) => size > w + 1);
		this.zoom = Math.min(this.zoom, this.zoomable.length);
		if (this.zoom) {
			w = this.zoomable[this.zoom - 1];
			tall = Math.max(tall, Math.min(w, square ? w : 24));
		}
		this.grid = { x: left, y: top, w, h: tall };
		this.sheet.style.width = `${left + cols * w + 1}px`;
		this.sheet.style.height = `${top + rows * tall + 1}px`;
		this.scroller.style.maxHeight = `${tallest + 16}px`;
		const seen = this.zoom ? this.scroller : { clientWidth: width, clientHeight: tallest + 16 }; // asking costs a layout
		this.size = { width: Math.ceil(Math.min(seen.clientWidth, left + cols * w + 1)), height: Math.ceil(Math.min(seen.clientHeight, top + rows * tall + 1)) };
		this.density = Math.min(3, devicePixelRatio || 1);
		for (const side of /** @type {const} */ (["width", "height"])) {
			const pixels = Math.round(this.size[side] * this.density);
			if (this.canvas[side] !== pixels) this.canvas[side] = pixels;
			this.canvas.style[side] = `${this.size[side]}px`;
		}
		this.zooms[0].disabled = this.zoom === 0;
		this.zooms[1].disabled = this.zoom === this.zoomable.length;
	}

	#paint() {
		const { rows, cols, rowLabels, colLabels, selected, pointed, kind, data } = this.values;
		if (!this.size || !rows || !cols) return;
		const { x, y, w, h: tall } = this.grid;
		const [left, top] = this.zoom ? [this.scroller.scrollLeft, this.scroller.scrollTop] : [0, 0]; // asking costs a layout
		const before = Object.values(this.shown).join();
		this.shown = {
			r0: Math.max(0, Math.floor(top / tall)),
			r1: Math.min(rows, Math.ceil((top + this.size.height - y - 1) / tall)),
			c0: Math.max(0, Math.floor(left / w)),
			c1: Math.min(cols, Math.ceil((left + this.size.width - x - 1) / w)),
		};
		if (Object.values(this.shown).join() !== before) this.#fill();
		const pen = penOf(this.canvas);
		const grid = { x: x - left, y: y - top, w, h: tall };
		const ink = css(legend("probability")[255]);
		pen.setTransform(this.density, 0, 0, this.density, 0, 0);
		pen.clearRect(0, 0, this.size.width, this.size.height);
		pen.save();
		pen.beginPath();
		pen.rect(x, y, this.size.width - x, this.size.height - y);
		pen.clip();
		const sheet = { data, cols, kind, limit: (row) => this.limitOf(row) };
		paintCells(pen, sheet, this.shown, grid, this.density);
		if (this.strange.nan || Math.min(w, tall) >= 5) paintSigns(pen, sheet, this.shown, grid);
		pen.strokeStyle = ink;
		pen.globalAlpha = 0.35;
		pen.lineWidth = 1;
		pen.strokeRect(grid.x + 0.5, grid.y + 0.5, cols * w - 0.5, rows * tall - 0.5);
		pen.globalAlpha = 1;
		const frame = (/** @type {Mark | null} */ mark, colour, width) => mark && paintFrame(pen, mark, grid, rows, cols, { colour, width });
		frame(pointed, ink, 1);
		frame(selected, accent(), 2);
		frame(this.cursor, ink, 1.5);
		pen.restore();
		const strong = this.cursor ?? pointed ?? selected ?? { row: null, col: null };
		const { r0, r1, c0, c1 } = this.shown;
		if (rowLabels) paintNames(pen, { names: rowLabels, from: r0, to: r1, begin: grid.y, step: tall, room: x, ink, strong: strong.row, isRow: true });
		if (colLabels) paintNames(pen, { names: colLabels, from: c0, to: c1, begin: grid.x, step: w, room: y, ink, strong: strong.col, isRow: false });
		this.#read();
	}

	/** What the cell says, or where the scale ends. */
	#read() {
		const { data, kind, name, label, whole, limits } = this.values;
		if (!data.length) return;
		const cell = this.cursor;
		this.scale.hidden = cell !== null;
		if (cell) {
			const place = `${name || label}[${cell.row + this.values.rowStart}, ${cell.col + this.values.colStart}]`;
			const names = [this.values.rowLabels?.[cell.row], this.values.colLabels?.[cell.col]].filter(Boolean).join(" → ");
			const sizes = shape(whole ?? [this.values.rows, this.values.cols]);
			this.words.textContent = [`${place} = ${full(this.at(cell.row, cell.col))}`, names, sizes].filter(Boolean).join(" · ");
			return;
		}
		paintScale(this.scale, kind);
		const ends = kind === "signed" ? `±${number(this.reach)}` : `0 … ${number(this.reach)}`;
		const reach = limits ? t("matrix.own_scales") : ends;
		const { nan, below, above, clipped } = this.strange;
		const counts = Object.entries({ [t("matrix.clipped")]: clipped, NaN: nan, "−∞": below, "+∞": above }).filter(([, n]) => n);
		this.words.textContent = [reach, ...counts.map(([what, n]) => `${what}: ${count(n)}`)].join(" · ");
	}

	/** @returns {Matrix} */
	get #typed() {
		return /** @type {any} */ (this);
	}

	/** Fill what is behind the picture, when it is open. */
	#fill() {
		const summary = this.details.querySelector("summary") ?? h("summary");
		summary.textContent = t("matrix.numbers");
		this.details.replaceChildren(summary, ...(this.details.open ? [filesOf(this.#typed), ...tableOf(this.#typed)] : []));
	}

	#listen() {
		this.scroller.addEventListener("pointermove", (event) => this.#point(this.#cellAt(event)));
		this.scroller.addEventListener("pointerleave", () => this.#point(null));
		this.scroller.addEventListener("blur", () => this.#point(null));
		this.scroller.addEventListener("scroll", () => this.#scrolled());
		this.canvas.addEventListener("click", (event) => this.#choose(this.#cellAt(event)));
		this.scroller.addEventListener("keydown", (event) => this.#key(event));
	}

	#scrolled() {
		if (this.isScrolling) return;
		this.isScrolling = true;
		requestAnimationFrame(() => {
			this.isScrolling = false;
			this.#paint();
		});
	}

	/** @returns {Cell | null} */
	#cellAt(event) {
		const box = this.canvas.getBoundingClientRect();
		const [x, y] = [event.clientX - box.left, event.clientY - box.top];
		if (x < this.grid.x || y < this.grid.y) return null;
		const col = Math.floor((x + this.scroller.scrollLeft - this.grid.x) / this.grid.w);
		const row = Math.floor((y + this.scroller.scrollTop - this.grid.y) / this.grid.h);
		return row >= 0 && col >= 0 && row < this.values.rows && col < this.values.cols ? { row, col } : null;
	}

	/** @param {Cell | null} cell */
	#point(cell) {
		if (cell?.row === this.cursor?.row && cell?.col === this.cursor?.col) return;
		this.cursor = cell;
		this.#paint();
		this.#tell("naepo-hover", cell);
	}

	/** @param {Cell | null} cell */
	#tell(what, cell) {
		tell(this, what, cell && { ...cell, value: this.at(cell.row, cell.col) });
	}

	/** @param {Cell | null} cell */
	#choose(cell) {
		if (cell) this.#tell("naepo-cell", cell);
	}

	#key(event) {
		if (event.ctrlKey || event.metaKey || event.altKey) return;
		const { rows, cols, selected } = this.values;
		const page = Math.max(1, Math.floor((this.size?.height ?? 1) / this.grid.h) - 1);
		/** @type {Record<string, number[]>} */
		const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -cols], End: [0, cols], PageUp: [-page, 0], PageDown: [page, 0] };
		const move = moves[event.key];
		if (event.key === "+" || event.key === "=") this.#zoomBy(1);
		else if (event.key === "-") this.#zoomBy(-1);
		else if (event.key === "Enter" && this.cursor) this.#choose(this.cursor);
		else if (event.key === "Escape") this.#point(null);
		else if (!move) return;
		event.preventDefault();
		event.stopPropagation();
		if (!move) return;
		const from = this.cursor ?? { row: (selected?.row ?? 0) - move[0], col: (selected?.col ?? 0) - move[1] };
		const within = (i, n) => Math.max(0, Math.min(n - 1, i));
		this.#point({ row: within(from.row + move[0], rows), col: within(from.col + move[1], cols) });
		this.#reveal();
	}

	#zoomBy(by) {
		const { row, col } = this.cursor ?? this.values.selected ?? { row: 0, col: 0 };
		this.zoom = Math.max(0, Math.min(this.zoomable.length, this.zoom + by));
		this.#layOut();
		this.#reveal({ row: row ?? 0, col: col ?? 0 });
		this.#paint();
	}

	/** Scroll so that a cell is in sight. */
	#reveal(cell = this.cursor) {
		if (!cell || !this.size) return;
		const { x, y, w, h: tall } = this.grid;
		const near = (from, size, at, seen) =>
			at < from ? at : at + size > from + seen ? at + size - seen : from;
		this.scroller.scrollLeft = near(this.scroller.scrollLeft, w, cell.col * w, this.size.width - x);
		this.scroller.scrollTop = near(this.scroller.scrollTop, tall, cell.row * tall, this.size.height - y);
	}
}

const accent = () => getComputedStyle(document.documentElement).getPropertyValue("--accent").trim();

define(NaepoMatrix);
customElements.define("naepo-matrix", NaepoMatrix);
