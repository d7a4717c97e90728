// What the stage needs of matrices again and again: one with its properties, names of positions, rows of a tensor, checks.

import { h } from "../core/dom.js";
import { number } from "../core/format.js";
import { check } from "./part.js";
import "./matrix.js";

/** @typedef {import("./matrix.js").NaepoMatrix & Record<string, any>} Matrix */

/** @param {Record<string, any>} properties @returns {any} */
export const matrixOf = (properties) => Object.assign(h("naepo-matrix", {}), properties);

/** One name a position: tokens that are alike stay apart. @param {any} run @returns {string[]} */
export const positionsOf = (run) => run.tokens.map((/** @type {any} */ token, /** @type {number} */ at) => `${at} ${token.label}`);

/** @template {ArrayLike<number> & {subarray: any}} T @param {T} data @param {number} row @param {number} width @returns {T} */
export const rowOf = (data, row, width) => data.subarray(row * width, (row + 1) * width);

/** A check that can be found, and is told to who cannot see it. @param {string} name @param {string} words @param {number} error @param {number} bound */
export function told(name, words, error, bound) {
  const line = check(words, error, bound, number);
  line.dataset.check = name;
  line.setAttribute("role", "status");
  return line;
}

/** Send a selection to the page. @param {Element} from @param {Record<string, any>} detail */
export const select = (from, detail) => from.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail }));

/** Whether somebody's change acts on a step, which then need not add up. @param {any} state @param {string[]} names */
export const isChanged = (state, ...names) => (state.changes ?? []).some((/** @type {any} */ change) => names.includes(change.op));

/** One side of an equation. @param {...any} content */
export const term = (...content) => h("div", { class: "term" }, content);
