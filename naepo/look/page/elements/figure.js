// A picture with its name, the same numbers as a real table, and the ways to take it along.

import { h } from "../core/dom.js";
import { download, pngOf, svgOf } from "../core/export.js";
import { full } from "../core/format.js";
import { t } from "../core/i18n.js";

/**
 * @typedef {string | number | null} Cell
 * @typedef {{head: string[], rows: Cell[][]}} Table
 */

const ROWS = 1000; // rows shown; the CSV has all

/** @param {Cell} cell */
const shown = (cell) => (typeof cell === "number" ? full(cell) : (cell ?? ""));

/** @param {Cell} cell */
function quoted(cell) {
  const text = String(cell ?? "");
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A table as comma-separated text. @param {Table} table */
export const csvText = ({ head, rows }) => [head, ...rows].map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";

/** @param {Table} table */
function tableElement({ head, rows }) {
  const body = rows.slice(0, ROWS).map((row) =>
    h(
      "tr",
      {},
      row.map((cell, i) => (i === 0 ? h("th", { scope: "row" }, shown(cell)) : h("td", {}, shown(cell)))),
    ),
  );
  const columns = h(
    "tr",
    {},
    head.map((name) => h("th", { scope: "col" }, name)),
  );
  return h(
    "div",
    { class: "table-window", tabIndex: 0 },
    h("table", {}, h("thead", {}, columns), h("tbody", {}, body)),
    rows.length > ROWS ? h("p", { class: "note" }, t("path.rows_shown", { shown: ROWS, all: rows.length })) : null,
  );
}

/** The table of a picture, built when it is opened. @param {() => Table} table */
export function tableDetails(table) {
  const details = h("details", { class: "table-details" }, h("summary", {}, t("path.table")));
  details.addEventListener("toggle", () => {
    details.querySelector(".table-window")?.remove();
    if (details.open) details.append(tableElement(table()));
  });
  return details;
}

/**
 * @param {{title: string, name: string, picture: HTMLElement, table: () => Table, source?: () => Element,
 *   note?: Node | string | null, tools?: Node[], level?: number}} options  name: of the files; source: what is drawn
 *   into PNG and SVG, the picture's own drawing when left out
 */
export function figure({ title, name, picture, table, source, note = null, tools = [], level = 3 }) {
  const drawing = () => source?.() ?? picture.querySelector("svg, canvas") ?? picture;
  /** @param {string} text @param {() => void | Promise<void>} act */
  const button = (text, act) => h("button", { type: "button", class: "quiet", on: { click: act } }, text);
  const csv = () => download(`${name}.csv`, new Blob(["\ufeff", csvText(table())], { type: "text/csv" }));
  return h(
    "figure",
    { class: "figure" },
    h(
      "figcaption",
      { class: "figure-head" },
      h(`h${level}`, {}, title),
      h(
        "span",
        { class: "figure-tools" },
        tools,
        button("PNG", async () => download(`${name}.png`, await pngOf(drawing()))),
        button("SVG", async () => download(`${name}.svg`, await svgOf(drawing()))),
        button("CSV", csv),
      ),
    ),
    note ? h("p", { class: "note" }, note) : null,
    picture,
    tableDetails(table),
  );
}
