// What must hold of the numbers on screen, with its error: green within the stated bound, red beyond.

import { h } from "../core/dom.js";
import { number } from "../core/format.js";
import { language, t } from "../core/i18n.js";

class Checks extends HTMLElement {
  /** @param {any} context */
  set context({ run }) {
    if (!run) return;
    const key = `${run.run} ${language()}`;
    if (key === this.dataset.key) return;
    this.dataset.key = key;
    const lines = run.checks.map((/** @type {any} */ check) => line(check));
    this.replaceChildren(h("h2", {}, t("answer.checks")), h("ul", { class: "checks" }, lines));
  }
}

/** @param {any} check */
function line({ name, op, error, bound, holds }) {
  const words = t(`answer.check_${name}`, { op: op ?? "" });
  const found = t(holds ? "answer.holds" : "answer.fails", { error: number(error ?? NaN), bound: number(bound) });
  return h("li", { class: `check ${holds ? "holds" : "fails"}`, dataset: { check: name } }, h("span", {}, `${holds ? "✓" : "✗"} ${words}`), h("span", { class: "figures" }, found));
}

customElements.define("naepo-checks", Checks);
