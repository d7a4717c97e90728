// The top of the page: which model, which checkpoint, what prompt, which view; language, theme, link, keys.

import { h } from "../core/dom.js";
import { count } from "../core/format.js";
import { language, t } from "../core/i18n.js";

const VIEWS = ["op", "attention", "path", "map", "training", "compare"];

class Top extends HTMLElement {
  constructor() {
    super();
    this.text = h("textarea", { id: "prompt", rows: 1, spellcheck: false, autocomplete: "off", maxLength: 20000 });
    this.text.addEventListener("input", (/** @type {InputEvent} */ event) => this.#typed(event.isComposing));
    this.text.addEventListener("compositionend", () => this.#typed(false));
    this.text.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#key(event));
    this.facts = h("span", { class: "facts" });
    this.cut = h("p", { class: "note cut", role: "status" });
    this.key = "";
  }

  /** @param {any} context */
  set context(context) {
    this.now = context;
    const { state, model, about, run } = context;
    const key = JSON.stringify([language(), state.model, state.checkpoint, state.view, state.theme, model.checkpoints.length]);
    if (key !== this.key) this.#build(state, model, about);
    this.key = key;
    const shown = state.ids && run ? textOf(run) : (state.text ?? model.prompt);
    if (document.activeElement !== this.text && this.text.value !== shown) this.text.value = shown;
    const cut = run?.cut ? t("top.cut", { cut: run.cut, length: model.settings.context_length }) : "";
    if (this.cut.textContent !== cut) this.cut.textContent = cut;
    this.cut.hidden = !cut;
  }

  /** @param {any} state @param {any} model @param {any} about */
  #build(state, model, about) {
    const focused = document.activeElement?.id;
    const prompt = h("label", { class: "prompt" }, h("span", { class: "prompt-name" }, t("top.prompt")), this.text);
    this.replaceChildren(
      h("div", { class: "bar" }, h("h1", {}, "naepo"), this.#models(state, about), this.#checkpoints(state, model), this.facts, this.#switches(state)),
      h("div", { class: "bar" }, prompt),
      this.cut,
      h("nav", { class: "tabs", "aria-label": t("top.views") }, VIEWS.map((view) => this.#tab(view, state.view))),
    );
    this.facts.textContent = t("top.facts", {
      parameters: count(model.parameters),
      layers: model.settings.n_layers,
      heads: model.settings.n_heads,
      width: model.settings.d_model,
      vocabulary: count(model.settings.vocab_size),
    });
    if (focused) document.getElementById(focused)?.focus();
  }

  /** @param {any} state @param {any} about */
  #models(state, about) {
    const name = about.models.find((/** @type {any} */ each) => each.key === state.model)?.name;
    if (about.models.length === 1) return h("span", { class: "model-name" }, name);
    const choice = h("select", { id: "model", "aria-label": t("top.model") }, about.models.map((/** @type {any} */ each) => h("option", { value: each.key }, each.name)));
    choice.value = state.model;
    choice.addEventListener("change", () => this.#tell({ model: choice.value, checkpoint: null }));
    return choice;
  }

  /** @param {any} state @param {any} model */
  #checkpoints(state, model) {
    const steps = model.checkpoints.map((/** @type {any} */ each) => each.step);
    if (steps.length < 2) return null;
    const here = Math.max(0, steps.indexOf(state.checkpoint));
    const slider = h("input", { id: "checkpoint", type: "range", min: 0, max: steps.length - 1, step: 1, "aria-label": t("top.checkpoint") });
    slider.value = String(here);
    slider.setAttribute("aria-valuetext", t("top.step", { step: count(state.checkpoint) }));
    slider.addEventListener("input", () => this.#tell({ checkpoint: steps[Number(slider.value)] }));
    const best = model.checkpoints[here]?.is_best ? ` · ${t("top.best")}` : "";
    return h("label", { class: "checkpoint" }, slider, h("output", {}, t("top.step", { step: count(steps[here]) }) + best));
  }

  /** @param {any} state */
  #switches(state) {
    const isDark = document.documentElement.dataset.theme === "dark";
    const other = language() === "en" ? "ko" : "en";
    const copy = h("button", { id: "link", type: "button" }, t("top.link"));
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(location.href);
      copy.textContent = t("top.copied");
      setTimeout(() => (copy.textContent = t("top.link")), 1500);
    });
    return h(
      "span",
      { class: "switches" },
      copy,
      h("button", { id: "language", type: "button", lang: other, on: { click: () => this.#tell({ lang: other }) } }, other === "ko" ? "한국어" : "English"),
      h("button", { id: "theme", type: "button", on: { click: () => this.#tell({ theme: isDark ? "light" : "dark" }) } }, t(isDark ? "top.light" : "top.dark")),
      h("button", { id: "keys", type: "button", on: { click: () => document.dispatchEvent(new CustomEvent("naepo-keys")) } }, t("top.keys")),
    );
  }

  /** @param {string} view @param {string} shown */
  #tab(view, shown) {
    const tab = h("button", { id: `view-${view}`, type: "button", class: "tab", "aria-current": view === shown ? "page" : null }, t(`top.view_${view}`));
    tab.addEventListener("click", () => this.#tell({ view }));
    return tab;
  }

  /** @param {boolean} isComposing */
  #typed(isComposing) {
    if (!isComposing) this.#tell({ text: this.text.value });
  }

  /** Enter writes nothing: the page follows each key anyway. While a syllable is composed it belongs to the input method. @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229 || event.shiftKey) return;
    event.preventDefault();
    this.#tell({ text: this.text.value });
    this.dispatchEvent(new CustomEvent("naepo-submit", { bubbles: true }));
  }

  /** @param {any} detail */
  #tell(detail) {
    this.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail }));
  }
}

/** What the tokens of a run read as; bytes that are no whole character stand as ‹…›. @param {any} run */
const textOf = (run) =>
  run.groups.map((/** @type {any} */ { kind, text, start, end }) => {
    if (kind === "text") return text;
    return kind === "special" ? "" : `‹${run.tokens.slice(start, end).map((/** @type {any} */ each) => each.label).join("")}›`;
  }).join(""); // prettier-ignore

customElements.define("naepo-top", Top);
