// The names along the rows and columns of a matrix, and the frames around what is chosen or pointed at.

import { h, penOf } from "../core/dom.js";

/** @typedef {import("./matrix-paint.js").Grid} Grid */

const FONT = "11px system-ui, sans-serif";
const LINE = 12; // pixels that a name needs

/** @type {any} */
let pen = null;

/** Pixels that the longest name takes. @param {string[] | undefined} names */
export function room(names, most) {
	if (!names?.length) return 0;
	pen ??= penOf(h("canvas"));
	pen.font = `bold ${FONT}`; // as the marked one is written
	return Math.min(most, Math.ceil(Math.max(...names.map((name) => pen.measureText(name).width))) + 8);
}

/** A name cut to a width. */
function fitted(pen, name, width) {
	if (pen.measureText(name).width <= width) return name;
	const parts = [...name];
	while (parts.length > 1 && pen.measureText(`${parts.join("")}…`).width > width) parts.pop();
	return `${parts.join("")}…`;
}

/**
 * The names along one side: those of rows end at the cells, those of columns stand on them. Where not all fit, some are left out.
 * @param {CanvasRenderingContext2D} pen
 * @param {{names: string[], from: number, to: number, begin: number, step: number, room: number, ink: string, strong: number | null, isRow: boolean}} side
 *   begin: pixel where the first cell begins; step: size of a cell; room: pixels for a name
 */
export function paintNames(pen, { names, from, to, begin, step, room: long, ink, strong, isRow }) {
	const every = Math.max(1, Math.ceil(LINE / step));
	Object.assign(pen, { textAlign: isRow ? "right" : "left", textBaseline: "middle", fillStyle: ink });
	for (let i = from; i < to; i++) {
		if (i % every && i !== strong) continue;
		if (strong !== null && i !== strong && Math.abs(i - strong) * step < LINE) continue;
		pen.font = i === strong ? `bold ${FONT}` : FONT;
		const [middle, end] = [begin + (i + 0.5) * step, long - 5];
		pen.save();
		pen.translate(isRow ? end : middle, isRow ? middle : end);
		if (!isRow) pen.rotate(-Math.PI / 2);
		pen.fillText(fitted(pen, names[i] ?? "", long - 8), 0, 0);
		pen.restore();
	}
}

/**
 * A frame round a cell; round a whole row or column where the other index is null.
 * @param {CanvasRenderingContext2D} pen @param {{row: number | null, col: number | null}} at @param {Grid} grid
 * @param {number} rows @param {number} cols @param {{colour: string, width: number}} line
 */
export function paintFrame(pen, { row, col }, grid, rows, cols, line) {
	if (row === null && col === null) return;
	const [x, y] = [grid.x + (col ?? 0) * grid.w, grid.y + (row ?? 0) * grid.h];
	const [w, h] = [col === null ? cols * grid.w : grid.w, row === null ? rows * grid.h : grid.h];
	const spare = Math.max(0, 3 - Math.min(w, h)) / 2; // a line around less than three pixels would hide them
	pen.strokeStyle = line.colour;
	pen.lineWidth = line.width;
	pen.strokeRect(x - spare, y - spare, w + 2 * spare, h + 2 * spare);
}
