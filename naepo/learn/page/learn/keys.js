// Keys that work anywhere in the chapters, but not while somebody types; and the list of them.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";

/** @type {[string, string][]} */
const KEYS = [
	["g", "learn.key_guess"],
	["s", "learn.key_show"],
	["n", "learn.key_next"],
	["k", "learn.key_knob"],
	["e", "learn.key_exercise"],
	["[  ]", "learn.key_chapter"],
	["?", "learn.key_list"],
];
const GOES_TO = { g: "#guess", s: "#show", n: "#next", k: "#knob", e: ".exercise :is(input, select)" };
const PRESSED = new Set(["s", "n"]);

export class Keys {
	constructor() {
		this.element = h("dialog", { class: "keys" });
		document.addEventListener("naepo-keys", () => this.toggle());
	}

	draw() {
		const row = ([key, words]) => h("tr", {}, h("td", {}, h("kbd", {}, key)), h("td", {}, t(words)));
		const close = h("button", { onclick: () => this.element.close() }, t("core.close"));
		this.element.replaceChildren(h("table", {}, h("tbody", {}, KEYS.map(row))), close);
		this.element.setAttribute("aria-label", t("learn.key_list"));
	}

	toggle() {
		if (this.element.open) this.element.close();
		else this.element.showModal();
	}
}

/** @param {EventTarget | null} target */
const isTyping = (target) => target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);

/** @param {{turn: (by: number) => void, keys: Keys}} room */
export function listen({ turn, keys }) {
	document.addEventListener("keydown", (event) => {
		if (event.isComposing || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
		if (event.key === "Escape" && isTyping(event.target)) return /** @type {HTMLElement} */ (event.target).blur();
		if (isTyping(event.target)) return;
		const to = GOES_TO[event.key];
		const found = to && /** @type {HTMLElement | null} */ (document.querySelector(to));
		if (event.key === "?") keys.toggle();
		else if (event.key === "[" || event.key === "]") turn(event.key === "[" ? -1 : 1);
		else if (found && PRESSED.has(event.key)) found.click();
		else if (found) found.focus();
		else return;
		event.preventDefault();
	});
}
