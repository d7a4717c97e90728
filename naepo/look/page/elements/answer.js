// What it all leads to: the distribution of the next id, exact and over all ids, with the sampling moved live; one step of
// writing forwards or back; with changes, before and after.

import { getJSON } from "../core/api.js";
import { h } from "../core/dom.js";
import { count, full, number, percent } from "../core/format.js";
import { language, t } from "../core/i18n.js";
import { largest, softmax } from "../core/numeric.js";
import { draw, seeded } from "../core/random.js";
import { entropy, filtered } from "../core/sampling.js";

const SHOWN = 12;
const SLIDERS = [
  { key: "temperature", min: 0, max: 2, step: 0.05, off: 1 },
  { key: "topK", min: 0, max: 100, step: 1, off: 0 },
  { key: "topP", min: 0.05, max: 1, step: 0.01, off: 1 },
  { key: "minP", min: 0, max: 0.5, step: 0.01, off: 0 },
];

/** Labels of all ids, once a model. @type {Map<string, Promise<any>>} */
const vocabularies = new Map();

/** @param {string} model */
export function vocabularyOf(model) {
  const found = vocabularies.get(model) ?? getJSON("/look/vocabulary", { model });
  vocabularies.set(model, found);
  found.catch(() => vocabularies.delete(model));
  return found;
}

class Answer extends HTMLElement {
  constructor() {
    super();
    this.key = "";
    this.built = "";
    this.bars = h("div", { class: "next" });
    this.facts = h("p", { class: "note" });
    document.addEventListener("naepo-step", (event) => this.#step(/** @type {CustomEvent} */ (event).detail === "n"));
  }

  /** @param {any} context */
  set context(context) {
    this.now = context;
    const { state, run } = context;
    if (this.built !== language()) this.#build(state);
    this.#showSliders(state);
    if (!run) return;
    const key = JSON.stringify([run.run, state.position, state.temperature, state.topK, state.topP, state.minP, state.id, language()]);
    if (key !== this.key) this.#load(context, key);
    this.key = key;
  }

  /** @param {any} state */
  #build(state) {
    this.built = language();
    this.sliders = SLIDERS.map((slider) => this.#slider(slider));
    const seed = h("input", { id: "seed", type: "number", min: 0, step: 1, value: String(state.seed) });
    seed.addEventListener("change", () => this.#tell({ seed: Math.max(0, Math.floor(Number(seed.value)) || 0) }));
    const button = (/** @type {string} */ id, /** @type {() => void} */ act) => h("button", { id, type: "button", on: { click: act } }, t(`answer.${id}`));
    this.heading = h("h2", {});
    this.replaceChildren(
      this.heading,
      this.bars,
      this.facts,
      h("div", { class: "sliders" }, this.sliders.map(({ element }) => element)),
      h("div", { class: "steps" }, button("write", () => this.#step(true)), button("back", () => this.#step(false)), h("label", { class: "seed" }, t("answer.seed"), seed)),
    );
    this.key = "";
  }

  /** @param {typeof SLIDERS[0]} slider */
  #slider({ key, min, max, step, off }) {
    const input = h("input", { id: key, type: "range", min, max, step });
    const output = h("output", { for: key });
    input.addEventListener("input", () => {
      const value = Number(input.value);
      this.#tell({ [key]: key !== "temperature" && value === off ? null : value });
    });
    const element = h("label", { class: "slider" }, h("span", {}, t(`answer.${key}`)), input, output);
    return { key, off, input, output, element };
  }

  /** @param {any} state */
  #showSliders(state) {
    for (const { key, off, input, output } of this.sliders ?? []) {
      const value = state[key] ?? off;
      if (Number(input.value) !== value) input.value = String(value);
      const words = key !== "temperature" && state[key] === null ? t("answer.off") : key === "topK" ? count(value) : value.toFixed(2);
      if (output.textContent !== words) output.textContent = words;
    }
  }

  /** @param {any} context @param {string} key */
  async #load(context, key) {
    const { run, plain, state, model } = context;
    const at = `${state.position},:`;
    const [{ data }, before, vocabulary] = await Promise.all([run.tensor("logits", at), plain?.tensor("logits", at), vocabularyOf(model.key)]);
    if (this.key !== key) return;
    this.logits = data;
    this.#show(data, before?.data, vocabulary, state);
    this.dataset.drawn = `${run.run} ${state.position}`;
  }

  /** @param {Float32Array} logits @param {Float32Array | undefined} before @param {any} vocabulary @param {any} state */
  #show(logits, before, vocabulary, state) {
    const raw = softmax(logits);
    const drawn = filtered(logits, state);
    const old = before && filtered(before, state);
    const first = largest(drawn, SHOWN);
    const ids = [...new Set([...first, ...(old ? largest(old, 4) : []), ...(state.id !== null ? [state.id] : [])])].filter((id) => id < logits.length);
    const chosen = state.id ?? first[0];
    const scale = Math.max(drawn[first[0]], old ? Math.max(...ids.map((id) => old[id])) : 0);
    this.heading.textContent = t("answer.title", { position: state.position });
    const rows = ids.map((id) => this.#row(id, { vocabulary, logits, raw, drawn, old, scale, isChosen: id === chosen }));
    const names = ["id", "token", "probability", ...(old ? ["before", "difference"] : []), "logit"];
    const head = h("tr", {}, names.map((name) => h("th", { scope: "col" }, t(`answer.column_${name}`)))); // prettier-ignore
    this.bars.replaceChildren(h("table", { class: "distribution" }, h("thead", {}, head), h("tbody", {}, rows)));
    const left = drawn.reduce((n, p) => n + (p > 0 ? 1 : 0), 0);
    this.facts.textContent = t("answer.facts", { left: count(left), all: count(logits.length), entropy: number(entropy(drawn)), raw: number(entropy(raw)) });
  }

  /** @param {number} id @param {any} found */
  #row(id, { vocabulary, logits, drawn, old, scale, isChosen }) {
    const label = vocabulary.labels[id] ?? "";
    const share = drawn[id];
    const bar = h("span", { class: "bar-of" }, h("span", { class: "bar-fill", style: { width: `${(100 * share) / scale}%` } }));
    if (old) bar.append(h("span", { class: "bar-before", style: { left: `${(100 * old[id]) / scale}%` } }));
    const pick = h("button", { type: "button", class: "candidate", title: t("answer.choose", { id }), on: { click: () => this.#tell({ id }) } }, label || "∅");
    const moved = old ? [h("td", {}, percent(old[id])), h("td", {}, `${share >= old[id] ? "+" : "−"}${percent(Math.abs(share - old[id]))}`)] : [];
    return h(
      "tr",
      { "aria-current": isChosen ? "true" : null, dataset: { id }, on: { dblclick: () => this.#append(id) } },
      h("td", { class: "id" }, id),
      h("th", { scope: "row" }, pick),
      h("td", { title: full(share), class: "probability" }, bar, h("span", {}, percent(share))),
      moved,
      h("td", { title: full(logits[id]) }, number(logits[id])),
    );
  }

  /** Write one id, drawn with the seed, or take the last one back. @param {boolean} isForward */
  #step(isForward) {
    const { run, state } = this.now ?? {};
    if (!run || !this.logits) return;
    const ids = run.tokens.map((/** @type {any} */ each) => each.id);
    if (!isForward) {
      if (ids.length > 1) this.#tell({ ids: ids.slice(0, -1), position: null });
      return;
    }
    if (state.position !== ids.length - 1) return this.#tell({ position: null });
    this.#append(draw(filtered(this.logits, state), seeded(state.seed + ids.length)()));
  }

  /** @param {number} id */
  #append(id) {
    const { run, state } = this.now;
    const ids = run.tokens.slice(0, state.position + 1).map((/** @type {any} */ each) => each.id);
    this.#tell({ ids: [...ids, id], position: null, id: null });
  }

  /** @param {any} detail */
  #tell(detail) {
    this.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail }));
  }
}

customElements.define("naepo-answer", Answer);
