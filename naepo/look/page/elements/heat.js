// <naepo-heat>: a small grid of named rows and columns, each cell coloured by its number and, where it fits, showing it.
// A pointer or the arrow keys read a cell; a click or Enter chooses it (naepo-cell).

import { css, diverging, inkOn, sequential } from "../core/colour.js";
import { drawing, number, svg } from "./stage.js";
import { Drawn, shortened } from "./drawn.js";

/**
 * @typedef {{rows: string[], columns: string[], values: ArrayLike<number>, kind: "signed" | "probability", label: string,
 *   limit?: number, texts?: string[], width?: number, least?: number, height?: number,
 *   selected?: {row: number, col: number} | null, strong?: (at: number) => boolean}} Heat
 *   values: row by row, NaN where there is none; texts: written in place of the numbers; width, height: of a cell, in pixels;
 *   least: width to which cells shrink to fit; strong: cells that are framed
 */

const TOP = 22; // pixels for the names of the columns
/** @type {Record<string, number[]>} */
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

class NaepoHeat extends Drawn {
	constructor() {
		super();
		this.cursor = { row: 0, col: 0 };
		this.size = { margin: 0, width: 0, height: 0, limit: 1 };
	}

	/** @param {number} room pixels */
	paint(room) {
		/** @type {Heat} */
		const heat = this.content;
		const [rows, cols] = [heat.rows.length, heat.columns.length];
		const margin = Math.min(230, 12 + 7.2 * Math.max(1, ...heat.rows.map((name) => [...name].length)));
		const fitting = heat.least ? Math.max(heat.least, Math.floor((room - margin - 2) / cols)) : Infinity;
		const [width, height] = [Math.min(heat.width ?? 44, fitting), heat.height ?? 28];
		const limit = heat.limit ?? (Array.from(heat.values).reduce((most, x) => (Math.abs(x) > most ? Math.abs(x) : most), 0) || 1);
		this.size = { margin, width, height, limit };
		this.cursor = heat.selected ?? this.cursor;
		const [wide, tall] = [margin + width * cols + 1, TOP + height * rows + 1];
		const picture = drawing(wide, tall, heat.label, { class: "heat", tabindex: 0 });
		picture.append(...this.names(heat), ...Array.from({ length: rows * cols }, (_, at) => this.cell(heat, at)).flat());
		this.mark = svg("rect", { class: "heat-mark", width: width - 1, height: height - 1, fill: "none" });
		picture.append(this.mark);
		this.listen(picture);
		this.frame.replaceChildren(picture);
		this.read(heat.selected ?? null);
	}

	/** @param {Heat} heat */
	names({ rows, columns }) {
		const { margin, width, height } = this.size;
		const every = Math.max(1, Math.ceil(Math.max(...columns.map((name) => name.length * 7 + 6)) / width));
		const name = (text, x, y, anchor) =>
			svg("text", { class: "axis", x, y, "text-anchor": anchor }, text);
		const most = Math.floor((margin - 8) / 6.6);
		return [
			...columns.map((text, i) => name(i % every ? "" : text, margin + (i + 0.5) * width, 14, "middle")),
			...rows.map((text, i) => name(shortened(text, most), margin - 8, TOP + (i + 0.5) * height + 4, "end")),
		];
	}

	/** @param {Heat} heat */
	cell(heat, at) {
		const { margin, width, height, limit } = this.size;
		const value = heat.values[at];
		const x = margin + (at % heat.columns.length) * width;
		const y = TOP + Math.floor(at / heat.columns.length) * height;
		const scale = heat.kind === "signed" ? diverging(value, limit) : sequential(value / limit);
		const colour = Number.isFinite(value) ? scale : null;
		const strong = heat.strong?.(at) ? "strong" : "";
		const box = svg("rect", { x, y, width: width - 1, height: height - 1, fill: colour ? css(colour) : "none", class: strong });
		const text = heat.texts?.[at] ?? (width >= 38 && height >= 20 ? number(value) : "");
		if (!text) return [box];
		const place = { x: x + (width - 1) / 2, y: y + height / 2 + 4, "text-anchor": "middle" };
		const fill = colour ? inkOn(colour) : "currentColor";
		return [box, svg("text", { class: "cell", fill, ...place }, shortened(text, Math.floor(width / 7)))];
	}

	listen(picture) {
		const at = (/** @type {any} */ event) => {
			const box = picture.getBoundingClientRect();
			const row = Math.floor((event.clientY - box.top - TOP) / this.size.height);
			return this.inside(row, Math.floor((event.clientX - box.left - this.size.margin) / this.size.width));
		};
		picture.addEventListener("pointermove", (event) => this.read(at(event)));
		picture.addEventListener("pointerleave", () => this.read(this.content.selected ?? null));
		picture.addEventListener("click", (event) => this.choose(at(event)));
		picture.addEventListener("keydown", (event) => {
			const { key } = /** @type {KeyboardEvent} */ (event);
			if (key === "Enter") return this.choose(this.cursor);
			if (!MOVES[key]) return;
			event.preventDefault();
			event.stopPropagation();
			this.cursor = this.inside(this.cursor.row + MOVES[key][0], this.cursor.col + MOVES[key][1]) ?? this.cursor;
			this.read(this.cursor);
		});
	}

	inside(row, col) {
		return row >= 0 && col >= 0 && row < this.content.rows.length && col < this.content.columns.length ? { row, col } : null;
	}

	/** @param {{row: number, col: number} | null} at */
	read(at) {
		const { rows, columns, values, texts } = this.content;
		this.mark?.setAttribute("visibility", at ? "visible" : "hidden");
		this.readout.textContent = " ";
		if (!at) return;
		this.mark?.setAttribute("x", String(this.size.margin + at.col * this.size.width));
		this.mark?.setAttribute("y", String(TOP + at.row * this.size.height));
		const i = at.row * columns.length + at.col;
		this.readout.textContent = `${rows[at.row]} · ${columns[at.col]}: ${texts?.[i] ?? ""} ${number(values[i])}`;
	}

	/** @param {{row: number, col: number} | null} at */
	choose(at) {
		if (!at) return;
		this.cursor = at;
		this.read(at);
		this.tell("naepo-cell", at);
	}
}

customElements.define("naepo-heat", NaepoHeat);
