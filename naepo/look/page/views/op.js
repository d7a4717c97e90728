// One step of the road opened: always the same head, then the pictures of its kind.

import { along } from "../core/asking.js";
import { h, note } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { opHead } from "../elements/op-head.js";
import "./op/activation.js";
import "./op/embedding.js";
import "./op/heads.js";
import "./op/linear.js";
import "./op/logits.js";
import "./op/norm.js";
import "./op/position.js";
import "./op/recurrence.js";
import "./op/residual.js";

/** Which element draws a kind of step; the others draw what they are called after. @type {Record<string, string>} */
const DRAWN_BY = { head_norm: "norm", scores: "heads", masked: "heads", softmax: "heads", mixed: "heads", prior: "logits", probabilities: "logits", gate: "recurrence", gated: "recurrence", state: "recurrence", shifted: "recurrence", taps: "recurrence" };

class OpView extends HTMLElement {
	constructor() {
		super();
		this.heading = h("div");
		this.place = h("div");
		this.drawn = "";
		/** @type {Map<string, any>} */ this.panels = new Map();
	}

	connectedCallback() {
		this.classList.add("view");
		if (!this.firstChild) this.append(this.heading, this.place);
	}

	set context(context) {
		const { run, state, model } = context;
		const op = run?.op(state.op) ?? model.ops.find((each) => each.name === state.op);
		const isKnown = op && run?.shape(state.op);
		const key = `${run?.run} ${state.op} ${state.lang}`;
		if (key !== this.drawn) {
			this.drawn = key;
			along(() => this.drawn === key && this.heading.replaceChildren(op ? opHead(op, model) : note(t("op.empty"))));
		}
		const name = isKnown && `naepo-op-${DRAWN_BY[op.kind] ?? op.kind}`;
		if (!name) {
			this.place.replaceChildren(...(run ? [] : [note(t("op.empty"))]));
			return;
		}
		const panel = this.panels.get(name) ?? h(name, {});
		this.panels.set(name, panel);
		if (panel.parentNode !== this.place) this.place.replaceChildren(panel);
		panel.context = context;
	}
}

customElements.define("naepo-op-view", OpView);
