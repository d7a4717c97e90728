// The page does the sum itself: y = x · Wᵀ + b of the numbers it shows, in float64.

import { agree, linear, t } from "./stage.js";

const MOST = 3e7; // multiplications; beyond it only the rows around the chosen position

/**
 * @param {{x: Float32Array, w: Float32Array, b: Float32Array | null, y: Float32Array, rows: number, inner: number, cols: number, position: number}} shown
 *   w: cols × inner
 */
export function recomputed({ x, w, b, y, rows, inner, cols, position }) {
	const some = Math.max(1, Math.min(rows, Math.floor(MOST / (inner * cols))));
	const first = Math.max(0, Math.min(rows - some, position - Math.floor(some / 2)));
	const own = linear(x.subarray(first * inner, (first + some) * inner), w, some, inner, cols, b);
	const given = y.subarray(first * cols, (first + some) * cols);
	const words = t("op.recomputed", { bias: b ? " + b" : "", rows: some, cols });
	return agree("recomputed", words, own, given);
}

/** A matrix on its side. */
export function transposed(data, rows, cols) {
	const turned = new Float32Array(data.length);
	for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) turned[c * rows + r] = data[r * cols + c];
	return turned;
}

/** Heads side by side, as a linear map reads them: head × time × size becomes time × (head · size). @param {{data: Float32Array, shape: number[]}} tensor */
export function merged({ data, shape }) {
	if (shape.length < 3) return { data, shape };
	const [heads, time, size] = shape;
	const flat = new Float32Array(data.length);
	for (let h = 0; h < heads; h++)
		for (let at = 0; at < time; at++) flat.set(data.subarray((h * time + at) * size, (h * time + at + 1) * size), (at * heads + h) * size);
	return { data: flat, shape: [time, heads * size] };
}
