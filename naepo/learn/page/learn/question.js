// A question with its answer: typed or chosen, and what is said to it.

import { chooser, h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { tell } from "../core/select.js";
import { write } from "./prose.js";

export class Question {
	/** @param {any} asked @param {{id: string, button: string, take: (text: string, state: any) => any}} options */
	constructor(asked, { id, button, take }) {
		this.take = take;
		this.ask = h("p", { class: "ask", id: `${id}-ask` });
		const props = { id, "aria-describedby": `${id}-ask`, "aria-label": button };
		this.isChoice = asked.options.length > 0;
		const field = () => h("input", { type: "text", autocomplete: "off", class: asked.many > 1 ? "wide" : "", placeholder: asked.many > 1 ? t("learn.several", { n: asked.many }) : "", ...props });
		this.field = this.isChoice ? chooser(props, [["", t("learn.choose")], ...asked.options], "", () => this.#tell()) : field();
		this.verdict = h("p", { class: "verdict", role: "status" });
		const submit = (event) => {
			event.preventDefault();
			if (this.field.value.trim()) this.#tell();
			else this.field.focus();
		};
		this.element = h("form", { class: "asked", on: { submit } }, this.ask, h("div", { class: "answer-row" }, this.field, h("button", { type: "submit", class: "main" }, button)), this.verdict);
	}

	#tell() {
		if (this.field.value) tell(document, "naepo-learn", this.take(this.field.value, this.state));
	}

	/** @param {string | null} text */
	update(asked, text, state) {
		this.state = state;
		write(this.ask, asked.ask);
		if (this.field !== document.activeElement) this.field.value = text ?? "";
		const { state: kind = "", text: words = "" } = asked.verdict ?? {};
		this.verdict.className = `verdict ${kind}`;
		write(this.verdict, words);
	}
}
