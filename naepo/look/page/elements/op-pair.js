// The same step of two models as pictures, and their difference where the shapes agree; and what they were built with.

import { h, lengthOf, matrixOf, maxAbs, note, number, shape as shapeText, t, tableElement } from "./stage.js";

/** @typedef {import("../views/compare.js").Side} Side */

const WIDEST = 4096; // columns up to which all positions are drawn

/** Which slice of a tensor is drawn: one head of those that have heads. */
function sliceOf(shape, state, position) {
	if (shape.length === 3) return { at: `${Math.min(state.head ?? 0, shape[0] - 1)},:,:`, rows: shape[1], cols: shape[2] };
	if (shape[1] > WIDEST) return { at: `${position},:`, rows: 1, cols: shape[1] };
	return { at: ":,:", rows: shape[0], cols: shape[1] };
}

/** @param {Side} one @param {Side} two */
export async function opPair(one, two, state) {
	const name = state.op ?? "residual";
	const shapes = [one, two].map(({ run }) => run.shape(name));
	const heading = h("h3", {}, t("compare.op", { name }));
	if (!shapes[0] || !shapes[1]) return [heading, note(t("compare.no_op", { name: (shapes[0] ? two : one).name }))];
	const [size, its] = [sliceOf(shapes[0], state, one.position), sliceOf(shapes[1], state, two.position)];
	const [left, right] = await Promise.all([one.run.tensor(name, size.at), two.run.tensor(name, its.at)]);
	const { kind, axes } = one.run.op(name);
	const picture = (title, /** @type {Float32Array} */ data, { rows, cols }, more) =>
		h("div", {}, matrixOf({ rows, cols, dims: axes.slice(-2), name, caption: title, label: title, data, ...more }));
	const scale = {
		kind: ["softmax", "probabilities"].includes(kind) ? "probability" : "signed",
		limit: Math.max(maxAbs(left.data), maxAbs(right.data)) || 1,
	};
	const pictures = [picture(one.name, left.data, size, scale), picture(two.name, right.data, its, scale)];
	const told = { one: shapeText(shapes[0]), two: shapeText(shapes[1]), at: size.at.replaceAll(",", ", ") };
	if (size.rows !== its.rows || size.cols !== its.cols)
		return [heading, note(t("compare.shapes_differ", told)), h("div", { class: "pair" }, pictures)];
	const difference = right.data.map((value, i) => value - left.data[i]);
	pictures.push(picture(t("compare.difference_of", { one: one.name, two: two.name }), difference, size, { limit: maxAbs(difference) || 1 }));
	const share = { length: number(lengthOf(difference)), share: number(lengthOf(difference) / (lengthOf(left.data) || 1)) };
	const length = h("p", { class: "finding" }, t("compare.difference_length", share));
	return [heading, note(t("compare.slice", told)), h("div", { class: "pair" }, pictures), length];
}

/** A nested table of settings as dotted names. @returns {[string, string][]} */
const flattened = (settings, before = "") =>
	Object.entries(settings ?? {}).flatMap(([name, value]) =>
		value && typeof value === "object" && !Array.isArray(value)
			? flattened(value, `${before}${name}.`)
			: [/** @type {[string, string]} */ ([before + name, JSON.stringify(value)])],
	);

/** What the two were built with, where it differs. @param {Side} one @param {Side} two */
export function settingsTable(one, two) {
	const [first, second] = [one, two].map(({ model: { settings, encoder, parameters } }) => new Map(flattened({ ...settings, encoder, parameters })));
	const names = [...new Set([...first.keys(), ...second.keys()])].filter((name) => first.get(name) !== second.get(name));
	const heading = h("h3", {}, t("compare.settings"));
	if (!names.length) return [heading, note(t("compare.same_settings"))];
	const rows = names.map((name) => [name, first.get(name) ?? "—", second.get(name) ?? "—"]);
	return [heading, tableElement({ head: [t("compare.setting"), one.name, two.name], rows })];
}
