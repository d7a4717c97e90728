// What the embedding, every head and every feed-forward added to one logit: signed bars that sum to it.

import "./bars.js";
import { figure, h, number, on, select, t, told } from "./stage.js";
import { blockOf, headOf, partName } from "./part-names.js";

/** @typedef {{id: number, logit: number, parts: {name: string, value: number}[], sum: number, error: number}} Sums */

let bySize = false; // kept while the page is open: a manner of reading, not a part of the state

/** @param {Sums} sums */
function bars({ parts }, state) {
	const shown = bySize ? [...parts].sort((one, other) => Math.abs(other.value) - Math.abs(one.value)) : parts;
	const picture = h("naepo-bars", { class: "tall" });
	const isChosen = (name) => headOf(name)?.head === state.head && headOf(name)?.block === blockOf(state.op);
	picture.data = {
		label: t("path.contributions"),
		bars: shown.map(({ name, value }) => ({ name: partName(name), value, title: name, chosen: isChosen(name) })),
	};
	on(picture, "naepo-bar", ({ index }) => {
		const found = selection(shown[index].name);
		if (found) select(picture, { ...found, view: "path" });
	});
	return picture;
}

/** What choosing a part means for the state. */
function selection(name) {
	const head = headOf(name);
	if (head) return { head: head.head, op: `blocks.${head.block}.attention.mixed` };
	if (name.endsWith(".mlp")) return { op: `${name}.down` };
	if (name.endsWith(".mixer")) return { op: `${name}.to_out` };
	return ["embedding", "position", "prior"].includes(name) ? { op: name } : null;
}

/** The sums over kinds of parts. @param {Sums} sums */
function groups({ parts }) {
	const total = (/** @type {RegExp} */ kind) => number(parts.reduce((sum, { name, value }) => (kind.test(name) ? sum + value : sum), 0));
	const rest = total(/^(prior|norm|output)/);
	return t(parts.some(({ name }) => /mixer$/.test(name)) ? "path.groups_sibling" : "path.groups", { embedding: total(/^(embedding|position)$/), heads: total(/attention|mixer/), mlps: total(/\.mlp$/), rest });
}

/** @param {Sums} sums */
export function contributions(sums, position, state) {
	const holder = h("div", {}, bars(sums, state));
	const turn = () => {
		bySize = !bySize;
		order.setAttribute("aria-pressed", String(bySize));
		holder.replaceChildren(bars(sums, state));
	};
	const order = h("button", { class: "quiet", "aria-pressed": bySize, onclick: turn }, t("path.by_size"));
	const ends = [t("op.total"), t("answer.column_logit")];
	const rows = [...sums.parts.map(({ name, value }) => [name, value]), [ends[0], sums.sum], [ends[1], sums.logit]];
	const picture = figure({
		title: t("path.contributions"),
		name: `contributions-${position}-${sums.id}`,
		picture: holder,
		note: t("path.contributions_note"),
		tools: [order],
		table: () => ({ head: [t("path.part"), t("path.contribution")], rows }),
	});
	const size = sums.parts.reduce((sum, { value }) => sum + Math.abs(value), 0);
	const words = t("path.sum_is_logit", { sum: number(sums.sum), logit: number(sums.logit) });
	return [picture, h("p", { class: "finding" }, groups(sums)), told("contributions", words, sums.error, 1e-5 * Math.max(1, size))];
}
