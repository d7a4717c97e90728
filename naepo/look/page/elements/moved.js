// Every weight matrix over the kept checkpoints: its norm, how far it went from the first, how much it turned.

import { h } from "../core/dom.js";
import { number } from "../core/format.js";
import { t } from "../core/i18n.js";
import "./chart.js";
import { figure } from "./figure.js";
import "./heat.js";

/**
 * @typedef {{name: string, norm: number[], moved?: number[], turned?: number[]}} Matrix
 * @typedef {"norm" | "moved" | "turned" | "gradient"} Measure  gradient: the norms, as they are
 */

const MEASURES = /** @type {const} */ (["moved", "norm", "turned"]);

/** Matrix names are long; what repeats in all of them is left out. @param {string} name */
const shortName = (name) => name.replace(/\.weight$/, "").replace(/^blocks\./, "");

/**
 * The numbers of one measure; "turned" lies between two checkpoints and belongs to the later one.
 * @param {Matrix} matrix
 * @param {Measure} measure
 * @param {number} n checkpoints
 */
function valuesOf(matrix, measure, n) {
  const values = (matrix[measure === "gradient" ? "norm" : measure] ?? []).map((value) => value ?? NaN);
  return values.length < n ? [...Array(n - values.length).fill(NaN), ...values] : values;
}

/**
 * Rows of matrices, columns of steps; a click tells the step and draws the row as a line.
 * @param {{steps: number[], matrices: Matrix[]}} record
 * @param {Measure} measure
 * @param {(step: number) => void} choose
 * @param {HTMLElement} line where the chosen row is drawn
 */
function heatOf({ steps, matrices }, measure, choose, line) {
  const table = matrices.map((matrix) => valuesOf(matrix, measure, steps.length));
  const grown = table.map((values) => values.map((value) => value / values[0] - 1));
  const picture = /** @type {import("./heat.js").NaepoHeat} */ (h("naepo-heat", {}));
  const width = Math.max(14, Math.min(56, Math.floor(640 / steps.length)));
  picture.data = {
    rows: matrices.map(({ name }) => shortName(name)),
    columns: steps.map(String),
    values: (measure === "norm" ? grown : table).flat(),
    texts: measure === "norm" && width >= 44 ? table.flat().map(number) : undefined,
    kind: measure === "norm" ? "signed" : "probability",
    label: t(`training.${measure}`),
    width,
    height: 20,
  };
  picture.addEventListener("naepo-cell", (event) => {
    const { row, col } = /** @type {CustomEvent} */ (event).detail;
    choose(steps[col]);
    line.replaceChildren(rowChart(matrices[row].name, steps, table[row], measure));
  });
  return picture;
}

/** @param {string} name @param {number[]} steps @param {number[]} values @param {string} measure */
function rowChart(name, steps, values, measure) {
  const chart = /** @type {import("./chart.js").NaepoChart} */ (h("naepo-chart", {}));
  chart.data = {
    series: [{ name, points: steps.map((step, i) => [step, values[i]]), dots: true }],
    x: t("training.step"),
    y: t(`training.${measure}`),
    label: `${name}: ${t(`training.${measure}`)}`,
    height: 150,
  };
  return h("div", {}, h("h4", {}, name), chart);
}

/** @param {{steps: number[], matrices: Matrix[]}} record @param {(step: number) => void} choose */
export function movedPicture(record, choose) {
  /** @type {Measure} */
  let measure = "moved";
  const holder = h("div", {});
  const line = h("div", {});
  const note = h("p", { class: "note" });
  const draw = () => {
    note.textContent = t(`training.${measure}_note`);
    holder.replaceChildren(heatOf(record, measure, choose, line));
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(MEASURES[i] === measure)));
  };
  const buttons = MEASURES.map((each) => h("button", { type: "button", class: "chip" }, t(`training.${each}`)));
  buttons.forEach((button, i) =>
    button.addEventListener("click", () => {
      measure = MEASURES[i];
      line.replaceChildren();
      draw();
    }),
  );
  draw();
  const table = () => ({
    head: [t("training.matrix"), ...MEASURES.flatMap((each) => record.steps.map((step) => `${t(`training.${each}`)} ${step}`))],
    rows: record.matrices.map((matrix) => [matrix.name, ...MEASURES.flatMap((each) => valuesOf(matrix, each, record.steps.length))]),
  });
  const picture = h("div", {}, h("p", { class: "chips" }, buttons), note, holder, line);
  const source = () => holder.querySelector("svg") ?? holder;
  return figure({ title: t("training.matrices"), name: "matrices", picture, source, table });
}

/** @param {{steps: number[], matrices: Matrix[], notes?: string[]}} record @param {string} text @param {(step: number) => void} choose */
export function gradientPicture(record, text, choose) {
  const line = h("div", {});
  const picture = h("div", {}, heatOf(record, "gradient", choose, line), line);
  const table = () => ({
    head: [t("training.matrix"), ...record.steps.map(String)],
    rows: record.matrices.map(({ name, norm }) => [name, ...norm]),
  });
  const note = t("training.gradients_note", { text });
  const notes = (record.notes ?? []).map((words) => h("p", { class: "note" }, words));
  return [figure({ title: t("training.gradients"), name: "gradients", picture, note, table }), ...notes];
}
