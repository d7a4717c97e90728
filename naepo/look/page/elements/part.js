// A part of a view that waits for numbers: the old picture stays, dimmed, with what is being computed in words, and an
// error says what to do.

import { Asking } from "../core/asking.js";
import { h } from "../core/dom.js";
import { number } from "../core/format.js";
import { t } from "../core/i18n.js";

const PATIENCE = 150; // milliseconds before it is said what is waited for

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
		this.asking = new Asking(this.element);
	}

	get key() {
		return this.asking.key;
	}

	/** Ask for the content that belongs to a key. @param {string} words what is being computed @param {() => Promise<Content>} work */
	async load(key, words, work) {
		if (key === this.key) return;
		this.status.textContent = words;
		const slow = setTimeout(() => (this.status.hidden = this.key !== key), PATIENCE);
		const fail = (error) => this.show(trouble(error));
		await this.asking.ask(key, work, (content) => this.show(content), fail);
		clearTimeout(slow);
		if (this.key === key || !this.key) this.status.hidden = true;
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
