// A room of the stage: a heading, and parts that wait for their numbers one by one.

import { along } from "../core/asking.js";
import { h, note } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { Part } from "./part.js";

export class Room extends HTMLElement {
	constructor() {
		super();
		this.head = h("div", { class: "view-head" });
		/** parts by name, in their order; other elements between them @type {Record<string, any>} */
		this.parts = {};
	}

	connectedCallback() {
		this.classList.add("view");
		if (this.firstChild) return;
		this.append(this.head, ...Object.values(this.parts).map((part) => (part instanceof Part ? part.element : part)));
	}

	announce(title, intro) {
		along(() => this.head.replaceChildren(h("h2", {}, title), note(t(intro))));
	}
}
