// Touch it: switch off, scale or replace a head, a neuron or a position, and see what comes of it. Each change is a chip.

import { h } from "../core/dom.js";
import { language, t } from "../core/i18n.js";

const TARGETS = ["head", "neuron", "position", "op"];
const ACTIONS = ["off", "scale", "patch"];

class Changes extends HTMLElement {
  constructor() {
    super();
    this.target = "head";
    this.action = "off";
    this.factor = 2;
    this.other = "";
    this.otherPosition = "";
    this.key = "";
  }

  /** @param {any} context */
  set context(context) {
    this.now = context;
    const { state, model } = context;
    const key = JSON.stringify([language(), state.changes, state.op, state.head, state.unit, state.position, model.key, this.target, this.action]);
    if (key === this.key) return;
    this.key = key;
    const focused = this.contains(document.activeElement) ? document.activeElement?.id : null;
    this.replaceChildren(
      h("h2", {}, t("changes.title")),
      h("ul", { class: "chips", "aria-label": t("changes.made") }, state.changes.map((/** @type {any} */ change, /** @type {number} */ i) => this.#chip(change, i))),
      ...(state.changes.length ? [h("p", { class: "note" }, t("changes.before_after"))] : []),
      this.#form(state, model),
    );
    if (focused) document.getElementById(focused)?.focus();
  }

  /** @param {any} change @param {number} i */
  #chip(change, i) {
    const without = () => this.#tell(this.now.state.changes.filter((/** @type {any} */ _, /** @type {number} */ at) => at !== i));
    const words = chipWords(change);
    return h("li", { class: "chip" }, h("span", {}, words), h("button", { type: "button", "aria-label": t("changes.take_off", { change: words }), on: { click: without } }, "×"));
  }

  /** @param {any} state @param {any} model */
  #form(state, model) {
    const change = this.#change(state, model);
    const add = h("button", { id: "change-add", type: "submit", disabled: !change }, t("changes.add"));
    const again = () => (this.key = "", this.context = this.now); // prettier-ignore
    const target = choice("change-target", t("changes.target"), TARGETS, (each) => t(`changes.target_${each}`, placeOf(state)), this.target, (value) => (this.target = value, again())); // prettier-ignore
    const action = choice("change-action", t("changes.action"), ACTIONS, (each) => t(`changes.action_${each}`), this.action, (value) => (this.action = value, again())); // prettier-ignore
    const form = h("form", { class: "change-form" }, target, action, this.action === "scale" ? this.#scale() : null, this.action === "patch" ? this.#patch() : null, add);
    form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const made = this.#change(this.now.state, this.now.model);
      if (made) this.#tell([...this.now.state.changes, made]);
    });
    return form;
  }

  #scale() {
    const output = h("output", {}, this.factor.toFixed(1));
    const input = h("input", { id: "change-factor", type: "range", min: -4, max: 4, step: 0.1, value: String(this.factor) });
    input.addEventListener("input", () => {
      this.factor = Number(input.value);
      output.textContent = this.factor.toFixed(1);
    });
    return h("label", { class: "slider" }, h("span", {}, t("changes.factor")), input, output);
  }

  #patch() {
    const text = h("input", { id: "change-text", type: "text", value: this.other, placeholder: this.now.run?.text ?? "" });
    text.addEventListener("input", () => (this.other = text.value));
    text.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.preventDefault();
    });
    const position = h("input", { id: "change-position", type: "number", min: 0, value: this.otherPosition, placeholder: String(this.now.state.position) });
    position.addEventListener("input", () => (this.otherPosition = position.value));
    return h("div", { class: "patch" }, h("label", {}, t("changes.from_prompt"), text), h("label", {}, t("changes.from_position"), position), h("p", { class: "note" }, t("changes.patch_note")));
  }

  /** The change that the form speaks of; null when there is nothing to change there. @param {any} state @param {any} model */
  #change(state, model) {
    const { block } = placeOf(state);
    const op = model.ops.find((/** @type {any} */ each) => each.name === state.op);
    /** @type {Record<string, any>} */ let place;
    if (this.target === "head") place = { op: `blocks.${block}.attention.mixed`, head: Math.min(state.head, model.settings.n_heads - 1) };
    else if (this.target === "neuron") place = { op: `blocks.${block}.mlp.activation`, unit: state.unit ?? 0 };
    else if (this.target === "position") place = { op: op?.kind === "residual" ? op.name : `blocks.${block}.residual_2`, position: state.position };
    else if (!op || ["masked", "probabilities"].includes(op.kind)) return null;
    else place = { op: op.name };
    if (this.action === "off") return { ...place, factor: 0 };
    if (this.action === "scale") return { ...place, factor: this.factor };
    const position = place.position ?? state.position;
    const taken = this.otherPosition === "" ? position : Number(this.otherPosition);
    return { ...place, position, patch: { text: this.other, position: taken } };
  }

  /** @param {any[]} changes */
  #tell(changes) {
    this.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail: { changes } }));
  }
}

/** @param {any} state */
function placeOf(state) {
  const block = /^blocks\.(\d+)/.exec(state.op)?.[1] ?? "0";
  return { block, head: state.head, unit: state.unit ?? 0, position: state.position, op: state.op };
}

/** @param {any} change */
export function chipWords({ op, head, unit, position, factor, patch }) {
  const place = [op, head !== undefined ? t("changes.head", { head }) : "", unit !== undefined ? t("changes.unit", { unit }) : "", position !== undefined ? t("changes.position", { position }) : ""];
  const act = patch ? t("changes.taken", { text: patch.text, position: patch.position ?? position }) : `× ${factor ?? 0}`;
  return [...place.filter(Boolean), act].join(" · ");
}

/** @param {string} id @param {string} label @param {string[]} values @param {(value: string) => string} words @param {string} chosen @param {(value: string) => void} act */
function choice(id, label, values, words, chosen, act) {
  const select = h("select", { id }, values.map((value) => h("option", { value }, words(value)))); // prettier-ignore
  select.value = chosen;
  select.addEventListener("change", () => act(select.value));
  return h("label", {}, label, select);
}

customElements.define("naepo-changes", Changes);
