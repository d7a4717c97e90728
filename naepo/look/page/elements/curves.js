// The curves of a training run: loss and validation, and the gradient norm, over the steps.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import "./chart.js";
import { figure } from "./figure.js";

/** @typedef {import("./chart.js").NaepoChart} NaepoChart */
/** @typedef {import("./chart.js").Series} Series */

let isLog = false; // kept while the page is open

/** @param {any[] | undefined} rows @param {string} name @returns {[number, number][]} */
const pointsOf = (rows, name) => (rows ?? []).map((row) => [row.step, row[name] ?? NaN]);

/** @param {Series[]} series */
function tableOf(series) {
  /** @type {Map<number, (number | null)[]>} */
  const rows = new Map();
  series.forEach(({ points }, i) =>
    points.forEach(([step, value]) => {
      if (!rows.has(step)) rows.set(step, Array(series.length).fill(null));
      /** @type {(number | null)[]} */ (rows.get(step))[i] = value;
    }),
  );
  const sorted = [...rows].sort(([one], [other]) => one - other);
  return { head: [t("training.step"), ...series.map(({ name }) => name)], rows: sorted.map(([step, cells]) => [step, ...cells]) };
}

/**
 * @param {{title: string, name: string, y: string, series: Series[], note?: string, checkpoint: number}} options
 */
function curve({ title, name, y, series, note, checkpoint }) {
  const picture = /** @type {NaepoChart} */ (h("naepo-chart", {}));
  const draw = () => {
    picture.data = { series, x: t("training.step"), y, label: title, log: isLog, marker: checkpoint, picks: true };
  };
  draw();
  const log = h("button", { type: "button", class: "quiet", "aria-pressed": String(isLog) }, t("training.log"));
  log.addEventListener("click", () => {
    isLog = !isLog;
    log.setAttribute("aria-pressed", String(isLog));
    checkpoint = picture.chart?.marker ?? checkpoint;
    draw();
  });
  return { picture, element: figure({ title, name, picture, note, tools: [log], table: () => tableOf(series) }) };
}

/** @param {any} record answer of /look/training @param {number} checkpoint */
export function curves(record, checkpoint) {
  const loss = { name: t("training.loss"), points: pointsOf(record.loss, "loss") };
  const perToken = { name: t("training.validation"), points: pointsOf(record.validation, "nats_per_token"), dots: true };
  const perCharacter = { name: t("training.validation"), points: pointsOf(record.validation, "nats_per_character"), dots: true };
  const gradient = { name: t("training.gradient_norm"), points: pointsOf(record.gradient, "grad_norm") };
  const known = (/** @type {Series} */ { points }) => points.some(([, value]) => Number.isFinite(value));
  const first = [loss, perToken].filter(known);
  const all = [
    { title: t("training.loss_curve"), name: "loss", y: t("training.nats_per_id"), series: first },
    { title: t("training.validation_curve"), name: "validation", y: t("training.nats_per_character"), series: [perCharacter].filter(known) },
    { title: t("training.gradient_norm"), name: "gradient-norm", y: t("training.gradient_norm"), series: [gradient].filter(known) },
  ].filter(({ series }) => series.length);
  const drawn = all.map((told) => curve({ ...told, checkpoint }));
  const content = drawn.length ? drawn.map(({ element }) => element) : [h("p", { class: "note empty" }, t("training.no_curves"))];
  return { content, charts: drawn.map(({ picture }) => picture) };
}
