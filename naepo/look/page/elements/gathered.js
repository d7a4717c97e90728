// What one position gathers in one head: each weight times its value, their sum, and what the step gave.

import { agree, h, matrixOf, maxAbs, note, on, rowOf, select, t } from "./stage.js";

/**
 * @param {{weights: Float32Array, values: Float32Array, mixed: Float32Array, size: number, names: string[], position: number, head: number, group: number}} of
 *   weights: of the position, time; values: of the group, time × size; mixed: of the position, size
 */
export function gathered({ weights, values, mixed, size, names, position, head, group }) {
	const seen = position + 1;
	const scaled = new Float32Array(seen * size);
	const sum = new Float64Array(size);
	for (let j = 0; j < seen; j++) {
		for (let i = 0; i < size; i++) {
			scaled[j * size + i] = weights[j] * values[j * size + i];
			sum[i] += weights[j] * values[j * size + i];
		}
	}
	const columns = { cols: size, dims: [t("attention.seen"), t("attention.column")] };
	const limit = Math.max(maxAbs(scaled), maxAbs(mixed)) || 1;
	const rows = matrixOf({ ...columns, rows: seen, label: "w · v", caption: "w_j · v_j", limit, rowLabels: names.slice(0, seen), data: scaled });
	on(rows, "naepo-cell", (detail) => select(rows, { position: detail.row }));
	const both = Float32Array.from([...sum, ...mixed]);
	const words = [`Σ ${t("op.total")}`, t("attention.mixed_row")];
	const ends = matrixOf({ ...columns, rows: 2, label: "Σ w · v, mixed", caption: "Σ_j w_j · v_j", limit, rowLabels: words, data: both });
	return [
		h("h3", {}, t("attention.gathered", { position, head })),
		note(t("attention.gathered_note", { group })),
		rows,
		ends,
		agree("gathered", t("attention.gathered_check", { position, head }), sum, mixed),
	];
}

/** Largest distance of the row sums from 1, and the largest weight where there should be none. @param {Float32Array} weights @param {number} heads @param {number} time @param {{from: number, to: number}} rows */
export function sharesOf(weights, heads, time, { from, to }) {
	let [sums, hidden] = [0, 0];
	for (let row = 0; row < heads * (to - from); row++) {
		const cells = rowOf(weights, row, time);
		const last = from + (row % (to - from));
		let sum = 0;
		for (let j = 0; j < time; j++) {
			sum += cells[j];
			if (j > last) hidden = Math.max(hidden, Math.abs(cells[j]));
		}
		sums = Math.max(sums, Math.abs(sum - 1));
	}
	return { sums, hidden };
}
