// A part of a view that waits for numbers: the old picture stays, dimmed, with what is being computed in words, and an
// error says what to do. Answers to an older question are dropped.

import { h } from "../core/dom.js";
import { number } from "../core/format.js";
import { t } from "../core/i18n.js";

/** @typedef {Node | string | null | undefined | false | (Node | string)[]} Content */

/** What went wrong, and what to do about it. */
export function trouble(error) {
	return h(
		"div",
		{ class: "trouble", role: "alert" },
		h("p", {}, t(error?.message ?? String(error))),
		error?.hint ? h("p", { class: "hint" }, error.hint) : null,
	);
}

export class Part {
	/** @param {string} kind class of the section */
	constructor(kind = "") {
		this.body = h("div", { class: "part-body" });
		this.status = h("p", { class: "part-status", role: "status", hidden: true });
		this.element = h("section", { class: `part ${kind}` }, this.status, this.body);
		this.key = "";
	}

	/**
	 * Ask for the content that belongs to a key, unless it is already asked for.
	 * @param {string} key what the content depends on
	 * @param {string} words what is being computed
	 * @param {() => Promise<Content>} work
	 */
	async load(key, words, work) {
		if (key === this.key) return;
		this.key = key;
		this.element.setAttribute("aria-busy", "true");
		this.status.textContent = words;
		const slow = setTimeout(() => (this.status.hidden = false), 150);
		try {
			const content = await work();
			if (this.key === key) this.show(content);
		} catch (error) {
			if (this.key !== key) return;
			this.key = "";
			this.show(trouble(error));
		} finally {
			clearTimeout(slow);
			if (this.key === key || this.key === "") this.#rest();
		}
	}

	#rest() {
		this.status.hidden = true;
		this.element.removeAttribute("aria-busy");
	}

	/** @param {Content} content */
	show(content) {
		const nodes = [content].flat().filter((node) => node !== null && node !== undefined && node !== false);
		this.body.replaceChildren(.../** @type {(Node | string)[]} */ (nodes));
	}
}

/** An identity and its error, green within the stated bound and red beyond; it can be found, and is told to who cannot see it. */
export function told(name, words, error, bound) {
	const holds = Math.abs(error ?? NaN) <= bound; // NaN does not hold
	const text = t(holds ? "path.holds" : "path.fails", { words, error: number(error), bound: number(bound) });
	return h("p", { class: `check ${holds ? "holds" : "fails"}`, role: "status", dataset: { check: name } }, text);
}
