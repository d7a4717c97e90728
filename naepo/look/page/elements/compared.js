// One query and one key compared: their products, the largest first, and what they add up to, which is the score.

import { bySize, factor, full, h, matrixOf, maxAbs, note, number, t, told } from "./stage.js";

export function compared({ q, k, score, names, position, seen, head }) {
	const [size, root] = [q.length, Math.sqrt(q.length)];
	const products = Float64Array.from(q, (x, i) => (x * k[i]) / root);
	const order = bySize(products);
	let sum = 0;
	const running = order.map((i) => (sum += products[i]));
	const rows = [order.map((i) => q[i]), order.map((i) => k[i]), order.map((i) => products[i]), running];
	const rowLabels = ["q", "k", `q · k / √${size}`, t("attention.running")];
	const title = t("attention.compared", { head, looking: names[position], seen: names[seen] });
	const picture = matrixOf({
		rows: 4, cols: size, rowLabels, colLabels: order.map((i) => `j = ${i}`), limits: rows.map((row) => maxAbs(row) || 1), label: title,
		name: "q-k", dims: ["", "j"], data: Float32Array.from(rows.flat()),
	});
	const first = order.slice(0, 3).map((i) => `${factor(q[i])}·${factor(k[i])}`).join(" + ");
	const equation = `( ${first} + … ) / √${size} = ${number(sum)}`;
	const words = t("attention.compared_check", { n: size, score: full(score) });
	return [h("h3", {}, title), note(equation), picture, told("compared", words, sum - score, 1e-5 * Math.max(1, maxAbs(products)))];
}
