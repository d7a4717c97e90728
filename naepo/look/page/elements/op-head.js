// The same four things for every step, always in the same places: name and title, code line, formula, shapes.

import { h, has, number, select, shape, t } from "./stage.js";
import { chapterLinks } from "../learn/links.js";
import { formula } from "./formula.js";

/** What a step is called by its own name, else by its kind. */
function titleOf(op) {
	const last = op.name.split(".").pop();
	const own = `op.title_${op.name.includes(".mixer.to_out") ? "mixer_" : ""}${last}`;
	return t(has(own) ? own : `op.title_${op.kind}`);
}

/** @param {Node | string} value */
const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

/** The steps a step reads, as links along the road. */
const opLink = (name) => h("button", { class: "plain-button", onclick: ({ target }) => select(target, { op: name }) }, h("code", {}, name));

export function opHead(op, model) {
	const axes = op.axes.map((axis, i) => `${axis} ${op.shape?.[i] ?? op.sizes[i] ?? ""}`).join(" × ");
	const readers = model.ops.filter((each) => each.inputs.includes(op.name)).map((each) => opLink(each.name));
	const facts = [fact(t("op.module"), h("code", {}, op.module || "model")), fact(t("op.shape"), axes || (op.shape ? shape(op.shape) : ""))];
	if (op.norm !== undefined) facts.push(fact(t("op.norm"), number(op.norm)), fact(t("op.range"), `${number(op.min)} … ${number(op.max)}`));
	if (op.nan || op.inf) facts.push(fact("NaN, ∞", `${op.nan}, ${op.inf}`));
	if (op.weights.length) facts.push(fact(t("op.weights"), h("code", {}, op.weights.join(", "))));
	if (op.inputs.length) facts.push(fact(t("op.reads"), h("span", { class: "op-links" }, op.inputs.map(opLink))));
	if (readers.length) facts.push(fact(t("op.read_by"), h("span", { class: "op-links" }, readers)));
	return h(
		"header",
		{ class: "op-head" },
		h("h2", {}, h("code", {}, op.name)),
		h("p", { class: "titles" }, titleOf(op)),
		formula(op),
		chapterLinks(op),
		h("dl", { class: "op-facts" }, facts),
		h("div", { class: "op-code", tabIndex: 0 }, h("span", { class: "place" }, `${op.code.file}:${op.code.line}`), h("code", {}, op.code.text)),
	);
}
