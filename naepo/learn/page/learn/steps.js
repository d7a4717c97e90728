// The steps: hidden behind the guess, then one at a time, each with its formula, pictures and checks.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { tell } from "../core/select.js";
import { written } from "../elements/formula.js";
import { Picture } from "./picture.js";
import { write } from "./prose.js";

export class Steps {
	constructor() {
		this.list = h("ol", { class: "steps-list" });
		/** @type {Map<string, Step>} */ this.known = new Map();
		this.gate = h("p", { class: "gate" });
		this.show = h("button", { id: "show", class: "quiet", onclick: () => tell(document, "naepo-learn", { shown: true }) }, t("learn.show"));
		this.next = h("button", { id: "next", class: "main", onclick: () => this.#go(1) });
		this.all = h("button", { id: "all", class: "quiet", onclick: () => this.#go(this.count) }, t("learn.all_steps"));
		this.element = h("section", { class: "steps-section", "aria-label": t("learn.steps") }, h("h2", {}, t("learn.steps")), this.gate, this.list, h("p", { class: "onward" }, this.next, this.all, this.show));
		this.count = 0;
		this.open = 0;
	}

	#go(by) {
		this.isGoing = true;
		this.open = Math.min(this.count, this.open + by); // at once: keys come faster than answers
		tell(document, "naepo-learn", { step: this.open });
	}

	update({ steps }, state) {
		this.gate.hidden = steps !== null;
		this.gate.textContent = t("learn.gate");
		this.show.hidden = steps !== null;
		this.count = steps?.length ?? 0;
		this.open = Math.min(this.count, Math.max(1, state.step));
		const shown = (steps ?? []).slice(0, this.open);
		const items = shown.map((step, i) => this.#step(step, i + 1));
		put(this.list, items);
		this.next.hidden = this.all.hidden = this.open >= this.count;
		this.next.textContent = t("learn.next", { next: this.open + 1, count: this.count });
		if (this.isGoing) items.at(-1)?.scrollIntoView({ block: "nearest", behavior: "smooth" });
		this.isGoing = false;
	}

	#step(step, number) {
		const known = this.known.get(step.key) ?? new Step(step.key, number);
		this.known.set(step.key, known);
		known.update(step);
		return known.element;
	}
}

/** One step; its pictures stay the same elements while their numbers change. */
export class Step {
	constructor(key, number = 0) {
		this.title = h("h3");
		this.says = h("p", { class: "says" });
		this.formulas = h("div", { class: "formulas" });
		this.pictures = h("div", { class: "pictures" });
		this.checks = h("div");
		this.said = "";
		/** @type {Picture[]} */ this.shown = [];
		this.element = h(number ? "li" : "div", { class: "step", dataset: { step: key } }, this.title, this.formulas, this.says, this.pictures, this.checks);
	}

	update(step) {
		this.title.textContent = step.title;
		write(this.says, step.says);
		const formulas = step.formulas.join("\n");
		if (formulas !== this.said) this.formulas.replaceChildren(...step.formulas.map(written));
		this.said = formulas;
		this.shown = step.shows.map((block, i) => (this.shown[i]?.kind === block.kind ? this.shown[i] : new Picture(block)));
		put(this.pictures, this.shown.map(({ element }) => element));
		step.shows.forEach((block, i) => this.shown[i].update(block));
		this.checks.replaceChildren(...step.checks.map(check));
	}
}

/** Leave what is in its place already: it may be held or have the focus. @param {HTMLElement} place @param {HTMLElement[]} items */
function put(place, items) {
	if (items.length !== place.children.length || items.some((item, i) => item !== place.children[i])) place.replaceChildren(...items);
}

function check({ key, text, holds, error, bound }) {
	const words = t(holds ? "path.holds" : "path.fails", { words: text, error, bound });
	return h("p", { class: `check ${holds ? "holds" : "fails"}`, dataset: { check: key } }, words);
}
