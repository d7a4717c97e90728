// On a narrow screen, one bar at the thumb: the road as a drawer, the answer as a sheet, the position a step to either side.

import { h } from "../core/dom.js";
import { percent } from "../core/format.js";
import { language, t } from "../core/i18n.js";
import { on, select } from "../core/select.js";

class Drawers extends HTMLElement {
	constructor() {
		super();
		this.key = "";
		this.next = "";
		const move = (step) => () => select(this, { position: this.position + step });
		this.road = h("button", { id: "open-road", class: "drawer-button", "aria-controls": "road", onclick: () => this.#turn("road") });
		this.back = h("button", { id: "position-back", onclick: move(-1) }, "←");
		this.here = h("span", { class: "drawer-position" });
		this.ahead = h("button", { id: "position-ahead", onclick: move(1) }, "→");
		this.answer = h("button", { id: "open-answer", class: "drawer-button", "aria-controls": "answer", onclick: () => this.#turn("answer") });
		this.shade = h("div", { class: "drawer-shade", onclick: () => this.#show("") });
		on(document, "naepo-answer", (answer) => this.#say(answer));
		on(document, "naepo-select", (patch) => "op" in patch && this.#show(""));
		document.addEventListener("keydown", (event) => event.key === "Escape" && this.#show(""));
	}

	set context({ state, run }) {
		if (!this.firstChild) this.append(this.shade, h("div", { class: "drawer-bar" }, this.road, this.back, this.here, this.ahead, this.answer));
		const last = run ? run.tokens.length - 1 : 0;
		const key = JSON.stringify([language(), state.op, state.position, last, this.next]);
		if (key === this.key) return;
		this.key = key;
		this.position = state.position;
		this.road.textContent = t("road.open", { op: state.op.split(".").at(-1) });
		this.answer.textContent = t("answer.open", { next: this.next });
		this.here.textContent = `${state.position} / ${last}`;
		this.back.setAttribute("aria-label", t("top.position_back"));
		this.ahead.setAttribute("aria-label", t("top.position_ahead"));
		this.back.disabled = state.position <= 0;
		this.ahead.disabled = state.position >= last;
		this.#show(document.body.dataset.drawer ?? "");
	}

	#say({ label, probability }) {
		this.next = `${label} ${percent(probability)}`;
		if (this.key) this.answer.textContent = t("answer.open", { next: this.next });
	}

	#turn(name) {
		this.#show(document.body.dataset.drawer === name ? "" : name);
	}

	/** @param {string} name "road", "answer" or "" */
	#show(name) {
		document.body.dataset.drawer = name;
		this.road.setAttribute("aria-expanded", String(name === "road"));
		this.answer.setAttribute("aria-expanded", String(name === "answer"));
	}
}

customElements.define("naepo-drawers", Drawers);
