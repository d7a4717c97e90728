// <naepo-search>: find an id by its text or its number. Enter while an input method composes chooses nothing.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";

const SHOWN = 12;
const MARKED = 5000;

/** Text as a person types it: the signs for space, newline and tab taken back. @param {string} label */
export const plainLabel = (label) => label.replaceAll("␣", " ").replaceAll("↵", "\n").replaceAll("⇥", "\t");

/**
 * Ids whose text holds the query (any case), exact ones first; a number also finds that id.
 * @param {ArrayLike<string>} labels
 * @param {string} query
 * @param {number} most
 */
export function found(labels, query, most = MARKED) {
  const wanted = query.toLocaleLowerCase();
  if (!wanted) return [];
  /** @type {number[]} */ const exact = [];
  /** @type {number[]} */ const first = [];
  /** @type {number[]} */ const within = [];
  const id = /^#?\d+$/.test(query.trim()) ? Number(query.trim().replace("#", "")) : -1;
  if (id >= 0 && id < labels.length) exact.push(id);
  for (let i = 0; i < labels.length; i++) {
    const text = plainLabel(labels[i]).toLocaleLowerCase();
    if (i === id || (!text.includes(wanted) && !labels[i].toLocaleLowerCase().includes(wanted))) continue;
    (text.trim() === wanted.trim() ? exact : text.trimStart().startsWith(wanted) ? first : within).push(i);
  }
  return [...exact, ...first, ...within].slice(0, most);
}

export class NaepoSearch extends HTMLElement {
  constructor() {
    super();
    /** @type {ArrayLike<string>} */ this.labels = [];
    this.input = h("input", {
      type: "search",
      autocomplete: "off",
      spellcheck: false,
      on: { input: () => this.#look(), keydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) },
    });
    this.results = h("ul", { class: "search-results", hidden: true });
    this.count = h("span", { class: "note", role: "status" });
  }

  connectedCallback() {
    this.input.placeholder = t("map.search_hint");
    this.input.setAttribute("aria-label", t("map.search"));
    if (!this.firstChild) this.append(this.input, this.count, this.results);
  }

  /** Every id that is found now. */
  get ids() {
    return found(this.labels, this.input.value);
  }

  /** @param {string} query */
  set query(query) {
    if (query === this.input.value) return;
    this.input.value = query;
    this.#look(false);
  }

  #look(tell = true) {
    const query = this.input.value;
    const ids = found(this.labels, query);
    this.count.textContent = query ? t("map.found", { n: ids.length }) : "";
    this.results.hidden = !ids.length;
    this.results.replaceChildren(...ids.slice(0, SHOWN).map((id) => this.#result(id)));
    if (tell) this.dispatchEvent(new CustomEvent("naepo-found", { bubbles: true, detail: { ids, query } }));
  }

  /** @param {number} id */
  #result(id) {
    const choose = () => this.#choose(id);
    const name = [h("span", { class: "token-name" }, this.labels[id]), h("span", { class: "note" }, ` ${id}`)];
    return h("li", {}, h("button", { type: "button", class: "quiet", on: { click: choose } }, name));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || event.keyCode === 229) return; // the input method is still writing
    const [first] = found(this.labels, this.input.value, 1);
    if (event.key === "Enter" && first !== undefined) this.#choose(first);
    if (event.key === "Escape") this.results.hidden = true;
  }

  /** @param {number} id */
  #choose(id) {
    this.results.hidden = true;
    this.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail: { id } }));
  }
}

customElements.define("naepo-search", NaepoSearch);
