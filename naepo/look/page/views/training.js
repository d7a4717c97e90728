// Training seen from inside: the kept checkpoints on one slider, the curves, and how far every matrix moved.

import { getJSON, getTensor, once } from "../core/api.js";
import { curves } from "../elements/curves.js";
import { colouring } from "../elements/map-colours.js";
import { count, h, note, on, Part, select, t, vocabularyOf } from "../elements/stage.js";
import { gradientPicture, movedPicture } from "../elements/moved.js";
import { pointsFigure } from "../elements/points-figure.js";
import { Room } from "../elements/room.js";

const PAUSE = 90; // milliseconds a slider rests before the model is run at its checkpoint

class TrainingView extends Room {
	constructor() {
		super();
		this.slider = h("div", { class: "checkpoint-slider" });
		this.range = h("input", { type: "range", min: 0, step: 1, on: { input: () => this.choose(this.steps[this.range.value], PAUSE) } });
		this.output = h("output");
		this.parts = { slider: this.slider, curves: new Part(), moved: new Part(), gradients: new Part(), map: new Part() };
		this.points = h("naepo-points");
		this.pause = 0;
		this.fittedTo = "";
		/** @type {number[]} */ this.steps = [];
		/** @type {any[]} */ this.charts = [];
		on(this, "naepo-pick", ({ x, by }) => this.choose(by ? this.steps[Number(this.range.value) + by] : this.nearest(x)));
	}

	disconnectedCallback() {
		clearTimeout(this.pause);
	}

	set context({ state, model, run }) {
		this.steps = model.checkpoints.map((checkpoint) => checkpoint.step);
		const checkpoint = state.checkpoint ?? model.checkpoint;
		const key = `${model.key} ${this.steps} ${state.lang} ${state.theme}`;
		this.announce(t("training.heading"), "training.intro");
		this.slide(model, checkpoint);
		for (const chart of this.charts) chart.marker = checkpoint;
		this.points.selected = state.id ?? -1;
		const answer = once(`training ${model.key} ${this.steps}`, () => getJSON("/look/training", { model: model.key }));
		this.parts.curves.load(key, t("training.reading"), async () => {
			const { content, charts } = curves(await answer, checkpoint);
			this.charts = charts;
			return content;
		});
		this.inside(model, key, run?.text ?? state.text ?? model.prompt, answer);
		const isRun = this.steps.length > 1; // of a folder that others wrote nothing has moved
		this.parts.map.load(`${key} ${checkpoint}`, t("training.reading"), async () => (isRun ? this.map(model, checkpoint, key) : null));
	}

	/** What needs several kept checkpoints, or says how to keep them. @param {Promise<any>} answer */
	inside(model, key, text, answer) {
		const { moved, gradients } = this.parts;
		const choose = (step) => this.choose(step);
		if (this.steps.length < 2) {
			const hint = t(model.kind === "naepo" ? "training.keep" : "training.foreign");
			moved.load(key, "", async () => h("p", { class: "note empty" }, hint));
			gradients.load("none", "", async () => null);
			return;
		}
		moved.load(key, t("training.reading"), async () => movedPicture(await answer, choose));
		const asked = `${key} ${text}`; // gradients cost a backward pass a checkpoint: asked for by hand
		if ([asked, `${asked} asked`].includes(gradients.key)) return;
		const ask = () =>
			gradients.load(`${asked} asked`, t("training.backward", { n: this.steps.length }), async () =>
				gradientPicture(await getJSON("/look/training/gradients", { model: model.key, text }), text, choose),
			);
		const button = h("button", { onclick: ask }, t("training.ask_gradients"));
		const why = note(t("training.gradients_why", { text }));
		gradients.load(asked, "", async () => [h("h3", {}, t("training.gradients")), why, button]);
	}

	slide(model, checkpoint) {
		const [n, at] = [this.steps.length, Math.max(0, this.steps.indexOf(checkpoint))];
		const name = t("training.checkpoint");
		if (this.range.ariaLabel !== name) this.slider.replaceChildren(h("label", { class: "field" }, name, this.range), this.output);
		Object.assign(this.range, { ariaLabel: name, max: Math.max(0, n - 1), disabled: n < 2 });
		if (!this.pause) this.range.value = String(at); // else a hand is on it
		const best = model.checkpoints[at]?.is_best ? ` · ${t("top.best")}` : "";
		this.output.textContent = t("training.step_of", { step: count(checkpoint), at: at + 1, n }) + best;
	}

	nearest(x) {
		return this.steps.reduce((best, step) => (Math.abs(step - x) < Math.abs(best - x) ? step : best), this.steps[0]);
	}

	/** @param {number | undefined} checkpoint @param {number} wait milliseconds */
	choose(checkpoint, wait = 0) {
		if (checkpoint === undefined) return;
		for (const chart of this.charts) chart.marker = checkpoint;
		clearTimeout(this.pause);
		this.pause = window.setTimeout(() => {
			this.pause = 0;
			select(this, { checkpoint });
		}, wait);
	}

	/** The embedding in one plane for all checkpoints, so that movement is movement. */
	async map(model, checkpoint, key) {
		const at = async (step) => (await getTensor("/look/training/map", { model: model.key, checkpoint: step })).data;
		const vocabulary = await vocabularyOf(model.key);
		const { colours, legend, order } = await colouring(model, checkpoint, "script", vocabulary);
		if (this.fittedTo !== key) {
			Object.assign(this.points, { still: false, names: vocabulary.labels, order, colours });
			this.points.places = await at(this.steps[this.steps.length - 1] ?? checkpoint); // the camera sees where it ends
			Object.assign(this.points, { still: true, colours });
			this.fittedTo = key;
		}
		this.points.places = await at(checkpoint);
		return [pointsFigure(this.points, t("training.map"), `embedding-${checkpoint}`, t("training.map_note")), ...legend];
	}
}

customElements.define("naepo-training-view", TrainingView);
