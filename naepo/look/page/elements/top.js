// The top of the page: which model, which checkpoint; link, language, theme, keys.

import { h } from "../core/dom.js";
import { count } from "../core/format.js";
import { language, t } from "../core/i18n.js";
import { select, tell } from "../core/select.js";
import { allChapters } from "../learn/links.js";
import "./prompt.js";

const COPIED = 1500; // milliseconds that it is said

class Top extends HTMLElement {
	constructor() {
		super();
		this.key = "";
		this.shown = "";
		this.facts = h("span", { class: "facts" });
		this.models = h("select", { id: "model", onchange: () => select(this, { model: this.models.value }) });
		this.slider = h("input", { id: "checkpoint", type: "range", min: 0, step: 1, on: { input: () => this.#slid() } });
		this.step = h("output", { for: "checkpoint" });
		this.checkpoint = h("label", { class: "checkpoint" }, this.slider, this.step);
		this.bar = h("div", { class: "bar" });
		this.prompt = h("naepo-prompt");
		this.theme = h("button", { id: "theme", onclick: () => this.#turn() });
		this.link = h("button", { id: "link", onclick: () => this.#copy() });
	}

	set context(context) {
		const { state, model, about } = context;
		this.checkpoints = model.checkpoints;
		if (this.key !== language()) this.#build(about);
		this.key = language();
		this.prompt.context = context;
		const shown = `${model.key} ${language()} ${state.theme} ${state.checkpoint}`;
		if (shown === this.shown) return;
		this.shown = shown;
		this.models.value = model.key;
		this.models.title = model.name;
		this.facts.textContent = t(model.settings.n_heads ? "top.facts" : "top.facts_sibling", {
			parameters: count(model.parameters),
			layers: model.settings.n_layers,
			heads: model.settings.n_heads,
			kind: model.settings.kind,
			width: model.settings.d_model,
			vocabulary: count(model.settings.vocab_size),
		});
		this.theme.textContent = t(document.documentElement.dataset.theme === "dark" ? "top.light" : "top.dark");
		const title = `${short(model.name)} · naepo`;
		if (document.title !== title) document.title = title;
		this.#showCheckpoint(state.checkpoint);
	}

	#build(about) {
		const options = about.models.map((each) => h("option", { value: each.key, title: each.name }, short(each.name)));
		this.models.replaceChildren(...options);
		this.models.setAttribute("aria-label", t("top.model"));
		this.slider.setAttribute("aria-label", t("top.checkpoint"));
		this.link.textContent = t("top.link");
		const other = language() === "en" ? "ko" : "en";
		const speak = h("button", { id: "language", lang: other, onclick: () => select(this, { lang: other }) }, other === "ko" ? "한국어" : "English");
		const keys = h("button", { id: "keys", onclick: () => tell(document, "naepo-keys") }, t("top.keys"));
		const switches = h("span", { class: "switches" }, allChapters(), this.link, speak, this.theme, keys);
		const focused = document.activeElement?.id;
		this.bar.replaceChildren(h("h1", {}, "naepo"), this.models, this.checkpoint, this.facts, switches);
		if (!this.firstChild) this.append(this.bar, this.prompt);
		if (focused) document.getElementById(focused)?.focus();
	}

	#showCheckpoint(step) {
		const place = this.checkpoints.findIndex((each) => each.step === step);
		const { is_best: isBest } = this.checkpoints[place] ?? {};
		const words = t("top.step", { step: count(step) }) + (isBest ? ` · ${t("top.best")}` : "");
		this.checkpoint.hidden = this.checkpoints.length < 2;
		this.slider.max = String(this.checkpoints.length - 1);
		this.slider.value = String(Math.max(0, place));
		this.slider.setAttribute("aria-valuetext", words);
		this.step.textContent = words;
	}

	#slid() {
		select(this, { checkpoint: this.checkpoints[Number(this.slider.value)].step });
	}

	#turn() {
		select(this, { theme: document.documentElement.dataset.theme === "dark" ? "light" : "dark" });
	}

	async #copy() {
		let words = "top.copied";
		try {
			await navigator.clipboard.writeText(location.href);
		} catch {
			words = "top.not_copied"; // a frame in a notebook may not reach the clipboard
		}
		this.link.textContent = t(words);
		setTimeout(() => (this.link.textContent = t("top.link")), COPIED);
	}
}

/** The last two folders of a path. */
const short = (name) => name.split("/").filter(Boolean).slice(-2).join("/");

customElements.define("naepo-top", Top);
