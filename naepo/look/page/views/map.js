// The embedding map: every id as a point, near to what it resembles; with what the plane keeps of the full space.

import { h } from "../core/dom.js";
import { number } from "../core/format.js";
import { t } from "../core/i18n.js";
import { figure } from "../elements/figure.js";
import { mapControls } from "../elements/map-controls.js";
import { colouring } from "../elements/map-colours.js";
import { laidOut } from "../elements/map-layout.js";
import { neighbourList } from "../elements/neighbours.js";
import { Part, trouble } from "../elements/part.js";
import "../elements/points.js";
import "../elements/search.js";
import { vocabularyOf } from "../elements/vocabulary.js";

/**
 * The state of the map, as it stands in the address.
 * @typedef {{method: "pca" | "tsne" | "umap", seed: number, perplexity: number, neighbours: number,
 *   colour: "script" | "frequency" | "norm" | "pitch", query: string}} Choice
 */

/** @type {Choice} */
const FIRST = { method: "pca", seed: 0, perplexity: 30, neighbours: 15, colour: "script", query: "" };

/** @param {any} state @returns {Choice} */
export function choiceOf(state) {
  const said = Object.entries(state.map ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return { ...FIRST, ...Object.fromEntries(said) };
}

export class MapView extends HTMLElement {
  constructor() {
    super();
    this.controls = h("div", { class: "map-controls" });
    this.points = /** @type {import("../elements/points.js").NaepoPoints} */ (h("naepo-points", {}));
    this.search = /** @type {import("../elements/search.js").NaepoSearch} */ (h("naepo-search", {}));
    this.legend = h("div", { class: "map-legend" });
    this.layout = new Part("map-layout");
    this.near = new Part("map-near");
    this.coloured = "";
    this.shown = "";
    this.search.addEventListener("naepo-found", (event) => {
      const { ids, query } = /** @type {CustomEvent} */ (event).detail;
      this.points.marked = ids;
      this.#choose({ query });
    });
    this.search.addEventListener("naepo-select", (event) => this.points.visit(/** @type {CustomEvent} */ (event).detail.id));
  }

  connectedCallback() {
    this.classList.add("view");
  }

  /** @param {any} context */
  set context(context) {
    const { state, model, about } = context;
    if (!model) return;
    this.state = state;
    const choice = choiceOf(state);
    const checkpoint = state.checkpoint ?? model.checkpoint;
    if (this.shown !== `${state.lang} ${state.theme}`) this.#build(state);
    vocabularyOf(model.key).then(
      ({ notes }) => mapControls(this.controls, about.reducers, choice, (patch) => this.#choose(patch), Boolean(notes)),
      (error) => this.controls.replaceChildren(trouble(error)),
    );
    this.points.selected = state.id ?? -1;
    this.#place(model, checkpoint, choice);
    this.#colour(context, checkpoint, choice);
    const key = `${model.key} ${checkpoint} ${state.id} ${state.lang}`;
    this.near.load(key, t("map.measuring"), () => neighbourList(model.key, checkpoint, state.id));
  }

  /** Headings and places for the parts, in the language of the page. @param {any} state */
  #build(state) {
    this.shown = `${state.lang} ${state.theme}`;
    this.points.setAttribute("aria-label", t("map.points_label"));
    const frame = h("div", { class: "map-frame" }, this.points);
    const picture = figure({
      title: t("map.title"),
      name: "embedding-map",
      picture: frame,
      source: () => this.points.picture(),
      note: t("map.hands"),
      table: () => this.#table(),
    });
    const stage = h("div", { class: "map-stage" }, picture, this.legend, this.layout.element);
    const side = h("div", { class: "map-side" }, this.near.element);
    const head = h("div", { class: "view-head" }, h("h2", {}, t("map.heading")), h("p", { class: "note" }, t("map.intro")));
    this.replaceChildren(head, this.controls, this.search, h("div", { class: "map-columns" }, stage, side));
  }

  #table() {
    const { xy, names } = this.points;
    const rows = Array.from({ length: xy.length / 2 }, (_, id) => [id, names[id] ?? "", xy[2 * id], xy[2 * id + 1]]);
    return { head: [t("path.id"), t("map.text"), "x", "y"], rows };
  }

  /** @param {any} model @param {number} checkpoint @param {Choice} choice */
  #place(model, checkpoint, choice) {
    const { method, seed, perplexity, neighbours } = choice;
    const knob = method === "tsne" ? { perplexity } : method === "umap" ? { neighbours } : {};
    const asked = { model: model.key, checkpoint, method, seed, ...knob };
    const key = JSON.stringify(asked) + this.shown;
    this.layout.load(key, t(`map.laying_${method}`), async () => {
      const { map, points } = await laidOut(asked, () => this.layout.key === key);
      if (this.layout.key === key) this.points.places = points;
      return quality(map, method, choice);
    });
  }

  /** @param {any} context @param {number} checkpoint @param {Choice} choice */
  async #colour(context, checkpoint, choice) {
    const { model, state } = context;
    const key = `${model.key} ${checkpoint} ${choice.colour} ${state.theme} ${state.lang}`;
    if (key === this.coloured) return;
    this.coloured = key;
    try {
      const vocabulary = await vocabularyOf(model.key);
      const found = await colouring(model, checkpoint, choice.colour, vocabulary);
      if (this.coloured === key) this.#paint(vocabulary, found, choice);
    } catch (error) {
      if (this.coloured === key) this.legend.replaceChildren(trouble(error));
    }
  }

  /**
   * @param {import("../elements/vocabulary.js").Vocabulary} vocabulary
   * @param {import("../elements/map-colours.js").Colouring} found
   * @param {Choice} choice
   */
  #paint(vocabulary, { colours, legend, order }, choice) {
    this.points.names = vocabulary.labels;
    this.points.order = order;
    this.points.colours = colours;
    this.legend.replaceChildren(legend);
    this.search.labels = vocabulary.labels;
    this.search.query = choice.query;
    this.points.marked = choice.query ? this.search.ids : [];
  }

  /** @param {Partial<Choice>} patch */
  #choose(patch) {
    const map = { ...choiceOf(this.state), ...patch };
    this.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail: { map } }));
  }
}

/** How far the plane can be believed. @param {any} map @param {string} method @param {Choice} choice */
function quality(map, method, choice) {
  const numbers = {
    trust: number(map.trustworthiness ?? NaN),
    overlap: number(map.overlap ?? NaN),
    seed: map.seed,
    n: map.n,
    seconds: number(map.seconds ?? NaN),
  };
  const knob = method === "pca" ? "" : t(`map.knob_${method}`, choice);
  const notes = (map.notes ?? []).map((/** @type {string} */ note) => h("p", { class: "note" }, note));
  return [h("p", { class: "finding" }, t("map.quality", numbers), " ", knob), h("p", { class: "note" }, t(`map.caution_${method}`)), notes].flat();
}

customElements.define("naepo-map-view", MapView);
