// The way to the answer: how long the residual stream is along the depth, what would be said after each layer, and what
// each part of the model added to one logit.

import { getJSON, getTensor } from "../core/api.js";
import { h } from "../core/dom.js";
import { number, percent } from "../core/format.js";
import { t } from "../core/i18n.js";
import "../elements/bars.js";
import "../elements/chart.js";
import { contributions } from "../elements/contributions.js";
import { figure } from "../elements/figure.js";
import { headGrids } from "../elements/head-grids.js";
import { lensPicture } from "../elements/lens.js";
import { Part } from "../elements/part.js";
import { stageName } from "../elements/part-names.js";
import "../elements/search.js";
import { vocabularyOf } from "../elements/vocabulary.js";

const FAINT = 48; // other positions drawn behind the chosen one

/**
 * @typedef {{id: number, label: string, text?: string, probability: number, logit: number}} Candidate
 * @typedef {{op: string, top: Candidate[], entropy: number}} Layer
 */

/** The chosen position, the last when none is or it is beyond the prompt. @param {any} context */
export function positionOf({ state, run }) {
  const last = run.tokens.length - 1;
  return Math.max(0, Math.min(last, state.position ?? last));
}

export class PathView extends HTMLElement {
  constructor() {
    super();
    this.head = h("div", { class: "view-head" });
    this.choice = new Part("choice");
    this.parts = { stream: new Part(), lens: new Part(), contributions: new Part(), heads: new Part() };
  }

  connectedCallback() {
    this.classList.add("view");
    const { stream, lens, contributions: sums, heads } = this.parts;
    const all = [this.choice, lens, sums, heads, stream].map((part) => part.element);
    if (!this.firstChild) this.append(this.head, ...all);
  }

  /** @param {any} context */
  set context(context) {
    const { run, state } = context;
    if (!run) {
      this.head.replaceChildren(h("p", { class: "note" }, t("path.empty")));
      return;
    }
    const position = positionOf(context);
    const token = run.tokens[position];
    const title = t("path.title", { position, token: token.label });
    this.head.replaceChildren(h("h2", {}, title), h("p", { class: "note" }, t("path.intro")));
    this.#show(context, position, `${run.run} ${position} ${state.lang} ${state.theme}`);
  }

  /** @param {any} context @param {number} position @param {string} key */
  async #show(context, position, key) {
    const { run, state } = context;
    this.parts.stream.load(key, t("path.reading_stream"), () => this.#stream(run, position));
    const lens = getJSON("/look/lens", { run: run.run, position, top: 10 });
    this.parts.lens.load(`${key} ${state.id}`, t("path.reading_lens"), async () => lensPicture(await lens, state.id));
    this.choice.load(`${key} ${state.id}`, t("path.reading_lens"), async () => this.#choice(context, await lens));
    const answer = state.id ?? (await lens.catch(() => null))?.layers.at(-1).top[0].id;
    if (answer === undefined) return;
    const asked = `${key} ${answer} ${state.head} ${state.op}`;
    const words = t("path.reading_parts");
    this.parts.contributions.load(asked, words, () => contributions(run, position, answer, state));
    this.parts.heads.load(asked, words, () => headGrids(context, position, answer));
  }

  /** Which logit is explained: the likeliest ones as buttons, any other by search. @param {any} context @param {any} lens */
  async #choice({ model, state }, lens) {
    /** @type {Candidate[]} */
    const top = lens.layers.at(-1).top;
    const chosen = state.id ?? top[0].id;
    const listed = top.some(({ id }) => id === chosen) ? top : [...top, { id: chosen, label: `#${chosen}`, probability: NaN }];
    const buttons = listed.map(({ id, label, probability }) => this.#idButton(id, label, probability, id === chosen));
    const search = /** @type {import("../elements/search.js").NaepoSearch} */ (h("naepo-search", {}));
    const { labels } = await vocabularyOf(model.key);
    search.labels = labels;
    return [h("h3", {}, t("path.chosen_logit")), h("p", { class: "chips" }, buttons), search];
  }

  /** @param {number} id @param {string} label @param {number} probability @param {boolean} chosen */
  #idButton(id, label, probability, chosen) {
    const select = () => this.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail: { id } }));
    const share = Number.isFinite(probability) ? ` ${percent(probability)}` : "";
    const name = h("span", { class: "token-name" }, label);
    return h("button", { type: "button", class: "chip", "aria-pressed": String(chosen), on: { click: select } }, name, share);
  }

  /** @param {any} run @param {number} position */
  async #stream(run, position) {
    const { shape, data, headers } = await getTensor("/look/stream", { run: run.run });
    const [depth, time] = shape;
    const names = namesOf(headers, depth).map(stageName);
    /** @type {(at: number) => [number, number][]} */
    const line = (at) => Array.from({ length: depth }, (_, layer) => [layer, data[layer * time + at]]);
    const others = Array.from({ length: time }, (_, at) => at).filter((at) => at !== position).slice(-FAINT);
    const picture = /** @type {import("../elements/chart.js").NaepoChart} */ (h("naepo-chart", {}));
    picture.data = {
      series: [
        ...others.map((at) => ({ name: String(at), points: line(at), faint: true })),
        { name: `${position} ${run.tokens[position].label}`, points: line(position), dots: true },
      ],
      x: t("path.depth"),
      y: t("path.norm"),
      label: t("path.stream_label", { position }),
      xName: (layer) => names[layer] ?? String(layer),
    };
    /** @type {any[][]} */
    const rows = names.map((/** @type {string} */ name, /** @type {number} */ layer) => [name, ...Array.from(data.subarray(layer * time, (layer + 1) * time))]);
    const head = [t("path.depth"), ...run.tokens.map((/** @type {any} */ token, /** @type {number} */ at) => `${at} ${token.label}`)];
    const growth = number(data[(depth - 1) * time + position] / data[position]);
    const note = t("path.stream_note", { growth, others: others.length });
    return figure({ title: t("path.stream"), name: "stream-norms", picture, note, table: () => ({ head, rows }) });
  }
}

/** @param {any} headers @param {number} depth */
function namesOf(headers, depth) {
  const text = headers.get?.("X-Naepo-Names") ?? headers["x-naepo-names"] ?? "";
  const names = text.split(",").filter(Boolean);
  return names.length === depth ? names : Array.from({ length: depth }, (_, i) => String(i));
}

customElements.define("naepo-path-view", PathView);
