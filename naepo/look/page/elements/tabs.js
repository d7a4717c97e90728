// Which picture stands on the stage.

import { h } from "../core/dom.js";
import { language, t } from "../core/i18n.js";
import { select } from "../core/select.js";

export const VIEWS = ["op", "attention", "path", "map", "training", "compare"];

class Tabs extends HTMLElement {
	constructor() {
		super();
		this.key = "";
		this.buttons = VIEWS.map((view) => h("button", { id: `view-${view}`, onclick: () => select(this, { view }) }));
	}

	set context({ state }) {
		const key = `${language()} ${state.view}`;
		if (key === this.key) return;
		this.key = key;
		if (!this.firstChild) this.append(...this.buttons);
		this.parentElement?.setAttribute("aria-label", t("top.views"));
		this.buttons.forEach((button, i) => {
			button.textContent = t(`top.view_${VIEWS[i]}`);
			if (VIEWS[i] === state.view) button.setAttribute("aria-current", "page");
			else button.removeAttribute("aria-current");
		});
		const shown = this.buttons[VIEWS.indexOf(state.view)];
		this.scrollLeft = shown.offsetLeft + shown.offsetWidth / 2 - this.offsetLeft - this.clientWidth / 2;
	}
}

customElements.define("naepo-tabs", Tabs);
