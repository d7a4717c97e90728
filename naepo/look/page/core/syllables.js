// The next character, whatever ids it is made of: its probability is the sum over all ways to write its bytes.

import { getTensor, postJSON } from "./api.js";
import { softmax } from "./numeric.js";

const SPACE = 0x20;
const MOST_RUNS = 24;
const ENOUGH = 0.005; // what may stay unfollowed

/** @typedef {{text: string} | "incomplete" | "invalid"} First */
/** @typedef {{ids: number[], bytes: number[], p: number}} Path */
/** @typedef {{characters: Map<string, {p: number, paths: number}>, ended: number, invalid: number, open: Path[], runs: number}} Tree */

/** The first character of some bytes, with the spaces before it. @param {ArrayLike<number>} bytes @returns {First} */
export function firstCharacter(bytes) {
	let start = 0;
	while (start < bytes.length && bytes[start] === SPACE) start += 1;
	if (start === bytes.length) return "incomplete";
	const size = sizeOf(bytes[start]);
	const there = Array.prototype.slice.call(bytes, start, start + size);
	if (size === 0 || there.slice(1).some((each) => each >> 6 !== 2)) return "invalid";
	if (there.length < size) return "incomplete";
	try {
		const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(there));
		return { text: "␣".repeat(start) + text };
	} catch {
		return "invalid"; // a surrogate, or a longer form than needed
	}
}

/** How many bytes a character has that begins with this one; 0 when none does. */
function sizeOf(byte) {
	if (byte < 0x80) return 1;
	if (byte < 0xc2 || byte > 0xf4) return 0;
	return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/** Go on from one path: each id ends a character, leaves one open, ends the text or is nothing. @param {Tree} tree @param {Path} path @param {Float64Array} probabilities @param {number[][]} contents bytes of each id */
export function grow(tree, path, probabilities, contents) {
	for (let id = 0; id < probabilities.length; id++) {
		const p = path.p * probabilities[id];
		if (!contents[id]?.length) {
			tree.ended += p;
			continue;
		}
		const bytes = [...path.bytes, ...contents[id]];
		const first = firstCharacter(bytes);
		if (first === "incomplete") tree.open.push({ ids: [...path.ids, id], bytes, p });
		else if (first === "invalid") tree.invalid += p;
		else {
			const known = tree.characters.get(first.text) ?? { p: 0, paths: 0 };
			tree.characters.set(first.text, { p: known.p + p, paths: known.paths + 1 });
		}
	}
	tree.open.sort((a, b) => b.p - a.p);
}

/**
 * Follow the likeliest open bytes, one run of the model each, until little is left or the runs are used up.
 * @param {{body: any, ids: number[], pending: number[], logits: Float32Array, contents: number[][], isWanted: () => boolean}} question
 *   body: what every run is asked with (model, checkpoint, changes); pending: bytes before the position that await their end
 * @returns {Promise<Tree>}
 */
export async function nextCharacters({ body, ids, pending, logits, contents, isWanted }) {
	/** @type {Tree} */
	const tree = { characters: new Map(), ended: 0, invalid: 0, open: [], runs: 0 };
	grow(tree, { ids: [], bytes: pending, p: 1 }, softmax(logits), contents);
	const unfollowed = () => tree.open.reduce((sum, { p }) => sum + p, 0);
	while (tree.runs < MOST_RUNS && unfollowed() > ENOUGH && isWanted()) {
		const path = /** @type {Path} */ (tree.open.shift());
		const run = await postJSON("/look/run", { ...body, ids: [...ids, ...path.ids] });
		const { data } = await getTensor("/look/tensor", { run: run.run, name: "logits", at: `${run.tokens.length - 1},:` });
		tree.runs += 1;
		grow(tree, path, softmax(data), contents);
	}
	return tree;
}
