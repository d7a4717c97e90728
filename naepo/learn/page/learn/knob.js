// The knob: one thing to turn until the idea breaks.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { tell } from "../core/select.js";
import { write } from "./prose.js";
import { Step } from "./steps.js";

export class Knob {
	constructor() {
		this.name = h("label", { for: "knob" });
		this.says = h("p", { class: "says" });
		this.slider = h("input", { id: "knob", type: "range", min: "0", step: "1", on: { input: () => tell(document, "naepo-learn", { knob: Number(this.slider.value) }) } });
		this.value = h("output", { for: "knob" });
		this.state = h("p", { class: "knob-state", role: "status" });
		this.step = new Step("knob");
		this.element = h("section", { class: "knob", "aria-label": t("learn.knob") }, h("h2", {}, t("learn.knob")), this.says, h("div", { class: "knob-row" }, this.name, this.slider, this.value), this.state, this.step.element);
	}

	update(knob) {
		this.element.hidden = !knob;
		if (!knob) return;
		this.name.textContent = knob.name;
		write(this.says, knob.says);
		this.slider.max = String(knob.values.length - 1);
		this.slider.value = String(knob.at);
		this.slider.setAttribute("aria-valuetext", knob.values[knob.at]);
		this.value.textContent = knob.values[knob.at];
		this.state.className = `knob-state ${knob.is_broken ? "broken" : "whole"}`;
		this.state.textContent = t(knob.is_broken ? "learn.broken" : "learn.whole");
		this.step.update(knob.step);
	}
}
