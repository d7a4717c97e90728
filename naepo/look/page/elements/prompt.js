// The prompt: the page follows each key. While an input method composes a syllable, keys and Enter belong to it.

import { h } from "../core/dom.js";
import { count } from "../core/format.js";
import { language, t } from "../core/i18n.js";
import { select } from "../core/select.js";

const LONGEST = 20000; // characters

class Prompt extends HTMLElement {
	constructor() {
		super();
		this.key = "";
		this.text = h("textarea", { id: "prompt", rows: 1, spellcheck: false, autocomplete: "off", maxLength: LONGEST });
		this.text.addEventListener("input", (event) => this.#typed(event.isComposing));
		this.text.addEventListener("compositionend", () => this.#typed(false));
		this.text.addEventListener("keydown", (event) => this.#key(event));
		this.name = h("span", { class: "prompt-name" });
		this.status = h("span", { class: "prompt-status", role: "status" });
		this.notes = h("p", { class: "note cut", role: "status", hidden: true });
	}

	set context({ state, model, run }) {
		if (!this.firstChild) this.append(h("label", { class: "prompt" }, this.name, this.text, this.status), this.notes);
		if (this.key !== language()) {
			this.key = language();
			this.name.textContent = t("top.prompt");
			this.status.textContent = t("top.running");
		}
		const shown = state.ids ? (run ? textOf(run) : null) : (state.text ?? model.prompt);
		const isWriting = document.activeElement === this.text && !state.ids; // what is being typed is not touched
		if (!isWriting && shown !== null && this.text.value !== shown) this.text.value = shown;
		const notes = run ? notesOf(run, state, model) : "";
		if (this.notes.textContent !== notes) this.notes.textContent = notes;
		this.notes.hidden = !notes;
	}

	#typed(isComposing) {
		if (!isComposing) select(this, { text: this.text.value });
	}

	/** Enter begins no new line (Shift+Enter does). */
	#key(event) {
		if (event.key !== "Enter" || event.isComposing || event.keyCode === 229 || event.shiftKey) return;
		event.preventDefault();
		select(this, { text: this.text.value });
	}
}

/** What was done to the text before the model read it. */
function notesOf(run, state, model) {
	const typed = state.ids ? run.text : (state.text ?? model.prompt);
	const notes = [];
	if (run.cut) notes.push(t("top.cut", { cut: count(run.cut), length: count(model.settings.context_length) }));
	const isSame = typed === run.text;
	if (!isSame && typed.normalize("NFC") === run.text.normalize("NFC"))
		notes.push(t("top.normalised", { typed: [...typed].length, read: [...run.text].length }));
	if (isSame && typed !== typed.normalize("NFC")) notes.push(t("top.decomposed", { typed: [...typed].length, composed: [...typed.normalize("NFC")].length }));
	return notes.join(" ");
}

/** What the tokens of a run read as; bytes that are no whole character stand as ‹…›. */
const textOf = (run) => run.groups.map((group) => groupText(run, group)).join("");

function groupText(run, { kind, text, start, end }) {
	if (kind === "text") return text;
	if (kind === "special") return "";
	return run.tokens.slice(start, end).map((each) => each.label).join("");
}

customElements.define("naepo-prompt", Prompt);
