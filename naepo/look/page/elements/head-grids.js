// Every head of every layer as a cell: what it added to the logit directly, and how the logit changes without it.

import { once, postTensor } from "../core/api.js";
import "./heat.js";
import { figure, h, on, select, t, trouble } from "./stage.js";
import { blockOf, headOf } from "./part-names.js";

const AT_ONCE = 64; // heads up to which the change is computed without asking: one run each

/** @param {string} kind "added" or "without" */
function grid(kind, values, { model, state }) {
	const { n_layers: layers, n_heads: heads } = model.settings;
	const rows = Array.from({ length: layers }, (_, block) => t("road.block", { block }));
	const columns = Array.from({ length: heads }, (_, head) => String(head));
	const block = blockOf(state.op);
	const selected = block < layers && state.head < heads ? { row: block, col: state.head } : null;
	const title = t(`path.heads_${kind}`);
	const picture = h("naepo-heat", { data: { rows, columns, values, kind: "signed", label: title, selected, width: 52 } });
	on(picture, "naepo-cell", ({ row, col }) => select(picture, { head: col, op: `blocks.${row}.attention.mixed`, view: "path" }));
	const cells = (row) => Array.from(values).slice(row * heads, (row + 1) * heads);
	const table = () => ({ head: [t("path.head_axis"), ...columns], rows: rows.map((row, i) => [row, ...cells(i)]) });
	return figure({ title, name: `heads-${kind}`, note: t(`path.heads_${kind}_note`), picture, table });
}

/** @param {any} context @param {number} position @param {Promise<import("./contributions.js").Sums>} sums asked for already */
export async function headGrids(context, position, sums) {
	const { n_layers: layers, n_heads: heads } = context.model.settings;
	const n = layers * heads;
	const without = () => {
		const asked = { run: context.run.run, position, id: context.state.id };
		return once(`without ${JSON.stringify(asked)}`, () => postTensor("/look/ablate_heads", asked)).then(({ data }) => grid("without", data, context), trouble);
	};
	const place = h("div", {});
	const show = async () => {
		place.replaceChildren(h("p", { class: "note", role: "status" }, t("path.switching_off", { n })));
		place.replaceChildren(await without());
	};
	if (n <= AT_ONCE && context.run.tokens.length <= AT_ONCE) place.append((await Promise.all([without(), sums]))[0]);
	else place.append(h("button", { onclick: show }, t("path.switch_off", { n })));
	const direct = new Float64Array(n).fill(NaN);
	for (const { name, value } of (await sums).parts) {
		const at = headOf(name);
		if (at) direct[at.block * heads + at.head] = value;
	}
	return h("div", { class: "pair" }, grid("added", direct, context), place);
}
