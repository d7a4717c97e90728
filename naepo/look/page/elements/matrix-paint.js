// A part of a matrix as pixels: colour for what is a number, signs for what is none or lies beyond the scale.

import { css, inkOn, legend, pixel } from "../core/colour.js";
import { h, penOf } from "../core/dom.js";
import { number } from "../core/format.js";

/**
 * @typedef {"signed" | "probability"} Kind
 * @typedef {{data: ArrayLike<number>, cols: number, kind: Kind, limit: (row: number) => number}} Sheet
 * @typedef {{r0: number, r1: number, c0: number, c1: number}} Part  rows r0 to r1 − 1, columns c0 to c1 − 1
 * @typedef {{x: number, y: number, w: number, h: number}} Grid  where cell (0, 0) begins, and the size of a cell
 */

const TEXT = 28; // pixels from which a cell holds its number
const SIGN = 5; // pixels from which a cell holds a sign
const MOST_CROSSES = 400; // crosses drawn over cells that are smaller than they

/** @type {WeakMap<object, Uint32Array>} */
const packed = new WeakMap();

/** @param {Kind} kind */
function palette(kind) {
	const colours = legend(kind);
	const found = packed.get(colours) ?? Uint32Array.from(colours, pixel);
	packed.set(colours, found);
	return found;
}
/** Paper, and a faint ink on it, for the hatching of what is no number. @returns {[number, number]} */
function hatching() {
	const [paper, ink] = [legend("signed")[128], legend("probability")[255]];
	return [pixel(paper), pixel(paper.map((side, i) => Math.round(side + 0.3 * (ink[i] - side))))];
}

/** Where on a scale of 256 colours. @param {Kind} kind */
function step(x, limit, kind) {
	const share = x / limit;
	return kind === "signed" ? Math.round((Math.max(-1, Math.min(1, share)) + 1) * 127.5) : Math.round(255 * Math.max(0, Math.min(1, share)));
}

/** Of the numbers of a rectangle the one farthest from 0; what is no number comes first. @param {Sheet} sheet @param {Part} part */
function farthestOf({ data, cols }, { r0, r1, c0, c1 }) {
	let found = 0;
	for (let r = r0; r < r1; r++) {
		for (let i = r * cols + c0; i < r * cols + c1; i++) {
			if (!Number.isFinite(data[i])) return data[i];
			if (Math.abs(data[i]) > Math.abs(found)) found = data[i];
		}
	}
	return found;
}

/**
 * One pixel a cell, or where there are more cells than pixels, the number farthest from 0 of those under a pixel.
 * @param {Sheet} sheet @param {Part} part @param {number} widest pixels @param {number} tallest
 */
export function imageOf(sheet, part, widest, tallest) {
	const [rows, cols] = [part.r1 - part.r0, part.c1 - part.c0];
	const [width, height] = [Math.min(cols, Math.max(1, Math.round(widest))), Math.min(rows, Math.max(1, Math.round(tallest)))];
	const image = new ImageData(width, height);
	const pixels = new Uint32Array(image.data.buffer);
	const [colours, [paper, hatch]] = [palette(sheet.kind), hatching()];
	const isPooled = width < cols || height < rows;
	for (let y = 0; y < height; y++) {
		const [r0, r1] = [part.r0 + Math.floor((y * rows) / height), part.r0 + Math.floor(((y + 1) * rows) / height)];
		const limit = sheet.limit(r0);
		for (let x = 0; x < width; x++) {
			const [c0, c1] = [part.c0 + Math.floor((x * cols) / width), part.c0 + Math.floor(((x + 1) * cols) / width)];
			const value = isPooled ? farthestOf(sheet, { r0, r1, c0, c1 }) : sheet.data[r0 * sheet.cols + c0];
			if (Number.isFinite(value)) pixels[y * width + x] = colours[step(value, limit, sheet.kind)];
			else pixels[y * width + x] = (x + y) & 1 ? hatch : paper;
		}
	}
	return image;
}

/** @type {any} */
let scratch = null;

/** Draw a part where the grid says. @param {Sheet} sheet @param {Part} part @param {Grid} grid @param {number} density device pixels in one */
export function paintCells(pen, sheet, part, grid, density = 1) {
	const [width, height] = [(part.c1 - part.c0) * grid.w, (part.r1 - part.r0) * grid.h];
	if (!(width > 0 && height > 0)) return;
	const image = imageOf(sheet, part, width * density, height * density);
	scratch ??= h("canvas");
	[scratch.width, scratch.height] = [image.width, image.height];
	penOf(scratch, { willReadFrequently: true }).putImageData(image, 0, 0);
	pen.imageSmoothingEnabled = false;
	pen.drawImage(scratch, 0, 0, image.width, image.height, grid.x + part.c0 * grid.w, grid.y + part.r0 * grid.h, width, height);
}

/** The signs: × for NaN, +∞ and −∞, a corner for what the scale clips; and numbers where they fit. @param {Sheet} sheet @param {Part} part @param {Grid} grid */
export function paintSigns(pen, sheet, part, grid) {
	const [ink, hasText] = [css(legend("probability")[255]), grid.w >= TEXT && grid.h >= 14];
	const isLarge = Math.min(grid.w, grid.h) >= SIGN;
	const strokes = new Path2D();
	const corners = new Path2D();
	const corner = Math.min(6, grid.w / 3, grid.h / 2);
	let crosses = 0;
	pen.textAlign = "center";
	pen.textBaseline = "middle";
	pen.font = `${grid.w >= 44 ? 11 : 9}px system-ui, sans-serif`;
	for (let r = part.r0; r < part.r1; r++) {
		const limit = sheet.limit(r) * (1 + 1e-6);
		for (let c = part.c0; c < part.c1; c++) {
			const value = sheet.data[r * sheet.cols + c];
			const [x, y] = [grid.x + (c + 0.5) * grid.w, grid.y + (r + 0.5) * grid.h];
			if (Number.isNaN(value)) {
				if (isLarge || crosses++ < MOST_CROSSES) cross(strokes, x, y, Math.max(3, Math.min(grid.w, grid.h, 14) / 3));
			} else if (!isLarge) continue;
			else if (hasText) writeNumber(pen, sheet, value, limit, { x, y, w: grid.w });
			else if (!Number.isFinite(value)) infinity(strokes, value, x, y, Math.min(grid.w, grid.h) / 4);
			if (isLarge && grid.w >= 8 && Math.abs(value) > limit && Number.isFinite(value)) {
				const [right, top] = [grid.x + (c + 1) * grid.w, grid.y + r * grid.h];
				corners.moveTo(right - corner, top);
				corners.lineTo(right, top);
				corners.lineTo(right, top + corner);
				corners.closePath();
			}
		}
	}
	pen.strokeStyle = pen.fillStyle = ink;
	pen.lineWidth = 1.25;
	pen.stroke(strokes);
	pen.fill(corners);
}

function cross(path, x, y, size) {
	path.moveTo(x - size, y - size);
	path.lineTo(x + size, y + size);
	path.moveTo(x + size, y - size);
	path.lineTo(x - size, y + size);
}

/** A plus or a minus, as there is no room for ∞. */
function infinity(path, value, x, y, size) {
	path.moveTo(x - size, y);
	path.lineTo(x + size, y);
	if (value < 0) return;
	path.moveTo(x, y - size);
	path.lineTo(x, y + size);
}

/** @param {CanvasRenderingContext2D} pen @param {Sheet} sheet @param {number} value @param {number} limit @param {{x: number, y: number, w: number}} at */
function writeNumber(pen, sheet, value, limit, { x, y, w }) {
	const colours = legend(sheet.kind);
	pen.fillStyle = Number.isFinite(value) ? inkOn(colours[step(value, limit, sheet.kind)]) : css(legend("probability")[255]);
	pen.fillText(w >= 44 ? number(value) : sheet.kind === "probability" && value > 0 && value < 0.01 ? "<.01" : short(value), x, y + 0.5, w - 2);
}

/** Two digits, for narrow cells. */
function short(x) {
	const size = Math.abs(x);
	if (!Number.isFinite(x) || x === 0 || size >= 100 || size < 0.01) return size < 0.01 && x !== 0 ? (x < 0 ? "−0" : "+0") : number(x);
	return x.toPrecision(2).replace("-", "−");
}

/** A bar from one end of a scale to the other. @param {HTMLCanvasElement} canvas 256 × 1 @param {Kind} kind */
export function paintScale(canvas, kind) {
	const image = new ImageData(256, 1);
	new Uint32Array(image.data.buffer).set(palette(kind));
	penOf(canvas).putImageData(image, 0, 0);
}

/** Count what a scale cannot show. @param {(row: number) => number} limitOf */
export function strangeIn(data, cols, limitOf) {
	const found = { nan: 0, below: 0, above: 0, clipped: 0 };
	for (let r = 0, i = 0; i < data.length; r++) {
		const limit = limitOf(r) * (1 + 1e-6);
		for (let c = 0; c < cols && i < data.length; c++, i++) {
			const value = data[i];
			if (value !== value) found.nan += 1;
			else if (value === Infinity) found.above += 1;
			else if (value === -Infinity) found.below += 1;
			else if (value > limit || value < -limit) found.clipped += 1;
		}
	}
	return found;
}
