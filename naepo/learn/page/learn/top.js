// The top of the chapters: back to the model, link, language, theme, keys.

import { h } from "../core/dom.js";
import { language, t } from "../core/i18n.js";
import { tell } from "../core/select.js";

const COPIED = 1500; // milliseconds that it is said

export class Top {
	constructor() {
		const take = (patch) => tell(document, "naepo-learn", patch);
		this.back = h("a", { class: "back" });
		this.link = h("button", { id: "link", onclick: () => this.copy() });
		this.speak = h("button", { id: "language", onclick: () => take({ lang: language() === "en" ? "ko" : "en" }) });
		this.theme = h("button", { id: "theme", onclick: () => take({ theme: isDark() ? "light" : "dark" }) });
		this.keys = h("button", { id: "keys", onclick: () => tell(document, "naepo-keys") });
		const switches = h("span", { class: "switches" }, this.link, this.speak, this.theme, this.keys);
		this.element = h("div", { class: "bar" }, h("h1", {}, "naepo"), this.back, switches);
	}

	/** @param {import("./state.js").State} state */
	draw(state) {
		this.back.href = `./#${state.back ?? new URLSearchParams({ lang: language(), ...(state.theme && { theme: state.theme }) })}`;
		const op = new URLSearchParams(state.back ?? "").get("op");
		this.back.textContent = op ? t("learn.back_to", { op }) : t("learn.back");
		this.link.textContent = t("top.link");
		this.speak.lang = language() === "en" ? "ko" : "en";
		this.speak.textContent = language() === "en" ? "한국어" : "English";
		this.theme.textContent = t(isDark() ? "top.light" : "top.dark");
		this.keys.textContent = t("top.keys");
	}

	async copy() {
		let words = "top.copied";
		try {
			await navigator.clipboard.writeText(location.href.replace(/\?token=[^#]*/, ""));
		} catch {
			words = "top.not_copied";
		}
		this.link.textContent = t(words);
		setTimeout(() => (this.link.textContent = t("top.link")), COPIED);
	}
}

const isDark = () => document.documentElement.dataset.theme === "dark";
