// The lens: the likeliest ids if the stream went to the output right after each layer.

import "./chart.js";
import "./heat.js";
import { figure, h, number, on, percent, select, t } from "./stage.js";
import { stageName } from "./part-names.js";

/**
 * @typedef {{id: number, label: string, probability: number}} Candidate
 * @typedef {{layers: {op: string, top: Candidate[], entropy: number}[]}} Lens
 */

/** @param {Lens} lens */
const namesOf = ({ layers }) => layers.map(({ op }, i) => (i === layers.length - 1 ? t("path.answer") : stageName(op)));

/** From which layer on the final answer leads: the first time, and for good. @param {Lens} lens */
function leads({ layers }) {
	const leading = layers.map(({ top }) => top[0].id === layers[layers.length - 1].top[0].id);
	return { first: leading.indexOf(true), stays: leading.lastIndexOf(false) + 1 };
}

/** @param {Lens} lens @param {number | null} followed an id to frame; null: the final answer */
export function lensHeat(lens, followed) {
	const { layers } = lens;
	const answer = followed ?? layers[layers.length - 1].top[0].id;
	const columns = layers[0].top.map((_, rank) => String(rank + 1));
	const cells = layers.flatMap(({ top }) => top);
	const data = {
		rows: namesOf(lens), columns, kind: "probability", limit: 1, width: 104, least: columns.length > 4 ? 76 : 60, label: t("path.lens"),
		values: cells.map(({ probability }) => probability), texts: cells.map(({ label, probability }) => `${label} ${percent(probability)}`),
		strong: (at) => cells[at].id === answer,
	};
	const heat = h("naepo-heat", { data });
	on(heat, "naepo-cell", ({ row, col }) => select(heat, { id: cells[row * columns.length + col].id }));
	return heat;
}

/** @param {Lens} lens */
function lensTable({ layers }) {
	const head = layers[0].top.flatMap((_, rank) => [`${rank + 1}`, t("op.id"), t("answer.column_probability")]);
	const rows = layers.map(({ op, entropy, top }) => [op, entropy, ...top.flatMap(({ label, id, probability }) => [label, id, probability])]);
	return { head: [t("path.depth"), t("path.entropy"), ...head], rows };
}

/** @param {Lens} lens */
function entropyChart(lens) {
	const series = [{ name: "", points: lens.layers.map(({ entropy }, i) => [i, entropy]), dots: true }];
	const y = t("path.entropy");
	return h("naepo-chart", { data: { series, x: t("path.depth"), y, label: y, height: 130, names: namesOf(lens) } });
}

/** @param {Lens} lens */
export function lensPicture(lens, followed) {
	const { first, stays } = leads(lens);
	const [names, end] = [namesOf(lens), lens.layers[lens.layers.length - 1]];
	const words = { label: end.top[0].label, first: names[first], stays: names[stays] };
	const entropy = t("path.entropy_note", { from: number(lens.layers[0].entropy), to: number(end.entropy) });
	const picture = h("div", {}, lensHeat(lens, followed), entropyChart(lens));
	return [
		figure({ title: t("path.lens"), name: "lens", picture, note: t("path.lens_note"), table: () => lensTable(lens) }),
		h("p", { class: "finding" }, t(first === stays ? "path.leads" : "path.leads_again", words), " ", entropy),
	];
}
