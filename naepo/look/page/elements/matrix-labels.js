// The names along the rows and columns of a matrix, and the frames around what is chosen or pointed at.

/** @typedef {import("./matrix-paint.js").Part} Part @typedef {import("./matrix-paint.js").Grid} Grid */

const FONT = "11px system-ui, sans-serif";
const LINE = 12; // pixels that a name needs

/** @type {CanvasRenderingContext2D | null} */
let ruler = null;

/** Pixels that the longest name takes. @param {string[] | undefined} names @param {number} most */
export function room(names, most) {
	if (!names?.length) return 0;
	ruler ??= document.createElement("canvas").getContext("2d");
	const pen = /** @type {CanvasRenderingContext2D} */ (ruler);
	pen.font = `bold ${FONT}`; // as the marked one is written
	return Math.min(most, Math.ceil(Math.max(...names.map((name) => pen.measureText(name).width))) + 8);
}

/** A name cut to a width. @param {CanvasRenderingContext2D} pen @param {string} name @param {number} width */
function fitted(pen, name, width) {
	if (pen.measureText(name).width <= width) return name;
	const parts = [...name];
	while (parts.length > 1 && pen.measureText(`${parts.join("")}…`).width > width) parts.pop();
	return `${parts.join("")}…`;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {{names: string[], part: Part, grid: Grid, room: number, ink: string, strong: number | null}} rows
 */
export function paintRowNames(pen, { names, part, grid, room: width, ink, strong }) {
	const every = Math.max(1, Math.ceil(LINE / grid.h));
	pen.textAlign = "right";
	pen.textBaseline = "middle";
	pen.fillStyle = ink;
	for (let r = part.r0; r < part.r1; r++) {
		if (r % every && r !== strong) continue;
		if (strong !== null && r !== strong && Math.abs(r - strong) * grid.h < LINE) continue;
		pen.font = r === strong ? `bold ${FONT}` : FONT;
		pen.fillText(fitted(pen, names[r] ?? "", width - 8), width - 5, grid.y + (r + 0.5) * grid.h);
	}
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {{names: string[], part: Part, grid: Grid, room: number, ink: string, strong: number | null}} columns
 */
export function paintColumnNames(pen, { names, part, grid, room: height, ink, strong }) {
	const every = Math.max(1, Math.ceil(LINE / grid.w));
	pen.textAlign = "left";
	pen.textBaseline = "middle";
	pen.fillStyle = ink;
	for (let c = part.c0; c < part.c1; c++) {
		if (c % every && c !== strong) continue;
		if (strong !== null && c !== strong && Math.abs(c - strong) * grid.w < LINE) continue;
		pen.font = c === strong ? `bold ${FONT}` : FONT;
		pen.save();
		pen.translate(grid.x + (c + 0.5) * grid.w, height - 5);
		pen.rotate(-Math.PI / 2);
		pen.fillText(fitted(pen, names[c] ?? "", height - 8), 0, 0);
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
