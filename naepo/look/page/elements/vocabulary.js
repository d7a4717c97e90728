// What is asked for once while the page is open: the vocabulary of a model, the same for all its checkpoints, and its like.

import { getJSON } from "../core/api.js";

/** @typedef {{labels: string[], kinds: string[], bytes: string[], notes?: (number | null)[]}} Vocabulary */

/** @type {Map<string, Promise<any>>} */
const known = new Map();

/** Ask, unless it was asked before; what failed may be asked again. @template T @param {() => Promise<T>} ask @returns {Promise<T>} */
export function once(key, ask) {
	const found = known.get(key) ?? ask();
	known.set(key, found);
	found.catch(() => known.delete(key));
	return found;
}

/** @param {string} model key @returns {Promise<Vocabulary>} */
export const vocabularyOf = (model) => once(`vocabulary ${model}`, () => getJSON("/look/vocabulary", { model }));

/** Bytes that came as base64. */
export const bytesOf = (text) => Array.from(atob(text), (each) => each.charCodeAt(0));
