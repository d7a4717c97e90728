// Touch it: switch off, scale or replace a head, a neuron or a position, and see what comes of it. Each change is a chip.

import { chooser, h, language, note, select, t } from "./stage.js";
import { blockOf } from "./part-names.js";

const TARGETS = ["head", "neuron", "position", "op"];
const TARGETS_OF_SIBLING = TARGETS.slice(1); // it has no heads
const ACTIONS = ["off", "scale", "patch"];
const FIRST_FACTOR = 2;
const DERIVED = ["masked", "probabilities"]; // computed from what stands before them: change that

class Changes extends HTMLElement {
	constructor() {
		super();
		this.target = "head";
		this.action = "off";
		this.other = "";
		this.otherPosition = "";
		this.key = "";
		this.list = "";
		this.chips = h("ul", { class: "chips" });
		this.note = note();
		this.form = h("form", { class: "change-form" });
		this.form.addEventListener("submit", (event) => this.#add(event));
		/** @type {((factor: number) => void)[]} */ this.factors = [];
	}

	set context(context) {
		this.now = context;
		const { state, model } = context;
		if (!this.firstChild) this.append(h("h2"), this.note, this.chips, this.form);
		const list = JSON.stringify([language(), state.changes.map((change) => ({ ...change, factor: null }))]);
		if (list !== this.list) this.#build(state.changes);
		this.list = list;
		state.changes.forEach((change, i) => this.factors[i]?.(change.factor ?? 0));
		const key = JSON.stringify([language(), state.op, state.head, state.unit, state.position, model.key, this.target, this.action]);
		if (key !== this.key) this.#fill(state, model);
		this.key = key;
	}

	#build(changes) {
		/** @type {HTMLElement} */ (this.firstChild).textContent = t("changes.title");
		this.note.textContent = t(changes.length ? "changes.before_after" : "changes.note");
		this.chips.setAttribute("aria-label", t("changes.made"));
		this.factors = [];
		const all = h("button", { id: "changes-none", class: "plain", onclick: () => this.#tell([]) }, t("changes.take_all_off"));
		this.chips.replaceChildren(...changes.map((change, i) => this.#chip(change, i)), changes.length > 1 ? h("li", {}, all) : "");
		this.chips.hidden = !changes.length;
	}

	#chip(change, i) {
		const changes = () => this.now.state.changes;
		const without = () => this.#tell(changes().filter((_, at) => at !== i));
		const words = placeWords(change);
		const off = h("button", { "aria-label": t("changes.take_off", { change: words }), title: t("changes.take_off", { change: words }), onclick: without }, "×");
		if (change.patch) return h("li", { class: "chip" }, h("span", {}, `${words} · ${patchWords(change)}`), off);
		const input = h("input", { type: "range", min: -2, max: 4, step: 0.05, "aria-label": `${words}, ${t("changes.factor")}` });
		const output = h("output");
		input.addEventListener("input", () => this.#tell(changes().map((each, at) => (at === i ? { ...each, factor: Number(input.value) } : each))));
		this.factors[i] = (factor) => {
			input.value = String(factor);
			output.textContent = factor === 0 ? t("answer.off") : `× ${factor.toFixed(2)}`;
		};
		return h("li", { class: "chip" }, h("span", {}, words), h("span", { class: "factor" }, input, output), off);
	}

	#fill(state, model) {
		const targets = model.settings.n_heads ? TARGETS : TARGETS_OF_SIBLING;
		if (!targets.includes(this.target)) this.target = targets[0];
		const focused = this.form.contains(document.activeElement) ? document.activeElement?.id : null;
		const again = () => (this.key = "", this.context = this.now);
		const words = wordsOf(state);
		this.add = h("button", { id: "change-add", type: "submit" }, t("changes.add"));
		this.form.replaceChildren(
			choice({ id: "change-target", label: t("changes.target"), values: targets, words: (each) => t(`changes.target_${each}`, words), chosen: this.target, act: (value) => (this.target = value, again()) }),
			choice({ id: "change-action", label: t("changes.action"), values: ACTIONS, words: (each) => t(`changes.action_${each}`), chosen: this.action, act: (value) => (this.action = value, again()) }),
			this.action === "patch" ? this.#patch() : "",
			this.add,
		);
		this.#allow(state, model);
		if (focused) document.getElementById(focused)?.focus();
	}

	#patch() {
		const text = h("input", { id: "change-text", type: "text", autocomplete: "off", spellcheck: false, value: this.other });
		const typed = () => {
			this.other = text.value;
			this.#allow(this.now.state, this.now.model);
		};
		text.addEventListener("input", typed);
		text.addEventListener("keydown", (event) => {
			if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.preventDefault();
		});
		const position = h("input", { id: "change-position", type: "number", min: 0, value: this.otherPosition, placeholder: String(this.now.state.position) });
		position.addEventListener("input", () => (this.otherPosition = position.value));
		const fields = [h("label", {}, t("changes.from_prompt"), text), h("label", {}, t("changes.from_position"), position)];
		return h("div", { class: "patch" }, fields, note(t("changes.patch_note", { position: this.now.state.position })));
	}

	#allow(state, model) {
		if (this.add) this.add.disabled = this.#change(state, model) === null;
	}

	/** The change that the form speaks of; null when there is nothing to change there. */
	#change(state, model) {
		const place = this.#place(state, model);
		if (place === null) return null;
		if (this.action === "off") return { ...place, factor: 0 };
		if (this.action === "scale") return { ...place, factor: FIRST_FACTOR };
		if (!this.other) return null;
		const position = this.otherPosition === "" ? state.position : Number(this.otherPosition);
		return { ...place, position: state.position, patch: { text: this.other, position } };
	}

	/** @returns {Record<string, any> | null} */
	#place(state, model) {
		const { block } = wordsOf(state);
		const op = model.ops.find((each) => each.name === state.op);
		if (this.target === "head") return { op: `blocks.${block}.attention.mixed`, head: state.head };
		if (this.target === "neuron") return { op: `blocks.${block}.mlp.activation`, unit: state.unit ?? 0 };
		if (this.target === "position") return { op: streamOf(state.op), position: state.position };
		return op && !DERIVED.includes(op.kind) ? { op: op.name } : null;
	}

	#add(event) {
		event.preventDefault();
		const made = this.#change(this.now.state, this.now.model);
		if (made) this.#tell([...this.now.state.changes, made]);
	}

	#tell(changes) {
		select(this, { changes });
	}
}

/** The residual stream at a step: itself, or the one after its block. */
function streamOf(op) {
	if (/(^|\.)residual(_\d)?$/.test(op)) return op;
	return `blocks.${blockOf(op) || 0}.residual_2`;
}

const wordsOf = (state) => ({ block: blockOf(state.op) || 0, head: state.head, unit: state.unit ?? 0, position: state.position, op: state.op, stream: streamOf(state.op) });

function placeWords({ op, head, unit, position }) {
	const parts = [op];
	if (head !== undefined) parts.push(t("attention.head", { head }));
	if (unit !== undefined) parts.push(t("changes.unit", { unit }));
	if (position !== undefined) parts.push(t("changes.position", { position }));
	return parts.join(" · ");
}

const patchWords = ({ patch, position }) => t("changes.taken", { text: patch.text, position: patch.position ?? position });

const choice = ({ id, label, values, words, chosen, act }) => h("label", {}, label, chooser({ id }, values.map((value) => [value, words(value)]), chosen, act));

customElements.define("naepo-changes", Changes);
