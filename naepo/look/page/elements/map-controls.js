// The knobs of the map: method, its seed and its one parameter, and what the colours mean.

import { chooser, h, t } from "./stage.js";

/** @typedef {import("../views/map.js").Choice} Choice */
/** @typedef {(patch: Partial<Choice>) => void} Tell */

export const METHODS = { pca: "PCA", tsne: "t-SNE", umap: "UMAP" };

/** @param {"seed" | "perplexity" | "neighbours"} knob @param {Choice} choice @param {Tell} tell */
function field(knob, choice, tell) {
	const [min, max] = knob === "seed" ? [0, 2 ** 31 - 1] : [2, 200];
	const change = () => Number.isFinite(input.valueAsNumber) && tell({ [knob]: Math.max(min, Math.min(max, Math.round(input.valueAsNumber))) });
	const input = h("input", { type: "number", value: String(choice[knob]), min, max, step: 1, onchange: change });
	return h("label", { class: "field" }, t(`map.${knob}_knob`), input);
}

/** @param {Choice} choice @param {Tell} tell */
function methods(reducers, choice, tell) {
	const buttons = Object.entries(METHODS).map(([method, name]) => {
		const state = { "aria-pressed": method === choice.method, disabled: !reducers[method] };
		const click = () => tell({ method: /** @type {Choice["method"]} */ (method) });
		return h("button", { class: "chip", ...state, onclick: click }, name);
	});
	const isMissing = Object.keys(METHODS).some((method) => !reducers[method]);
	const hint = isMissing && h("span", { class: "note" }, t("map.missing"), " ", h("code", {}, reducers.hint ?? ""));
	return h("div", { class: "field", role: "group", "aria-label": t("map.method") }, buttons, hint);
}

/** @param {Choice} choice @param {Tell} tell */
export function mapControls(place, reducers, choice, tell, hasNotes) {
	const key = JSON.stringify([reducers, { ...choice, query: "" }, t("map.method"), hasNotes]);
	if (place.dataset.key === key) return; // the same knobs: a hand may be on one of them
	place.dataset.key = key;
	const { method, colour } = choice;
	const colours = ["script", "frequency", "norm", ...(hasNotes ? ["pitch"] : [])];
	const select = chooser({}, colours.map((name) => [name, t(`map.colour_${name}`)]), colour, (value) => tell({ colour: /** @type {Choice["colour"]} */ (value) }));
	const knobs = [
		method !== "pca" && field("seed", choice, tell),
		method === "tsne" && field("perplexity", choice, tell),
		method === "umap" && field("neighbours", choice, tell),
	].filter((knob) => knob !== false);
	place.replaceChildren(methods(reducers, choice, tell), ...knobs, h("label", { class: "field" }, t("map.colour"), select));
}
