// <naepo-line>: a number line with its points above it, marks and stretches below.

import { drawing, svg } from "../core/dom.js";
import { Drawn } from "../elements/drawn.js";

const EDGE = 24; // pixels on either side
const ROW = 16; // pixels a row of names
const LETTER = 7;

/** Lay names in rows, so that none covers another. @param {{at: number, text: string}[]} names */
function rowsOf(names) {
	/** @type {number[]} */ const ends = [];
	return names.map(({ at, text }) => {
		const half = (LETTER * [...text].length) / 2 + 4;
		let row = ends.findIndex((end) => end <= at - half);
		if (row < 0) row = ends.push(0) - 1;
		ends[row] = at + half;
		return row;
	});
}

class NaepoLine extends Drawn {
	paint(width) {
		const { marks, spans, caption } = this.content;
		const known = marks.filter(({ x }) => x !== null);
		const ends = [...known.map(({ x }) => x), ...spans.flatMap(([low, high]) => [low, high]), 0].filter((x) => x !== null);
		const [low, high] = [Math.min(...ends), Math.max(...ends)];
		const scale = (width - 2 * EDGE) / (high - low || 1);
		const at = (x) => EDGE + (x - low) * scale;
		const sorted = [...known].sort((one, other) => one.x - other.x);
		const told = (mark) => ({ ...mark, at: at(mark.x), text: `${mark.name} ${mark.text}` });
		const inside = ({ at: place, text }) => Math.max(text.length * LETTER * 0.5, Math.min(width - text.length * LETTER * 0.5, place));
		const above = sorted.filter(({ kind }) => kind !== "mark").map(told);
		const below = sorted.filter(({ kind }) => kind === "mark").map(told);
		const [up, down] = [rowsOf(above), rowsOf(below)];
		const axis = 18 + ROW * (Math.max(-1, ...up) + 1);
		const floor = axis + 14 + ROW * (Math.max(-1, ...down) + 1);
		const height = floor + ROW * spans.length + 6;
		const point = (mark, i) =>
			svg("g", { class: mark.kind }, svg("line", { class: "stem", x1: mark.at, x2: mark.at, y1: axis, y2: axis - 10 - ROW * up[i] }), svg("circle", { cx: mark.at, cy: axis, r: 5 }), svg("text", { x: inside(mark), y: axis - 12 - ROW * up[i], "text-anchor": "middle" }, mark.text));
		const tick = (mark, i) =>
			svg("g", { class: "mark" }, svg("line", { x1: mark.at, x2: mark.at, y1: axis - 7, y2: axis + 9 + ROW * down[i] }), svg("text", { x: inside(mark), y: axis + 21 + ROW * down[i], "text-anchor": "middle" }, mark.text));
		const span = ([from, to, name], i) => {
			const y = floor + ROW * i + 8;
			return svg("g", { class: "span" }, svg("line", { x1: at(from), x2: at(to), y1: y, y2: y }), svg("text", { x: Math.min(width - name.length * LETTER, at(to) + 6), y: y + 4 }, name));
		};
		const zero = svg("g", { class: "zero" }, svg("line", { x1: at(0), x2: at(0), y1: axis - 4, y2: axis + 4 }));
		const picture = drawing(width, height, caption || above.concat(below).map(({ text }) => text).join(", "), { class: "number-line" });
		picture.append(svg("line", { class: "axis", x1: 4, x2: width - 4, y1: axis, y2: axis }), zero, ...below.map(tick), ...above.map(point), ...spans.map(span));
		this.frame.replaceChildren(picture);
	}
}

customElements.define("naepo-line", NaepoLine);
