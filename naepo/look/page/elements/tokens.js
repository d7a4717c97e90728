// The prompt as cells: each character once, over the tokens it is made of, with their bytes; one position is selected.

import { h } from "../core/dom.js";
import { language, t } from "../core/i18n.js";

const SIGNS = new Map([[" ", "␣"], ["\n", "↵"], ["\t", "⇥"], ["\r", "␍"]]); // prettier-ignore
const MODES = ["tokens", "characters", "bytes"];

class Tokens extends HTMLElement {
  constructor() {
    super();
    this.mode = "tokens";
    this.key = "";
    this.list = h("div", { class: "token-list", role: "listbox" });
    this.modes = h("span", { class: "modes" });
    /** @type {HTMLElement[]} */ this.cells = [];
  }

  /** @param {any} context */
  set context(context) {
    const { run, state } = context;
    this.now = context;
    if (!run) return;
    const key = `${run.run} ${language()} ${this.mode}`;
    if (key !== this.key) this.#build(run);
    this.key = key;
    this.cells.forEach((cell, position) => {
      const isSelected = position === state.position;
      if ((cell.getAttribute("aria-selected") === "true") === isSelected) return;
      cell.setAttribute("aria-selected", String(isSelected));
      if (isSelected) cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
  }

  /** @param {any} run */
  #build(run) {
    this.cells = run.tokens.map((/** @type {any} */ token, /** @type {number} */ position) => this.#cell(run, token, position));
    this.list.setAttribute("aria-label", t("core.tokens"));
    this.list.replaceChildren(...run.groups.map((/** @type {any} */ group) => this.#group(group)));
    this.modes.replaceChildren(
      ...MODES.map((mode) =>
        h("button", { type: "button", "aria-pressed": String(mode === this.mode), on: { click: () => this.#show(mode) } }, t(`core.${mode}`)),
      ),
      h("span", { class: "note" }, t("core.token_count", { tokens: run.tokens.length, characters: charactersOf(run) })),
    );
    if (!this.firstChild) this.append(this.list, this.modes);
  }

  /** @param {string} mode */
  #show(mode) {
    this.mode = mode;
    this.list.dataset.mode = mode;
    this.context = this.now;
  }

  /** @param {any} group */
  #group({ start, end, text, kind }) {
    const glyph = kind === "text" ? [...text].map((each) => SIGNS.get(each) ?? each).join("") : "";
    const isOne = end - start === 1;
    return h(
      "span",
      { class: `group ${kind}`, dataset: { start } },
      glyph ? h("span", { class: "glyph", lang: /[가-힣]/.test(glyph) ? "ko" : null }, glyph) : null,
      h("span", { class: `cells${isOne ? "" : " shared"}` }, this.cells.slice(start, end)),
    );
  }

  /** @param {any} run @param {any} token @param {number} position */
  #cell(run, { id, label, bytes }, position) {
    const group = run.groups.find((/** @type {any} */ { start, end }) => start <= position && position < end);
    const size = group.end - group.start;
    const part = size > 1 ? `${position - group.start + 1}/${size}` : "";
    const hex = hexOf(bytes);
    const name = group.kind === "text" ? null : h("span", { class: "fragment" }, group.kind === "special" ? label : `‹${hex}›`);
    return h(
      "button",
      {
        type: "button",
        class: "token",
        role: "option",
        tabIndex: -1,
        "aria-selected": "false",
        title: t("core.token_title", { position, id, label, hex }),
        dataset: { position },
        on: { click: () => this.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail: { position } })) },
      },
      name,
      part ? h("span", { class: "part-of" }, part) : null,
      this.mode === "bytes" ? h("span", { class: "hex" }, hex) : null,
      this.mode === "tokens" ? h("span", { class: "id" }, id) : null,
    );
  }
}

/** @param {any} run */
const charactersOf = (run) => run.groups.reduce((/** @type {number} */ sum, /** @type {any} */ { text, kind }) => sum + (kind === "text" ? [...text].length : 0), 0);

/** Bytes that came as base64, in hexadecimal. @param {string} bytes */
export const hexOf = (bytes) => [...atob(bytes)].map((each) => each.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")).join(" ");

customElements.define("naepo-tokens", Tokens);
