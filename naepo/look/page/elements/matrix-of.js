// What the stage needs of matrices again and again: one with its properties, names of positions, rows of a tensor, checks.

import { h, note } from "../core/dom.js";
import { number } from "../core/format.js";
import { t } from "../core/i18n.js";
import { check } from "./part.js";
import "./matrix.js";

/** @typedef {import("./matrix.js").NaepoMatrix & Record<string, any>} Matrix */

/** Called by its name where nothing else is said. @param {Record<string, any>} properties */
export const matrixOf = (properties) => h("naepo-matrix", { label: properties.name, ...properties });

export { note } from "../core/dom.js";
export { select } from "../core/select.js";
export { glyphsOf, positionsOf } from "./position-names.js";

/** @template {ArrayLike<number> & {subarray: any}} T @param {T} data @param {number} row @param {number} width @returns {T} */
export const rowOf = (data, row, width) => data.subarray(row * width, (row + 1) * width);

/** A check that can be found, and is told to who cannot see it. @param {string} name @param {string} words @param {number} error @param {number} bound */
export function told(name, words, error, bound) {
	const line = check(words, error, bound, number);
	line.dataset.check = name;
	line.setAttribute("role", "status");
	return line;
}

/** Said where somebody's change acts on a step, which then need not add up. @param {string} name */
export const changed = (state, name) => ((state?.changes ?? []).some((change) => change.op === name) ? note(t("op.changed")) : null);

/** Listen to what an element tells. @param {string} event @param {(detail: any) => void} act */
export const on = (element, event, act) => element.addEventListener(event, (/** @type {CustomEvent} */ { detail }) => act(detail));

/** One side of an equation. @param {...any} content */
export const term = (...content) => h("div", { class: "term" }, content);
