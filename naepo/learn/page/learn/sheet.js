// One chapter on the page: question, numbers, guess, steps, knob, the reader's own model, exercises, code.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { Experiments } from "./experiments.js";
import { Fields } from "./fields.js";
import { Knob } from "./knob.js";
import { Question } from "./question.js";
import { Steps } from "./steps.js";
import { yours } from "./yours.js";

export class Sheet {
	constructor(sheet, hasModel) {
		this.hasModel = hasModel;
		this.fields = new Fields(sheet.fields);
		this.guess = new Question(sheet.guess, { id: "guess", button: t("learn.guess"), take: (guess) => ({ guess }) });
		this.steps = new Steps();
		this.knob = new Knob();
		this.experiments = new Experiments(sheet);
		this.exercises = sheet.exercises.map(
			(one, i) => new Question(one, { id: `exercise-${i + 1}`, button: t("learn.check"), take: (text, state) => ({ answers: { ...state.answers, [one.key]: text } }) }),
		);
		this.yours = h("section", { class: "yours", "aria-label": t("learn.yours") });
		this.back = "";
		this.parts = [
			h("header", { class: "chapter-head" }, h("p", { class: "note" }, t("learn.chapter", { number: sheet.number })), h("h1", {}, sheet.title), h("p", { class: "question" }, sheet.question)),
			section("numbers", t("learn.numbers"), this.fields.element),
			section("guessing", t("learn.your_guess"), this.guess.element),
			this.steps.element,
			this.experiments.element,
			this.knob.element,
			this.yours,
			section("exercises", t("learn.exercises"), ...this.exercises.map((one, i) => h("div", { class: "exercise" }, h("h3", {}, t("learn.exercise", { number: i + 1 })), one.element))),
			section("places", t("learn.places"), sheet.places.map(placeOf)),
		];
	}

	update(sheet, state) {
		this.sheet = sheet;
		this.state = state;
		this.fields.update(sheet.fields, state);
		this.guess.update(sheet.guess, state.guess, state);
		this.steps.update(sheet, state);
		this.experiments.update(sheet, state);
		this.knob.update(sheet.knob);
		sheet.exercises.forEach((one, i) => this.exercises[i].update(one, state.answers[one.key] ?? null, state));
		if (!this.yours.firstChild || this.back !== state.back) yours(this.yours, sheet.sees, state, this.hasModel);
		this.back = state.back;
	}

	/** Draw the pictures again in other colours. */
	repaint() {
		if (this.sheet) this.update(this.sheet, this.state);
	}
}

/** @param {string} kind @param {string} title @param {...any} content */
const section = (kind, title, ...content) => h("section", { class: kind, "aria-label": title }, h("h2", {}, title), content);

const placeOf = ({ file, line, text }) => h("div", { class: "op-code", tabIndex: 0 }, h("span", { class: "place" }, `${file}:${line}`), h("code", {}, text));
