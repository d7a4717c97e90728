// What the elements of the page need again and again, from one place: building, words, numbers, parts, and matrices with their checks.

import { h, note } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { farthest, maxAbs } from "../core/numeric.js";
import { told } from "./part.js";
import "./matrix.js";

/** @typedef {import("./matrix.js").NaepoMatrix & Record<string, any>} Matrix */

/** Called by its name where nothing else is said. @param {Record<string, any>} properties */
export const matrixOf = (properties) => h("naepo-matrix", { label: properties.name, ...properties });

export * from "../core/dom.js";
export * from "../core/format.js";
export * from "../core/numeric.js";
export * from "../core/select.js";
export { has, language, t } from "../core/i18n.js";
export * from "./figure.js";
export * from "./part.js";
export * from "./vocabulary.js";
export * from "./position-names.js";

/** @template {ArrayLike<number> & {subarray: any}} T @param {T} data @returns {T} */
export const rowOf = (data, row, width) => data.subarray(row * width, (row + 1) * width);

/** A check that two arrays are equal, but for rounding. */
export const agree = (name, words, own, given, bound = 1e-5) => told(name, words, farthest(own, given), bound * Math.max(1, maxAbs(given)));

/** Said where somebody's change acts on a step, which then need not add up. */
export const changed = (state, name) => ((state?.changes ?? []).some((change) => change.op === name) ? note(t("op.changed")) : null);

/** One side of an equation. @param {...any} content */
export const term = (...content) => h("div", { class: "term" }, content);
