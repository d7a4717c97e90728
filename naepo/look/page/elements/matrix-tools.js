// What goes with each matrix: the numbers of the visible window as a real table, and files to take along.

import { getFile } from "../core/api.js";
import { h, note } from "../core/dom.js";
import { download, saveCsv, savePicture, savers } from "../core/export.js";
import { count, full } from "../core/format.js";
import { t } from "../core/i18n.js";

/** @typedef {import("./matrix.js").Matrix} Matrix */

const MOST = 64; // rows and columns of a table

/** The numbers in NumPy's own format, version 1.0. */
export function npyOf(data, rows, cols) {
	const said = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${cols}), }`;
	const length = 64 * Math.ceil((said.length + 11) / 64) - 10;
	const head = new Uint8Array(10 + length);
	head.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]);
	head.set(new TextEncoder().encode(`${said.padEnd(length - 1)}\n`), 10);
	return new Blob([head, Float32Array.from(data)], { type: "application/octet-stream" });
}

/** At most so many indices from first up to end, around one of them. */
function around(at, first, end) {
	const from = Math.max(first, Math.min(at - MOST / 2, end - MOST));
	return Array.from({ length: Math.min(MOST, end - from) }, (_, i) => from + i);
}

/** @param {Matrix} matrix */
export function tableOf(matrix) {
	const { shown: part, cursor, rowStart, colStart } = matrix;
	const rows = around(cursor?.row ?? 0, part.r0, part.r1);
	const cols = around(cursor?.col ?? 0, part.c0, part.c1);
	const cell = (r, c) => h("td", { dataset: { row: r + rowStart, col: c + colStart } }, full(matrix.at(r, c)));
	const line = (r) => h("tr", {}, h("th", { scope: "row" }, matrix.rowName(r)), cols.map((c) => cell(r, c)));
	const head = h("tr", {}, h("td", {}, matrix.dims.join(" \\ ")), cols.map((c) => h("th", { scope: "col" }, matrix.colName(c))));
	const isCut = rows.length * cols.length < matrix.rows * matrix.cols;
	const told = { rows: rows.length, cols: cols.length, all: `${count(matrix.rows)} × ${count(matrix.cols)}` };
	const nodes = [
		isCut ? note(t("matrix.cut", told)) : null,
		h(
			"div",
			{ class: "table-window", tabIndex: 0 },
			h("table", {}, h("caption", {}, matrix.label), h("thead", {}, head), h("tbody", {}, rows.map(line))),
		),
	];
	return nodes.filter((node) => node !== null);
}

/** The buttons that save files. @param {Matrix} matrix */
export function filesOf(matrix) {
	const name = (matrix.name || matrix.label || "matrix").replace(/[^\w.-]+/g, "_");
	const csv = () => {
		const { data, rows, cols, rowNames, colNames } = matrix.windowed();
		const lines = Array.from({ length: rows }, (_, r) => [rowNames[r], ...data.slice(r * cols, (r + 1) * cols)]);
		saveCsv(name, [["", ...colNames], ...lines]);
	};
	const npy = () => {
		const { data, rows, cols } = matrix.windowed();
		download(`${name}.npy`, npyOf(data, rows, cols));
	};
	const whole = (format) => async () => download(`${name}.${format}`, await getFile("/look/export", { ...matrix.source, format }));
	return h(
		"p",
		{ class: "matrix-files" },
		savePicture(name, () => matrix.canvas, t("matrix.picture")),
		savers({ CSV: csv, NPY: npy }, t("matrix.window")),
		matrix.source && [h("span", { class: "note" }, t("matrix.whole")), savers({ CSV: whole("csv"), NPY: whole("npy") }, t("matrix.whole"))],
	);
}
