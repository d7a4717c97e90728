// Two models, or two checkpoints of one, side by side: the same prompt, what each expects next, their lenses, and the same
// step of both with its difference.

import { getJSON, postJSON } from "../core/api.js";
import { withReach } from "../core/runs.js";
import { distributions } from "../elements/distributions.js";
import { lensHeat } from "../elements/lens.js";
import { chooser, h, note, Part, select, t } from "../elements/stage.js";
import { opPair, settingsTable } from "../elements/op-pair.js";
import { Room } from "../elements/room.js";

/** A model at a checkpoint, with its run and the position that is looked at.
 * @typedef {{model: any, checkpoint: number, run: any, position: number, name: string}} Side */

/** The end of the path, enough to tell two folders apart, and the step. */
const nameOf = (model, checkpoint) =>
	model.name.split("/").slice(-2).join("/") + (model.checkpoints.length > 1 ? ` · ${checkpoint}` : "");

class CompareView extends Room {
	constructor() {
		super();
		this.choice = h("div", { class: "map-controls" });
		this.parts = { choice: this.choice, ready: new Part(), next: new Part(), lens: new Part(), op: new Part(), settings: new Part() };
	}

	set context(context) {
		const { state, about, model, run } = context;
		this.announce(t("compare.heading"), "compare.intro");
		const other = state.other && about.models.find((each) => each.key === state.other.model);
		this.choose(about, model, state, other);
		if (!other || !run) {
			const { choice: _, ready, ...rest } = this.parts;
			ready.load(`none ${state.lang}`, "", async () => h("p", { class: "note empty" }, t("compare.empty")));
			for (const part of Object.values(rest)) part.load("none", "", async () => null);
			return;
		}
		const checkpoint = state.other.checkpoint ?? other.checkpoint;
		const key = `${run.run} ${other.key} ${checkpoint} ${state.position} ${state.lang} ${state.theme}`;
		const words = t("compare.running", { name: nameOf(other, checkpoint) });
		this.parts.ready.load(`${key} ${state.op} ${state.head}`, words, async () => {
			const its = await postJSON("/look/run", { model: other.key, checkpoint, text: run.text, changes: state.changes ?? [] });
			return this.show(context, other, checkpoint, withReach(its, other), key);
		});
	}

	show({ model, run, state }, other, checkpoint, its, key) {
		const isSame = sameTokens(run.tokens, its.tokens);
		const at = ({ tokens }) => Math.min(isSame ? (state.position ?? Infinity) : Infinity, tokens.length - 1);
		const mine = state.checkpoint ?? model.checkpoint;
		/** @type {Side} */
		const one = { model, checkpoint: mine, run, position: at(run), name: nameOf(model, mine) };
		/** @type {Side} */
		const two = { model: other, checkpoint, run: its, position: at(its), name: nameOf(other, checkpoint) };
		const { next, lens, op, settings } = this.parts;
		next.load(key, t("compare.reading"), () => distributions(one, two));
		lens.load(key, t("compare.reading"), () => lenses([one, two]));
		op.load(`${key} ${state.op} ${state.head}`, t("compare.reading"), () => opPair(one, two, state));
		settings.load(key, "", async () => settingsTable(one, two));
		const told = { one: run.tokens.length, two: its.tokens.length };
		return note(t(isSame ? "compare.same_ids" : "compare.other_ids", told));
	}

	/** Which model and checkpoint stands on the right. */
	choose(about, model, state, other) {
		const key = JSON.stringify([state.other, state.lang, model.key, state.checkpoint]);
		if (this.choice.dataset.key === key) return;
		this.choice.dataset.key = key;
		const checkpoint = state.other?.checkpoint ?? other?.checkpoint;
		const folders = about.models.map((each) => [each.key, each.name]);
		const models = chooser({}, [["", t("compare.none")], ...folders], other?.key ?? "", (value) =>
			select(this, { other: value ? { model: value, checkpoint: null } : null }),
		);
		this.choice.replaceChildren(h("label", { class: "field" }, t("compare.with"), models));
		if (!other) return;
		const steps = other.checkpoints.map(({ step, is_best }) => [step, is_best ? `${step} · ${t("top.best")}` : step]);
		const step = chooser({}, steps, checkpoint, (value) => select(this, { other: { model: other.key, checkpoint: Number(value) } }));
		const swapped = { model: other.key, checkpoint, other: { model: model.key, checkpoint: state.checkpoint ?? model.checkpoint } };
		const swap = h("button", { class: "quiet", onclick: () => select(this, swapped) }, t("compare.swap"));
		this.choice.append(steps.length > 1 ? h("label", { class: "field" }, t("training.checkpoint"), step) : "", swap);
	}
}

const sameTokens = (one, two) => one.length === two.length && one.every(({ id, label }, i) => id === two[i].id && label === two[i].label);

/** @param {Side[]} sides */
async function lenses(sides) {
	const found = await Promise.all(sides.map(({ run, position }) => getJSON("/look/lens", { run: run.run, position, top: 4 })));
	return [h("h3", {}, t("path.lens")), h("div", { class: "pair" }, found.map((lens, i) => h("div", {}, h("h4", {}, sides[i].name), lensHeat(lens, null))))];
}

customElements.define("naepo-compare-view", CompareView);
