// A picture with its name, the same numbers as a real table, and the ways to take it along.

import { h, note } from "../core/dom.js";
import { saveCsv, savePicture, savers } from "../core/export.js";
import { full } from "../core/format.js";
import { t } from "../core/i18n.js";

/**
 * @typedef {string | number | null} Cell
 * @typedef {{head: string[], rows: Cell[][]}} Table
 */

const ROWS = 1000; // rows shown; the CSV has all

/** @param {{head: string[], rows: (Cell | Node)[][]}} table */
export function tableElement({ head, rows }) {
	const shown = (/** @type {Cell | Node} */ cell) => (typeof cell === "number" ? full(cell) : cell);
	const row = (/** @type {(Cell | Node)[]} */ [first, ...rest]) =>
		h("tr", {}, h("th", { scope: "row" }, shown(first)), rest.map((cell) => h("td", {}, shown(cell))));
	const columns = head.map((name) => h("th", { scope: "col" }, name));
	const table = h("table", {}, h("thead", {}, h("tr", {}, columns)), h("tbody", {}, rows.slice(0, ROWS).map(row)));
	const more = rows.length > ROWS && note(t("path.rows_shown", { shown: ROWS, all: rows.length }));
	return h("div", { class: "table-window", tabIndex: 0 }, table, more);
}

/** The table of a picture, built when it is opened. @param {() => Table} table */
function tableDetails(table) {
	const details = h("details", { class: "table-details" }, h("summary", {}, t("path.table")));
	details.addEventListener("toggle", () => {
		details.querySelector(".table-window")?.remove();
		if (details.open) details.append(tableElement(table()));
	});
	return details;
}

/**
 * @param {{title: string, name: string, picture: HTMLElement, table: () => Table, source?: () => Element,
 *   note?: Node | string | null, tools?: Node[]}} options  name: of the files; source: what is drawn
 *   into PNG and SVG, the picture's own drawing when left out
 */
export function figure({ title, name, picture, table, source, note: words, tools = [] }) {
	const drawing = () => source?.() ?? picture.querySelector("svg, canvas") ?? picture;
	const csv = () => saveCsv(name, [table().head, ...table().rows]);
	const buttons = h("span", { class: "figure-tools" }, tools, savePicture(name, drawing), savers({ CSV: csv }));
	const head = h("figcaption", { class: "figure-head" }, h("h3", {}, title), buttons);
	return h("figure", { class: "figure" }, head, words && note(words), picture, tableDetails(table));
}
