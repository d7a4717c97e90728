// What is measured here and now: only when it is asked for, and told with the numbers of this machine.

import { postJSON } from "../core/api.js";
import { h } from "../core/dom.js";
import { language, t } from "../core/i18n.js";
import { trouble } from "../elements/part.js";
import { asked } from "./state.js";
import { Step } from "./steps.js";

export class Experiments {
	constructor(sheet) {
		this.all = sheet.experiments.map((one) => this.#one(one));
		this.element = h("section", { class: "experiments", "aria-label": t("learn.experiments") }, h("h2", {}, t("learn.experiments")), this.all);
	}

	#one({ key, name }) {
		const [place, status] = [h("div"), h("p", { class: "note", role: "status" })];
		const run = async () => {
			button.disabled = true;
			status.textContent = t("learn.measuring");
			try {
				const found = await postJSON("/look/learn/experiment", { ...asked(this.state, language()), experiment: key });
				const step = new Step(key);
				place.replaceChildren(step.element);
				step.update(found);
			} catch (error) {
				place.replaceChildren(trouble(error));
			}
			status.textContent = "";
			button.disabled = false;
		};
		const button = h("button", { dataset: { experiment: key }, onclick: run }, name);
		return h("div", { class: "experiment" }, button, status, place);
	}

	update({ steps }, state) {
		this.state = state;
		this.element.hidden = !this.all.length || steps === null;
	}
}
