// What the colours of a picture mean: swatches for kinds, a strip for an amount.

import { sequential } from "../core/colour.js";
import { h } from "../core/dom.js";
import { number } from "../core/format.js";

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
const REST = [140, 140, 140];

/**
 * A colour for each kind, the most frequent first; beyond seven they share a grey.
 * @param {ArrayLike<string>} kinds one a point
 */
export function kindColours(kinds) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (let i = 0; i < kinds.length; i++) counts.set(kinds[i], (counts.get(kinds[i]) ?? 0) + 1);
  const ranked = [...counts].sort((one, other) => other[1] - one[1]);
  const colours = new Map(ranked.map(([kind], rank) => [kind, KINDS[rank] ?? REST]));
  return { colours, counts: new Map(ranked) };
}

/** @param {number[]} rgb */
function swatch(rgb) {
  const dot = h("span", { class: "swatch", "aria-hidden": "true" });
  dot.style.background = `rgb(${rgb.join(",")})`;
  return dot;
}

/**
 * @param {{colours: Map<string, number[]>, counts: Map<string, number>}} kinds
 * @param {(kind: string) => string} nameOf
 */
export function kindLegend({ colours, counts }, nameOf) {
  const items = [...colours].map(([kind, rgb]) => h("li", {}, swatch(rgb), `${nameOf(kind)} ${counts.get(kind)}`));
  return h("ul", { class: "legend" }, items);
}

/** @param {string} name @param {number} low @param {number} high */
export function amountLegend(name, low, high) {
  const canvas = h("canvas", { class: "legend-strip", width: 120, height: 10, "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  for (let x = 0; context && x < 120; x++) {
    context.fillStyle = `rgb(${[...sequential(shade(x / 119))].map(Math.round).join(",")})`;
    context.fillRect(x, 0, 1, 10);
  }
  return h("p", { class: "legend" }, `${name} `, number(low), " ", canvas, " ", number(high));
}

/** Amounts begin a little way up the scale: on the paper's own colour a point is not seen. @param {number} share */
export const shade = (share) => 0.22 + 0.78 * Math.max(0, Math.min(1, share));
