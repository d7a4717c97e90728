// The vocabulary of a model, the same for all its checkpoints: asked for once while the page is open.

import { getJSON } from "../core/api.js";

/** @typedef {{labels: string[], kinds: string[], bytes: string[], notes?: any[]}} Vocabulary */

/** @type {Map<string, Promise<Vocabulary>>} */
const known = new Map();

/** @param {string} model key @returns {Promise<Vocabulary>} */
export function vocabularyOf(model) {
  let found = known.get(model);
  if (!found) {
    found = getJSON("/look/vocabulary", { model });
    known.set(model, found);
    found.catch(() => known.delete(model));
  }
  return found;
}
