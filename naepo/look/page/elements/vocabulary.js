// The vocabulary of a model, the same for all its checkpoints.

import { getJSON, once } from "../core/api.js";

/** @typedef {{labels: string[], kinds: string[], bytes: string[], notes?: (number | null)[]}} Vocabulary */

/** @param {string} model key @returns {Promise<Vocabulary>} */
export const vocabularyOf = (model) => once(`vocabulary ${model}`, () => getJSON("/look/vocabulary", { model }));

/** Bytes that came as base64. */
export const bytesOf = (text) => Array.from(atob(text), (each) => each.charCodeAt(0));
