// A picture of a step with its caption, and the same numbers as a real table behind it.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import "../elements/bars.js";
import "../elements/chart.js";
import "../elements/matrix.js";
import "./gathered.js";
import "./line.js";
import "./plane.js";
import { Listen } from "./sound.js";

const PROSE = 24; // letters beyond which a cell is a sentence that wraps
const WIDE = 8; // columns
const [CELL, LABELS] = [57, 48]; // pixels: of a cell, and of the names beside it
const OPEN = new Set(["table", "code"]); // shown as they are

/** What draws a kind of block: an element, and how it is given its numbers. @type {Record<string, () => {element: any, draw: (block: any) => void}>} */
const DRAWN = {
	table: () => drawn(h("div"), (place, { table, marks }) => place.replaceChildren(tableOf(table, marks))),
	code: () => drawn(h("pre", { tabIndex: 0 }), (place, { text }) => (place.textContent = text)),
	bars: () => drawn(h("naepo-bars"), (place, { bars, plain, caption }) => (place.data = { bars: bars.map((bar) => ({ ...bar, value: bar.value ?? NaN })), plain, label: caption })),
	chart: () => drawn(h("naepo-chart"), (place, { series, x, y, log, caption }) => (place.data = { series, x, y, log, label: caption || y })),
	line: () => drawn(h("naepo-line"), (place, block) => (place.data = block)),
	plane: () => drawn(h("naepo-plane"), (place, block) => (place.data = block)),
	links: () => drawn(h("naepo-gathered"), (place, block) => (place.data = block)),
	matrix: () => drawn(h("naepo-matrix"), fillMatrix),
	equation: () => drawn(h("div", { class: "equation" }), fillEquation),
	sound: () => {
		const listen = new Listen();
		return { element: listen.element, draw: (block) => (listen.block = block) };
	},
};

/** @param {(element: any, block: any) => void} fill */
const drawn = (element, fill) => ({ element, draw: (block) => fill(element, block) });

export class Picture {
	constructor(block) {
		this.kind = block.kind;
		const { element, draw } = DRAWN[block.kind]();
		this.draw = draw;
		this.caption = h("figcaption");
		this.details = h("details", { class: "table-details", ontoggle: () => this.#fill() }, h("summary", {}, t("path.table")));
		this.element = h("figure", { class: `figure ${block.kind}-figure` }, this.caption, element, OPEN.has(block.kind) ? null : this.details);
	}

	update(block) {
		this.block = block;
		this.caption.textContent = block.caption;
		this.caption.hidden = !block.caption;
		this.draw(block);
		this.#fill();
	}

	#fill() {
		this.details.querySelector(".table-window")?.remove();
		if (this.details.open) this.details.append(tableOf(this.block.table));
	}
}

/** A cell is a text, or a text and all its digits. */
const cell = (tag, said, props = {}) => (Array.isArray(said) ? h(tag, { ...props, title: said[1] }, said[0]) : h(tag, props, said));

/** @param {{head: string[], rows: any[][]}} table @param {number[][]} marks of cells that stand out */
function tableOf({ head, rows }, marks = []) {
	const isMarked = (r, c) => marks.some(([row, col]) => row === r && col === c);
	const body = rows.map(([first, ...rest], r) => h("tr", {}, cell("th", first, { scope: "row" }), rest.map((said, c) => cell("td", said, isMarked(r, c + 1) ? { class: "marked" } : {}))));
	const columns = head.map((name) => h("th", { scope: "col" }, name));
	const isProse = rows.some((row) => row.some((said) => typeof said === "string" && said.length > PROSE));
	return h("div", { class: "table-window", tabIndex: 0 }, h("table", isProse ? { class: "prose" } : {}, h("thead", {}, h("tr", {}, columns)), h("tbody", {}, body)));
}

function fillMatrix(element, { values, rows, cols, name, share, limit, mark, caption }) {
	const selected = mark && { row: mark[0], col: mark[1] };
	element.zoom = values[0].length <= WIDE ? 1 : 0; // few cells are large enough for their numbers
	const data = Float32Array.from(values.flat(), (x) => x ?? NaN);
	const shown = { data, rows: values.length, cols: values[0].length, kind: share ? "probability" : "signed", limit, rowLabels: rows ?? undefined, colLabels: cols ?? undefined };
	Object.assign(element, { ...shown, name, label: name || caption, selected, tallest: 320, widest: 720 });
}

/** Matrices keep their elements while only their numbers change. */
function fillEquation(place, { parts }) {
	const kinds = parts.map((part) => (typeof part === "string" ? part : "m")).join(" ");
	if (place.dataset.kinds !== kinds) {
		place.dataset.kinds = kinds;
		place.replaceChildren(...parts.map((part) => (typeof part === "string" ? h("span", { class: "sign" }, part) : h("div", { class: "term" }, h("naepo-matrix")))));
	}
	parts.forEach((part, i) => {
		if (typeof part === "string") return;
		const matrix = place.children[i].firstChild;
		fillMatrix(matrix, part);
		Object.assign(matrix, { caption: part.caption || part.name });
		place.children[i].style.flexBasis = `${LABELS + CELL * part.values[0].length}px`;
		place.children[i].style.flexShrink = part.values[0].length > WIDE ? "1000" : "1"; // what is narrow keeps its numbers
	});
}
