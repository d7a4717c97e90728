// The next-id distribution as a table whose rows carry their bars: what may be drawn, and beside it what it was before.

import { full, h, largest, number, percent, t } from "./stage.js";

const FROM_BEFORE = 4; // the likeliest ids before a change are listed too

/**
 * @typedef {{labels: string[], logits: ArrayLike<number>, drawn: Float64Array, mark: Float64Array | null, isChanged: boolean,
 *   chosen: number | null, next: number, shown: number, choose: (id: number) => void}} Found
 *   drawn: probabilities with the settings of sampling; mark: the same without the changes (isChanged), or without the
 *   settings; next: the id that the seed draws
 */

/** The ids that are listed, the likeliest first. @param {Found} found */
function listed({ logits, drawn, mark, isChanged, chosen, next, shown }) {
	const ids = largest(drawn, shown).filter((id) => drawn[id] > 0);
	const before = mark && isChanged ? largest(mark, FROM_BEFORE) : [];
	const more = [...before, next, ...(chosen === null ? [] : [chosen])].filter((id) => id >= 0 && id < logits.length);
	return [...new Set([...ids, ...more])];
}

/** A probability with its bar, and a mark where it was before. */
export function shareCell(p, scale, title, before) {
	const part = (share) => `${(100 * share) / scale}%`;
	const mark = before === undefined ? null : h("span", { class: "bar-before", style: { left: part(before) } });
	const bar = h("span", { class: "bar-of" }, h("span", { class: "bar-fill", style: { width: part(p) } }), mark);
	return h("td", { class: "probability", title }, h("span", { class: "probability-cell" }, bar, h("span", {}, percent(p))));
}

/** @param {Found} found */
export function distributionTable(found) {
	const { drawn, mark, isChanged } = found;
	const ids = listed(found);
	const scale = Math.max(1e-12, ...ids.map((id) => Math.max(drawn[id], mark?.[id] ?? 0)));
	const rows = ids.map((id) => row(id, found, scale));
	const names = ["token", "probability", ...(isChanged ? ["difference", "logit"] : ["logit", "id"])];
	const titles = names.map((name) => h("th", { scope: "col", class: name }, t(`answer.column_${name}`)));
	const table = h("table", { class: "distribution" }, h("thead", {}, h("tr", {}, titles)), h("tbody", {}, rows));
	const rest = 1 - ids.reduce((sum, id) => sum + drawn[id], 0);
	return { table, rest: Math.max(0, rest), n: ids.filter((id) => drawn[id] > 0).length };
}

/** @param {number} id @param {Found} found */
function row(id, { labels, logits, drawn, mark, isChanged, chosen, next, choose }, scale) {
	const label = labels[id] || "∅";
	const isChosen = id === chosen;
	const title = t(isChosen ? "answer.let_go" : "answer.choose", { id });
	const pick = h("button", { class: "candidate", title, "aria-pressed": isChosen, onclick: () => choose(id) }, label);
	const difference = mark ? drawn[id] - mark[id] : 0;
	const before = mark ? t(isChanged ? "answer.before_is" : "answer.raw_is", { p: full(mark[id]) }) : "";
	return h(
		"tr",
		{ class: id === next ? "drawn" : null, "aria-current": isChosen ? "true" : null, dataset: { id } },
		h("th", { scope: "row" }, pick),
		shareCell(drawn[id], scale, `${full(drawn[id])}${before}`, mark?.[id]),
		isChanged ? h("td", { class: difference < 0 ? "lower" : "higher", title: full(difference) }, signedPercent(difference)) : null,
		h("td", { title: full(logits[id]) }, number(logits[id])),
		isChanged ? null : h("td", { class: "id" }, id),
	);
}

const signedPercent = (p) => `${p < 0 ? "−" : "+"}${percent(Math.abs(p)).replace(" %", "")}`;
