// What two models expect next: both distributions, over all ids where they share an encoder, and how far apart they are.

import { h } from "../core/dom.js";
import { number, percent } from "../core/format.js";
import { t } from "../core/i18n.js";
import "./bars.js";
import { figure } from "./figure.js";
import { vocabularyOf } from "./vocabulary.js";

/** @typedef {import("../views/compare.js").Side} Side */

const SHOWN = 12; // of each side

/** Probabilities of all ids in float64. @param {ArrayLike<number>} logits */
export function softmaxed(logits) {
  let most = -Infinity;
  for (let i = 0; i < logits.length; i++) most = Math.max(most, logits[i]);
  const out = Float64Array.from(logits, (x) => Math.exp(x - most));
  const sum = out.reduce((total, p) => total + p, 0);
  return out.map((p) => p / sum);
}

/** Σ p ln(p/q), in nats; infinite where q is 0 and p is not. @param {Float64Array} p @param {Float64Array} q */
export const divergence = (p, q) => p.reduce((sum, share, i) => (share > 0 ? sum + share * Math.log(share / q[i]) : sum), 0);

/** −Σ p ln p, in nats. @param {Float64Array} p */
const entropyOf = (p) => p.reduce((sum, share) => (share > 0 ? sum - share * Math.log(share) : sum), 0);

/** Half of Σ |p − q|: the share of probability that lies elsewhere. @param {Float64Array} p @param {Float64Array} q */
const variation = (p, q) => p.reduce((sum, share, i) => sum + Math.abs(share - q[i]), 0) / 2;

/** @param {Float64Array} p */
function likeliest(p) {
  const ids = Array.from(p.keys());
  return ids.sort((one, other) => p[other] - p[one]).slice(0, SHOWN);
}

/** @param {Side} side */
async function read({ model, run, position }) {
  const [{ data }, vocabulary] = await Promise.all([
    run.tensor("logits", `${position},:`),
    vocabularyOf(model.key),
  ]);
  return { p: softmaxed(data), labels: vocabulary.labels };
}

/** @param {string[]} one @param {string[]} two */
const sameVocabulary = (one, two) => one.length === two.length && one.every((label, id) => label === two[id]);

/** The probability of a text as one id on the other side; NaN where it is not one id there. @param {string[]} labels @param {Float64Array} p */
function byLabel(labels, p) {
  const ids = new Map(labels.map((label, id) => [label, id]));
  return (/** @type {string} */ label) => p[ids.get(label) ?? -1] ?? NaN;
}

/** @param {Side} one @param {Side} two */
export async function distributions(one, two) {
  const [first, second] = await Promise.all([read(one), read(two)]);
  const shared = sameVocabulary(first.labels, second.labels);
  const [inFirst, inSecond] = [byLabel(first.labels, first.p), byLabel(second.labels, second.p)];
  /** @type {{label: string, one: number, two: number}[]} */
  let rows;
  if (shared) {
    const ids = [...new Set([...likeliest(first.p), ...likeliest(second.p)])];
    rows = ids.map((id) => ({ label: first.labels[id], one: first.p[id], two: second.p[id] }));
  } else {
    const labels = new Set([...likeliest(first.p).map((id) => first.labels[id]), ...likeliest(second.p).map((id) => second.labels[id])]);
    rows = [...labels].map((label) => ({ label, one: inFirst(label), two: inSecond(label) }));
  }
  rows.sort((a, b) => Math.max(b.one || 0, b.two || 0) - Math.max(a.one || 0, a.two || 0));
  return [picture(one, two, rows), summary(one, two, first.p, second.p, shared)];
}

/** @param {Side} one @param {Side} two @param {{label: string, one: number, two: number}[]} rows */
function picture(one, two, rows) {
  const bars = /** @type {import("./bars.js").NaepoBars} */ (h("naepo-bars", {}));
  const share = (/** @type {number} */ x) => (Number.isFinite(x) ? percent(x) : "—");
  bars.data = {
    bars: rows.map(({ label, one: value, two: other }) => ({ name: label, value, other, title: `${label}: ${share(value)} | ${share(other)}` })),
    label: t("compare.next"),
    plain: true,
    write: ({ value, other }) => `${share(value)} | ${share(other ?? NaN)}`,
    room: 110,
  };
  const table = () => ({
    head: [t("map.text"), one.name, two.name, t("compare.difference")],
    rows: rows.map((row) => [row.label, row.one, row.two, row.two - row.one]),
  });
  const note = t("compare.next_note", { one: one.name, two: two.name });
  return figure({ title: t("compare.next"), name: "next-ids", picture: bars, note, table });
}

/** @param {Side} one @param {Side} two @param {Float64Array} p @param {Float64Array} q @param {boolean} shared */
function summary(one, two, p, q, shared) {
  const ends = { one: one.name, two: two.name, p: number(entropyOf(p)), q: number(entropyOf(q)) };
  const entropies = t("compare.entropies", ends);
  if (!shared) return h("p", { class: "finding" }, entropies, " ", t("compare.no_divergence"));
  const apart = { there: number(divergence(p, q)), back: number(divergence(q, p)), moved: percent(variation(p, q)) };
  return h("p", { class: "finding" }, entropies, " ", t("compare.apart", apart));
}
