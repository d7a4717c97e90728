// From logits to what the next id is drawn from: temperature, min-p, top-k, top-p, in the order and with the ties of
// naepo/generate/sampling.py, over all ids.

import { largest, softmax } from "./numeric.js";

const GREEDY_BELOW = 1e-5;

/** @typedef {{temperature: number, minP?: number | null, topK?: number | null, topP?: number | null}} Sampling */

/** Give the probability of every id; what may not be drawn has exactly 0. @param {ArrayLike<number>} logits @param {Sampling} sampling */
export function filtered(logits, { temperature, minP = null, topK = null, topP = null }) {
	const [best] = largest(logits, 1);
	if (temperature < GREEDY_BELOW) {
		const greedy = new Float64Array(logits.length);
		greedy[best] = 1;
		return greedy;
	}
	const cooled = Float64Array.from({ length: logits.length }, (_, id) => (logits[id] - logits[best]) / temperature);
	if (minP) keep(cooled, (value) => value >= Math.log(minP));
	if (topK !== null && topK < cooled.length) keepTopK(cooled, topK);
	if (topP !== null && topP < 1) keepTopP(cooled, topP);
	return softmax(cooled);
}

/** @param {(value: number) => boolean} stays */
function keep(logits, stays) {
	for (let id = 0; id < logits.length; id++) if (!stays(logits[id])) logits[id] = -Infinity;
}

/** Ids from the likeliest down; equal ones in the order of the ids. */
const ranked = (logits) => Uint32Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);

/** Exactly k stay, also when some are equal. */
function keepTopK(logits, k) {
	for (const id of ranked(logits).subarray(Math.max(1, k))) logits[id] = -Infinity;
}

/** The fewest ids that hold at least p. */
function keepTopP(logits, p) {
	const probabilities = softmax(logits);
	let before = 0;
	ranked(logits).forEach((id, rank) => {
		if (rank > 0 && before >= p) logits[id] = -Infinity;
		before += probabilities[id];
	});
}

/** Σ of a term over all ids that can be drawn. @param {(share: number, id: number) => number} term */
const sumOver = (p, term) => p.reduce((sum, share, id) => (share > 0 ? sum + term(share, id) : sum), 0);

/** −Σ p ln p, in nats. @param {Float64Array} p */
export const entropy = (p) => -sumOver(p, (share) => share * Math.log(share));

/** Kullback–Leibler, Σ p ln(p/q), in nats; infinite where q is 0 and p is not. @param {Float64Array} p @param {Float64Array} q */
export const divergence = (p, q) => sumOver(p, (share, id) => share * Math.log(share / q[id]));

/** The share of probability that lies elsewhere. @param {Float64Array} p @param {Float64Array} q */
export const variation = (p, q) => sumOver(p, (share, id) => Math.max(0, share - q[id]));
