// The colours of the map, one a point, and what they mean.

import { getTensor, once } from "../core/api.js";
import { css, sequential } from "../core/colour.js";
import { h, has, note, number, penOf, t } from "./stage.js";
import { embeddingNorms } from "./embedding-norms.js";

/** @typedef {{colours: Uint8Array, legend: Node[]}} Colouring */

const NONE = [150, 150, 150]; // a point without an amount; kinds beyond the seventh
// Okabe and Ito's colours for kinds that have no order: told apart by colour-blind eyes, on paper and on black.
const KINDS = [
	[0, 114, 178],
	[230, 159, 0],
	[0, 158, 115],
	[204, 121, 167],
	[213, 94, 0],
	[86, 180, 233],
	[168, 154, 20],
];

/** @returns {Colouring} */
function byKind(kinds) {
	/** @type {Map<string, number>} */
	const counts = new Map();
	for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
	const ranked = [...counts].sort((one, other) => other[1] - one[1]);
	const colourOf = new Map(ranked.map(([kind], rank) => [kind, KINDS[rank] ?? NONE]));
	const colours = new Uint8Array(3 * kinds.length);
	kinds.forEach((kind, id) => colours.set(colourOf.get(kind) ?? NONE, 3 * id));
	const item = (/** @type {[string, number]} */ [kind, n]) => {
		const swatch = h("span", { class: "swatch", style: { background: css(colourOf.get(kind) ?? NONE) } });
		const name = /^\d/.test(kind) ? t("map.voice", { voice: kind }) : has(`map.kind_${kind}`) ? t(`map.kind_${kind}`) : kind;
		return h("li", {}, swatch, `${name} ${n}`);
	};
	return { colours, legend: [h("ul", { class: "legend" }, ranked.map(item))] };
}

/** Amounts begin a little way up the scale: on the paper's own colour a point is not seen. */
const shade = (share) => sequential(0.22 + 0.78 * share);

/** @param {Float32Array} amounts NaN where there is none @param {(amount: number) => number} [scale] @returns {Colouring} */
function byAmount(name, amounts, scale = (amount) => amount) {
	const known = amounts.filter((amount) => Number.isFinite(scale(amount)));
	const [low, high] = known.reduce(([least, most], x) => [Math.min(least, x), Math.max(most, x)], [Infinity, -Infinity]);
	const [from, to] = [scale(low), scale(high)];
	const colours = new Uint8Array(3 * amounts.length);
	amounts.forEach((amount, id) => {
		const share = (scale(amount) - from) / (to - from || 1);
		colours.set(Number.isFinite(share) ? shade(share) : NONE, 3 * id);
	});
	const strip = h("canvas", { width: 120, height: 10, "aria-hidden": true });
	const pen = penOf(strip);
	for (let x = 0; x < 120; x++) {
		pen.fillStyle = css(shade(x / 119));
		pen.fillRect(x, 0, 1, 10);
	}
	return { colours, legend: [h("p", { class: "legend" }, name, ` ${number(low)} `, strip, ` ${number(high)}`)] };
}

/** How often each id stands in the training corpus, null where it is not at hand. */
function frequencies(model) {
	const none = (error) => (error.status === 404 ? null : Promise.reject(error));
	return once(`frequencies ${model}`, () => getTensor("/look/frequencies", { model }).then(({ data }) => data, none));
}

/**
 * Colours, their legend, and the ids in the order in which they get a label (the frequent ones first).
 * @param {any} model @param {number} checkpoint @param {"script" | "frequency" | "norm" | "pitch"} colour
 * @param {import("./vocabulary.js").Vocabulary} vocabulary
 */
export async function colouring(model, checkpoint, colour, { kinds, notes }) {
	const counts = await frequencies(model.key);
	const order = counts && Uint32Array.from(counts.keys()).sort((one, other) => counts[other] - counts[one]);
	const name = t(`map.colour_${colour}`);
	if (colour === "frequency" && counts) return { ...byAmount(name, counts, Math.log), order }; // never seen: grey
	if (colour === "norm") return { ...byAmount(name, await embeddingNorms(model, checkpoint)), order };
	if (colour === "pitch" && notes) return { ...byAmount(name, Float32Array.from(notes, (pitch) => pitch ?? NaN)), order };
	const { colours, legend } = byKind(kinds);
	const missing = colour === "frequency" ? [note(t("map.no_frequencies"))] : [];
	return { colours, order, legend: [...missing, ...legend] };
}
