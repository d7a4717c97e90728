// The same step of two models as pictures, and their difference where the shapes agree.

import { h } from "../core/dom.js";
import { number, shape as shapeText } from "../core/format.js";
import { t } from "../core/i18n.js";
import "./matrix.js";

/** @typedef {import("../views/compare.js").Side} Side */

const WIDEST = 4096; // columns up to which all positions are drawn

/** Which slice of a tensor is drawn: one head of those that have heads. @param {number[]} shape @param {any} state @param {number} position */
function sliceOf(shape, state, position) {
  if (shape.length === 3) return { at: `${Math.min(state.head ?? 0, shape[0] - 1)},:,:`, rows: shape[1], cols: shape[2] };
  if (shape[1] > WIDEST) return { at: `${position},:`, rows: 1, cols: shape[1] };
  return { at: ":,:", rows: shape[0], cols: shape[1] };
}

/** @param {string} title @param {Float32Array} data @param {any} size rows, cols, and the names of both @param {number} limit @param {boolean} isShare */
function matrix(title, data, { rows, cols, dims, name }, limit, isShare) {
  const kind = isShare ? "probability" : "signed";
  const picture = h("naepo-matrix", {});
  Object.assign(picture, { rows, cols, dims, name, limit, kind, label: title, data });
  return h("div", {}, h("h4", {}, title), picture);
}

/** @param {ArrayLike<number>} data */
function most(data) {
  let limit = 0;
  for (let i = 0; i < data.length; i++) if (Number.isFinite(data[i])) limit = Math.max(limit, Math.abs(data[i]));
  return limit || 1;
}

/** @param {Float32Array} data */
const lengthOf = (data) => Math.sqrt(data.reduce((sum, x) => sum + (Number.isFinite(x) ? x * x : 0), 0));

/** @param {Side} one @param {Side} two @param {any} state */
export async function opPair(one, two, state) {
  const name = state.op ?? "residual";
  const [first, second] = [one.run.shape(name), two.run.shape(name)];
  const heading = h("h3", {}, t("compare.op", { name }));
  if (!first || !second) return [heading, h("p", { class: "note" }, t("compare.no_op", { name: first ? two.name : one.name }))];
  const sizes = [sliceOf(first, state, one.position), sliceOf(second, state, two.position)];
  const [left, right] = await Promise.all([one.run.tensor(name, sizes[0].at), two.run.tensor(name, sizes[1].at)]);
  const isShare = ["softmax", "probabilities"].includes(one.run.op(name)?.kind);
  const named = { name, dims: one.run.op(name)?.axes?.slice(-2) ?? ["row", "col"] };
  sizes.forEach((size) => Object.assign(size, named));
  const limit = Math.max(most(left.data), most(right.data));
  const pictures = [matrix(one.name, left.data, sizes[0], limit, isShare), matrix(two.name, right.data, sizes[1], limit, isShare)];
  const agree = sizes[0].rows === sizes[1].rows && sizes[0].cols === sizes[1].cols;
  const shapes = { one: shapeText(first), two: shapeText(second) };
  if (!agree) return [heading, h("p", { class: "note" }, t("compare.shapes_differ", shapes)), h("div", { class: "pair" }, pictures)];
  const difference = right.data.map((/** @type {number} */ value, /** @type {number} */ i) => value - left.data[i]);
  pictures.push(matrix(t("compare.difference_of", { one: one.name, two: two.name }), difference, sizes[0], most(difference), false));
  const share = { length: number(lengthOf(difference)), share: number(lengthOf(difference) / (lengthOf(left.data) || 1)) };
  return [
    heading,
    h("p", { class: "note" }, t("compare.slice", { at: sizes[0].at.replaceAll(",", ", "), ...shapes })),
    h("div", { class: "pair" }, pictures),
    h("p", { class: "finding" }, t("compare.difference_length", share)),
  ];
}

/** A nested table of settings as dotted names. @param {any} settings @param {string} before @returns {[string, string][]} */
function flattened(settings, before = "") {
  return Object.entries(settings ?? {}).flatMap(([name, value]) =>
    value && typeof value === "object" && !Array.isArray(value)
      ? flattened(value, `${before}${name}.`)
      : [/** @type {[string, string]} */ ([before + name, JSON.stringify(value)])],
  );
}

/** What the two were built with, where it differs. @param {Side} one @param {Side} two */
export function settingsTable(one, two) {
  const facts = (/** @type {Side} */ { model }) => new Map([...flattened(model.settings), ["encoder", model.encoder.kind], ["parameters", String(model.parameters)]]);
  const [first, second] = [facts(one), facts(two)];
  const names = [...new Set([...first.keys(), ...second.keys()])].filter((name) => first.get(name) !== second.get(name));
  const heading = h("h3", {}, t("compare.settings"));
  if (!names.length) return [heading, h("p", { class: "note" }, t("compare.same_settings"))];
  const row = (/** @type {string} */ name) =>
    h("tr", {}, h("th", { scope: "row" }, h("code", {}, name)), h("td", {}, first.get(name) ?? "—"), h("td", {}, second.get(name) ?? "—"));
  const head = h(
    "tr",
    {},
    [t("compare.setting"), one.name, two.name].map((text) => h("th", { scope: "col" }, text)),
  );
  return [heading, h("div", { class: "table-window" }, h("table", {}, h("thead", {}, head), h("tbody", {}, names.map(row))))];
}
