// One cell of y opened: what x_j · w_j add up to, the largest first, with the running sum.

import { getTensor } from "../core/api.js";
import "./bars.js";
import { bySize, factor, figure, full, h, number, rowOf, t, told } from "./stage.js";

const SHOWN = 12;

export async function addends(run, op, row, col) {
	const { data, shape, headers } = await getTensor("/look/dot", { run: run.run, op, row, col });
	const k = shape[1];
	const [x, w, products] = [0, 1, 2].map((i) => rowOf(data, i, k));
	const [bias, cell] = ["X-Naepo-Bias", "X-Naepo-Cell"].map((name) => Number(headers.get(name)));
	const order = bySize(products);
	let sum = 0;
	const rows = order.map((j) => ({ j, product: x[j] * w[j], running: (sum += x[j] * w[j]) }));
	const total = sum + bias;
	const top = rows.slice(0, SHOWN);
	const rest = { n: k - top.length, product: sum - (top.at(-1)?.running ?? 0) };
	const bars = top.map(({ j, product, running }) => ({ name: `${j}: ${factor(x[j])} · ${factor(w[j])}`, value: product, other: running }));
	if (rest.n > 0) bars.push({ name: t("op.rest", { n: rest.n }), value: rest.product, other: sum });
	if (bias) bars.push({ name: `+ ${t("op.bias")}`, value: bias, other: total });
	const title = t("op.addends", { op, row, col });
	const picture = h("naepo-bars", { data: { bars, label: title } });
	const equation = top.slice(0, 3).map(({ j }) => `${factor(x[j])}·${factor(w[j])}`).join(" + ");
	const note = `y = ${equation}${k > 3 ? " + …" : ""}${bias ? ` + ${factor(bias)}` : ""} = ${number(cell)}. ${t("op.running_line")}`;
	/** @type {(string | number)[][]} */
	const cells = rows.map(({ j, product, running }, i) => [i + 1, j, x[j], w[j], product, running]);
	const table = () => ({
		head: [t("op.rank"), "j", "x_j", "w_j", t("op.product"), t("op.running")],
		rows: [...cells, [t("op.bias"), "", "", "", bias, total], [t("op.total"), "", "", "", "", total]],
	});
	const scale = Math.max(1, Math.abs(cell), ...Array.from(products, Math.abs));
	const words = t("op.addends_check", { n: k, bias: bias ? ` + ${t("op.bias")}` : "", cell: full(cell) });
	return h("div", { class: "addends" }, figure({ title, name: `${op}-${row}-${col}`, picture, table, note }), told("addends", words, total - cell, 1e-5 * scale));
}
