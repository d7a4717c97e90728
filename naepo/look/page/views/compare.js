// Two models, or two checkpoints of one, side by side: the same prompt, what each expects next, their lenses, and the same
// step of both with its difference.

import { getJSON } from "../core/api.js";
import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { distributions } from "../elements/distributions.js";
import { lensHeat } from "../elements/lens.js";
import { opPair, settingsTable } from "../elements/op-pair.js";
import { otherRun } from "../elements/other-run.js";
import { Part } from "../elements/part.js";
import { positionOf } from "./path.js";

/** One side: a model at a checkpoint, with its run and the position that is looked at.
 * @typedef {{model: any, checkpoint: number, run: any, position: number, name: string}} Side */

/** @param {any} model @param {number} checkpoint */
const nameOf = (model, checkpoint) => (model.checkpoints.length > 1 ? `${shortPath(model.name)} · ${checkpoint}` : shortPath(model.name));

/** The end of a path, enough to tell two folders apart. @param {string} path */
const shortPath = (path) => path.split("/").slice(-2).join("/");

export class CompareView extends HTMLElement {
  constructor() {
    super();
    this.head = h("div", { class: "view-head" });
    this.choice = h("div", { class: "map-controls" });
    this.same = h("div", {});
    this.parts = { next: new Part(), lens: new Part(), op: new Part(), settings: new Part() };
    this.ready = new Part();
  }

  connectedCallback() {
    this.classList.add("view");
    const { next, lens, op, settings } = this.parts;
    if (this.firstChild) return;
    this.append(this.head, this.choice, this.ready.element, ...[next, lens, op, settings].map((part) => part.element));
  }

  /** @param {any} context */
  set context(context) {
    const { state, about, model, run } = context;
    if (!model) return;
    this.head.replaceChildren(h("h2", {}, t("compare.heading")), h("p", { class: "note" }, t("compare.intro")));
    this.#choose(about, model, state);
    const other = state.other && about.models.find((/** @type {any} */ each) => each.key === state.other.model);
    if (!other || !run) {
      this.ready.load(`none ${state.lang}`, "", async () => h("p", { class: "note empty" }, t("compare.empty")));
      for (const part of Object.values(this.parts)) part.load("none", "", async () => null);
      return;
    }
    const checkpoint = state.other.checkpoint ?? other.checkpoint;
    const key = `${run.run} ${other.key} ${checkpoint} ${state.position} ${state.lang} ${state.theme}`;
    const words = t("compare.running", { name: nameOf(other, checkpoint) });
    this.ready.load(`${key} ${state.op} ${state.head}`, words, async () => {
      const its = await otherRun(context, other, checkpoint);
      return this.#show(context, other, checkpoint, its, key);
    });
  }

  /** @param {any} context @param {any} other @param {number} checkpoint @param {any} its @param {string} key */
  #show(context, other, checkpoint, its, key) {
    const { model, run, state } = context;
    const sameIds = sameTokens(run.tokens, its.tokens);
    const position = positionOf(context);
    const at = sameIds ? position : its.tokens.length - 1;
    const mine = state.checkpoint ?? model.checkpoint;
    /** @type {Side} */
    const one = { model, checkpoint: mine, run, position: sameIds ? position : run.tokens.length - 1, name: nameOf(model, mine) };
    /** @type {Side} */
    const two = { model: other, checkpoint, run: its, position: at, name: nameOf(other, checkpoint) };
    this.parts.next.load(key, t("compare.reading"), () => distributions(one, two));
    this.parts.lens.load(`${key} ${state.id}`, t("path.reading_lens"), () => lenses(one, two));
    this.parts.op.load(`${key} ${state.op} ${state.head}`, t("compare.reading"), () => opPair(one, two, state));
    this.parts.settings.load(key, "", async () => settingsTable(one, two));
    const told = { one: run.tokens.length, two: its.tokens.length };
    return h("p", { class: "note" }, t(sameIds ? "compare.same_ids" : "compare.other_ids", told));
  }

  /** Which model and checkpoint stands on the right. @param {any} about @param {any} model @param {any} state */
  #choose(about, model, state) {
    const key = JSON.stringify([state.other, state.lang, model.key, about.models.map((/** @type {any} */ each) => each.key)]);
    if (this.choice.dataset.key === key) return;
    this.choice.dataset.key = key;
    const chosen = state.other?.model ?? "";
    const models = h("select", {}, h("option", { value: "" }, t("compare.none")), about.models.map(modelOption));
    models.value = chosen;
    models.addEventListener("change", () => this.#tell(models.value ? { model: models.value, checkpoint: null } : null));
    const other = about.models.find((/** @type {any} */ each) => each.key === chosen);
    const steps = h("select", {}, (other?.checkpoints ?? []).map(stepOption));
    steps.value = String(state.other?.checkpoint ?? other?.checkpoint ?? "");
    steps.addEventListener("change", () => this.#tell({ model: chosen, checkpoint: Number(steps.value) }));
    const swap = h("button", { type: "button", class: "quiet", on: { click: () => this.#swap(model, state, other) } }, t("compare.swap"));
    const fields = [h("label", { class: "field" }, t("compare.with"), models)];
    if (other && other.checkpoints.length > 1) fields.push(h("label", { class: "field" }, t("training.checkpoint"), steps));
    this.choice.replaceChildren(...fields, ...(other ? [swap] : []));
  }

  /** @param {any} model @param {any} state @param {any} other */
  #swap(model, state, other) {
    const detail = {
      model: other.key,
      checkpoint: state.other.checkpoint ?? other.checkpoint,
      other: { model: model.key, checkpoint: state.checkpoint ?? model.checkpoint },
    };
    this.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail }));
  }

  /** @param {{model: string, checkpoint: number | null} | null} other */
  #tell(other) {
    this.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail: { other } }));
  }
}

/** @param {any} model */
const modelOption = (model) => h("option", { value: model.key }, model.name);

/** @param {any} checkpoint */
const stepOption = ({ step, is_best }) => h("option", { value: String(step) }, `${step}${is_best ? ` · ${t("training.best")}` : ""}`);

/** @param {any[]} one @param {any[]} two */
const sameTokens = (one, two) => one.length === two.length && one.every(({ id, label }, i) => id === two[i].id && label === two[i].label);

/** @param {Side} one @param {Side} two */
async function lenses(one, two) {
  const asked = (/** @type {Side} */ { run, position }) => getJSON("/look/lens", { run: run.run, position, top: 4 });
  const [first, second] = await Promise.all([asked(one), asked(two)]);
  return [
    h("h3", {}, t("path.lens")),
    h("div", { class: "pair" }, column(one, lensHeat(first, null)), column(two, lensHeat(second, null))),
  ];
}

/** @param {Side} side @param {Node} content */
const column = ({ name }, content) => h("div", {}, h("h4", {}, name), content);

customElements.define("naepo-compare-view", CompareView);
