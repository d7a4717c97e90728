// The colours of the map, one a point, and what they mean.

import { getTensor } from "../core/api.js";
import { sequential } from "../core/colour.js";
import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { embeddingNorms } from "./embedding-norms.js";
import { amountLegend, kindColours, kindLegend, shade } from "./legend.js";

/** @typedef {{colours: Uint8Array, legend: Node, order: ArrayLike<number> | null}} Colouring */

const NONE = [150, 150, 150]; // a point without an amount

/** @param {ArrayLike<string>} kinds @returns {Colouring} */
function byKind(kinds) {
  const legend = kindColours(kinds);
  const colours = new Uint8Array(3 * kinds.length);
  for (let id = 0; id < kinds.length; id++) colours.set(legend.colours.get(kinds[id]) ?? NONE, 3 * id);
  return { colours, legend: kindLegend(legend, kindName), order: null };
}

/** A kind in the language of the page; one that is not translated keeps its name. @param {string} kind */
function kindName(kind) {
  const name = t(`map.kind_${kind}`);
  return name.startsWith("map.kind_") ? kind : name;
}

/**
 * @param {string} name
 * @param {ArrayLike<number>} amounts NaN where there is none
 * @param {(amount: number) => number} scale
 * @returns {Colouring}
 */
function byAmount(name, amounts, scale = (amount) => amount) {
  let [low, high] = [Infinity, -Infinity];
  for (let id = 0; id < amounts.length; id++) {
    if (!Number.isFinite(scale(amounts[id]))) continue;
    if (amounts[id] < low) low = amounts[id];
    if (amounts[id] > high) high = amounts[id];
  }
  const [from, to] = [scale(low), scale(high)];
  const colours = new Uint8Array(3 * amounts.length);
  for (let id = 0; id < amounts.length; id++) {
    const share = (scale(amounts[id]) - from) / (to - from || 1);
    colours.set(Number.isFinite(share) ? [...sequential(shade(share))].map(Math.round) : NONE, 3 * id);
  }
  return { colours, legend: amountLegend(name, low, high), order: null };
}

/** Ids, the greatest amount first. @param {ArrayLike<number>} amounts */
function ranked(amounts) {
  const order = Uint32Array.from({ length: amounts.length }, (_, id) => id);
  return order.sort((one, other) => amounts[other] - amounts[one]);
}

/** @type {Map<string, Promise<Float32Array | null>>} */
const counted = new Map();

/** How often each id stands in the training corpus, null where it is not at hand. @param {string} model */
function frequencies(model) {
  let found = counted.get(model);
  if (!found) {
    found = getTensor("/look/frequencies", { model }).then(
      ({ data }) => data,
      (error) => (error.status === 404 ? null : Promise.reject(error)),
    );
    counted.set(model, found);
    found.catch(() => counted.delete(model));
  }
  return found;
}

/** @param {ArrayLike<any>} notes one a token, null where it is not a note */
function pitches(notes) {
  return Float32Array.from(notes, (note) => note?.pitch ?? NaN);
}

/**
 * @param {any} model
 * @param {number} checkpoint
 * @param {"script" | "frequency" | "norm" | "pitch"} colour
 * @param {{labels: string[], kinds: string[], notes?: any[]}} vocabulary
 * @returns {Promise<Colouring>}
 */
export async function colouring(model, checkpoint, colour, vocabulary) {
  const counts = await frequencies(model.key);
  const order = counts && ranked(counts);
  const plain = byKind(vocabulary.kinds);
  if (colour === "frequency" && counts) {
    const coloured = byAmount(t("map.colour_frequency"), counts, (count) => Math.log(count)); // never seen: grey
    return { ...coloured, order };
  }
  if (colour === "norm") return { ...byAmount(t("map.colour_norm"), await embeddingNorms(model, checkpoint)), order };
  if (colour === "pitch" && vocabulary.notes) return { ...byAmount(t("map.colour_pitch"), pitches(vocabulary.notes)), order };
  const missing = colour === "frequency" ? h("p", { class: "note" }, t("map.no_frequencies")) : null;
  return { ...plain, order, legend: missing ? h("div", {}, missing, plain.legend) : plain.legend };
}
