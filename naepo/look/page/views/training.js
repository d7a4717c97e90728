// Training seen from inside: the kept checkpoints on one slider, the curves, and how far every matrix moved.

import { getJSON, getTensor } from "../core/api.js";
import { h } from "../core/dom.js";
import { count } from "../core/format.js";
import { t } from "../core/i18n.js";
import { curves } from "../elements/curves.js";
import { figure } from "../elements/figure.js";
import { colouring } from "../elements/map-colours.js";
import { gradientPicture, movedPicture } from "../elements/moved.js";
import { Part } from "../elements/part.js";
import "../elements/points.js";
import { vocabularyOf } from "../elements/vocabulary.js";

const PAUSE = 90; // milliseconds a slider rests before the model is run at its checkpoint

export class TrainingView extends HTMLElement {
  constructor() {
    super();
    this.head = h("div", { class: "view-head" });
    this.slider = h("div", { class: "checkpoint-slider" });
    this.parts = { curves: new Part(), moved: new Part(), gradients: new Part(), map: new Part() };
    this.points = /** @type {import("../elements/points.js").NaepoPoints} */ (h("naepo-points", {}));
    this.pause = 0;
    this.drawn = "";
    this.recordKey = "";
    /** @type {number[]} */ this.steps = [];
    /** @type {import("../elements/chart.js").NaepoChart[]} */ this.charts = [];
    this.addEventListener("naepo-pick", (event) => this.#choose(this.#nearest(/** @type {CustomEvent} */ (event).detail.x)));
  }

  connectedCallback() {
    this.classList.add("view");
    const { curves: lines, moved, gradients, map } = this.parts;
    if (!this.firstChild) this.append(this.head, this.slider, ...[lines, moved, gradients, map].map((part) => part.element));
  }

  disconnectedCallback() {
    clearTimeout(this.pause);
  }

  /** @param {any} context */
  set context({ state, model, run }) {
    if (!model) return;
    this.head.replaceChildren(h("h2", {}, t("training.heading")), h("p", { class: "note" }, t("training.intro")));
    this.steps = model.checkpoints.map((/** @type {any} */ checkpoint) => checkpoint.step);
    const checkpoint = state.checkpoint ?? model.checkpoint;
    const key = `${model.key} ${this.steps} ${state.lang} ${state.theme}`;
    this.#slide(model, checkpoint, `${model.key} ${this.steps} ${state.lang}`);
    for (const chart of this.charts) chart.marker = checkpoint;
    this.parts.curves.load(key, t("training.reading"), async () => this.#curves(model, checkpoint));
    this.#inside(model, key, state, run);
    this.parts.map.load(`${key} ${checkpoint}`, t("training.moving"), () => this.#map(model, checkpoint, key));
    this.points.selected = state.id ?? -1;
  }

  /** What needs several kept checkpoints, or says how to keep them. @param {any} model @param {string} key @param {any} state @param {any} run */
  #inside(model, key, state, run) {
    if (this.steps.length < 2) {
      const hint = model.kind === "naepo" ? t("training.keep") : t("training.foreign");
      this.parts.moved.load(`none ${key}`, "", async () => h("p", { class: "note empty" }, hint));
      this.parts.gradients.load("none", "", async () => null);
      return;
    }
    this.parts.moved.load(key, t("training.measuring"), async () => movedPicture(await this.#record(model), (step) => this.#choose(step)));
    const text = run?.text ?? state.text;
    const asked = `${key} ${text}`;
    this.parts.gradients.load(asked, "", async () => this.#gradientButton(model, text, asked));
  }

  /** The record of the training, asked for once for these checkpoints. @param {any} model */
  #record(model) {
    const key = `${model.key} ${this.steps}`;
    if (this.recordKey !== key) {
      this.recordKey = key;
      this.record = getJSON("/look/training", { model: model.key });
    }
    return /** @type {Promise<any>} */ (this.record);
  }

  /** @param {any} model @param {number} checkpoint */
  async #curves(model, checkpoint) {
    const record = await this.#record(model);
    const { content, charts } = curves(record, checkpoint);
    this.charts = charts;
    return content;
  }

  /** @param {any} model @param {number} checkpoint @param {string} key */
  #slide(model, checkpoint, key) {
    const steps = this.steps;
    const at = Math.max(0, steps.indexOf(checkpoint));
    if (this.slider.dataset.key !== key) {
      this.slider.dataset.key = key;
      this.range = h("input", { type: "range", min: 0, max: Math.max(0, steps.length - 1), step: 1, "aria-label": t("training.checkpoint") });
      this.range.addEventListener("input", () => this.#choose(steps[Number(this.range?.value)], PAUSE));
      this.output = h("output", {});
      this.slider.replaceChildren(h("label", { class: "field" }, t("training.checkpoint"), this.range), this.output);
    }
    if (!this.range || !this.output) return;
    this.range.disabled = steps.length < 2;
    if (document.activeElement !== this.range || !this.pause) this.range.value = String(at);
    const best = model.checkpoints[at]?.is_best ? ` · ${t("training.best")}` : "";
    this.output.textContent = t("training.step_of", { step: count(checkpoint), at: at + 1, n: steps.length }) + best;
  }

  /** @param {number} step */
  #nearest(step) {
    const steps = this.steps;
    return steps.reduce((best, one) => (Math.abs(one - step) < Math.abs(best - step) ? one : best), steps[0]);
  }

  /** @param {number} checkpoint @param {number} wait milliseconds */
  #choose(checkpoint, wait = 0) {
    if (checkpoint === undefined) return;
    for (const chart of this.charts) chart.marker = checkpoint;
    clearTimeout(this.pause);
    this.pause = window.setTimeout(() => {
      this.pause = 0;
      this.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail: { checkpoint } }));
    }, wait);
  }

  /** Gradients cost a backward pass a checkpoint: asked for by hand. @param {any} model @param {string} text @param {string} key */
  #gradientButton(model, text, key) {
    const ask = () =>
      this.parts.gradients.load(`${key} asked`, t("training.backward", { n: this.steps.length }), async () => {
        const record = await getJSON("/look/training/gradients", { model: model.key, text });
        return gradientPicture(record, text, (step) => this.#choose(step));
      });
    const button = h("button", { type: "button", on: { click: ask } }, t("training.ask_gradients"));
    return [h("h3", {}, t("training.gradients")), h("p", { class: "note" }, t("training.gradients_why", { text })), button];
  }

  /** The embedding in one plane for all checkpoints, so that movement is movement. @param {any} model @param {number} checkpoint @param {string} key */
  async #map(model, checkpoint, key) {
    const points = async (/** @type {number} */ step) =>
      (await getTensor("/look/training/map", { model: model.key, checkpoint: step })).data;
    const vocabulary = await vocabularyOf(model.key);
    const { colours, legend, order } = await colouring(model, checkpoint, "script", vocabulary);
    const { labels } = vocabulary;
    if (this.drawn !== key) {
      this.drawn = key;
      this.points.still = false;
      this.points.names = labels;
      this.points.setAttribute("aria-label", t("training.map"));
      this.points.places = await points(this.steps.at(-1) ?? checkpoint); // fits the plane to where it ends
      this.points.order = order;
      this.points.colours = colours;
      this.points.still = true;
    }
    const xy = await points(checkpoint);
    this.points.places = xy;
    const frame = h("div", { class: "map-frame" }, this.points);
    const table = () => ({
      head: [t("path.id"), t("map.text"), "x", "y"],
      rows: labels.map((/** @type {string} */ label, /** @type {number} */ id) => [id, label, xy[2 * id], xy[2 * id + 1]]),
    });
    const source = () => this.points.picture();
    const told = { title: t("training.map"), name: `embedding-${checkpoint}`, note: t("training.map_note") };
    return [figure({ ...told, picture: frame, source, table }), legend];
  }
}

customElements.define("naepo-training-view", TrainingView);
