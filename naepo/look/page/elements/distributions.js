// What two models expect next: both distributions, over all ids where they share an encoder, and how far apart they are.

import { divergence, entropy, variation } from "../core/sampling.js";
import "./bars.js";
import { figure, h, largest, number, percent, softmax, t, vocabularyOf } from "./stage.js";

/** @typedef {import("../views/compare.js").Side} Side */

const SHOWN = 12; // of each side

/** @param {Side} side */
async function read({ model, run, position }) {
	const [{ data }, { labels }] = await Promise.all([run.tensor("logits", `${position},:`), vocabularyOf(model.key)]);
	const p = softmax(data);
	return { p, labels, top: largest(p, SHOWN), ids: new Map(labels.map((label, id) => [label, id])) };
}

/** @param {Side} one @param {Side} two */
export async function distributions(one, two) {
	const [first, second] = await Promise.all([read(one), read(two)]);
	const isShared = first.labels.length === second.labels.length && first.labels.every((label, id) => label === second.labels[id]);
	// ids are the same in one vocabulary; between two, a text is looked up, and has no share where it is not one id
	const pairs = isShared
		? [...new Set([...first.top, ...second.top])].map((id) => [id, id])
		: [...new Set([first, second].flatMap(({ labels, top }) => top.map((id) => labels[id])))].map((label) => [first.ids.get(label), second.ids.get(label)]);
	const share = (p, id) => (id === undefined ? NaN : p[id]);
	const rows = pairs.map(([i, j]) => ({ label: i === undefined ? second.labels[j ?? 0] : first.labels[i], value: share(first.p, i), other: share(second.p, j) }));
	rows.sort((a, b) => Math.max(b.value || 0, b.other || 0) - Math.max(a.value || 0, a.other || 0));
	const ends = { one: one.name, two: two.name, p: number(entropy(first.p)), q: number(entropy(second.p)) };
	const apart = { there: number(divergence(first.p, second.p)), back: number(divergence(second.p, first.p)), moved: percent(variation(first.p, second.p)) };
	const distance = isShared ? t("compare.apart", apart) : t("compare.no_divergence");
	return [picture(one.name, two.name, rows), h("p", { class: "finding" }, t("compare.entropies", ends), " ", distance)];
}

/** @param {{label: string, value: number, other: number}[]} rows */
function picture(one, two, rows) {
	const written = (x) => (Number.isFinite(x) ? percent(x) : "—");
	const lines = rows.map(({ label, value, other }) => ({ name: label, value, other, text: `${written(value)} | ${written(other)}` }));
	const bars = h("naepo-bars", { data: { bars: lines, label: t("compare.next"), plain: true } });
	const head = [t("map.text"), one, two, t("compare.difference")];
	const table = () => ({ head, rows: rows.map(({ label, value, other }) => [label, value, other, other - value]) });
	return figure({ title: t("compare.next"), name: "next-ids", picture: bars, note: t("compare.next_note", { one, two }), table });
}
