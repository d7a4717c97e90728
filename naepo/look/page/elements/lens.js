// The lens: the likeliest ids if the stream went to the output right after each layer.

import { h } from "../core/dom.js";
import { number, percent } from "../core/format.js";
import { t } from "../core/i18n.js";
import "./chart.js";
import { figure } from "./figure.js";
import "./heat.js";
import { stageName } from "./part-names.js";

/** @typedef {{layers: import("../views/path.js").Layer[]}} Lens */

/**
 * From which layer on the final answer leads: the first time, and for good.
 * @param {Lens} lens
 */
export function leads({ layers }) {
  const answer = layers[layers.length - 1].top[0].id;
  const leading = layers.map(({ top }) => top[0].id === answer);
  return { answer, first: leading.indexOf(true), stays: leading.lastIndexOf(false) + 1 };
}

/** @param {Lens} lens @param {number | null} followed an id to frame; null: the final answer */
export function lensHeat({ layers }, followed) {
  const answer = followed ?? layers[layers.length - 1].top[0].id;
  const width = Math.max(...layers.map(({ top }) => top.length));
  const cells = layers.flatMap(({ top }) => Array.from({ length: width }, (_, rank) => top[rank] ?? null));
  const heat = /** @type {import("./heat.js").NaepoHeat} */ (h("naepo-heat", {}));
  heat.data = {
    rows: layers.map(({ op }, i) => (i === layers.length - 1 ? t("path.answer") : stageName(op))),
    columns: Array.from({ length: width }, (_, rank) => String(rank + 1)),
    values: cells.map((cell) => cell?.probability ?? NaN),
    texts: cells.map((cell) => (cell ? `${cell.label} ${percent(cell.probability)}` : " ")),
    kind: "probability",
    limit: 1,
    width: 104,
    least: 76,
    label: t("path.lens"),
    strong: (row, column) => cells[row * width + column]?.id === answer,
  };
  heat.addEventListener("naepo-cell", (event) => {
    const { row, col } = /** @type {CustomEvent} */ (event).detail;
    const id = cells[row * width + col]?.id;
    if (id !== undefined) heat.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail: { id } }));
  });
  return heat;
}

/** @param {Lens} lens */
function lensTable({ layers }) {
  const width = Math.max(...layers.map(({ top }) => top.length));
  const ranks = Array.from({ length: width }, (_, rank) => [`${rank + 1}`, t("path.id"), t("path.probability")]).flat();
  const rows = layers.map(({ op, entropy, top }) => [
    op,
    entropy,
    ...Array.from({ length: width }, (_, i) => [top[i]?.label ?? null, top[i]?.id ?? null, top[i]?.probability ?? null]).flat(),
  ]);
  return { head: [t("path.depth"), t("path.entropy"), ...ranks], rows };
}

/** @param {Lens} lens */
function entropyChart({ layers }) {
  const chart = /** @type {import("./chart.js").NaepoChart} */ (h("naepo-chart", {}));
  chart.data = {
    series: [{ name: "", points: layers.map(({ entropy }, i) => [i, entropy]), dots: true }],
    x: t("path.depth"),
    y: t("path.entropy"),
    label: t("path.entropy_label"),
    height: 130,
    xName: (i) => (layers[i] ? (i === layers.length - 1 ? t("path.answer") : stageName(layers[i].op)) : String(i)),
  };
  return chart;
}

/** @param {Lens} lens @param {number | null} followed */
export function lensPicture(lens, followed) {
  const { first, stays } = leads(lens);
  const { layers } = lens;
  const name = (/** @type {number} */ at) => (at === layers.length - 1 ? t("path.answer") : stageName(layers[at].op));
  const label = layers[layers.length - 1].top[0].label;
  const words = first === stays ? "path.leads" : "path.leads_again";
  const told = t(words, { label, first: name(first), stays: name(stays) });
  const ends = { from: number(layers[0].entropy), to: number(layers[layers.length - 1].entropy) };
  const picture = h("div", {}, lensHeat(lens, followed), entropyChart(lens));
  return [
    figure({ title: t("path.lens"), name: "lens", picture, note: t("path.lens_note"), table: () => lensTable(lens) }),
    h("p", { class: "finding" }, told, " ", t("path.entropy_note", ends)),
  ];
}
