// How the next id is drawn: temperature, top-k, top-p, min-p. They move what is shown; no model runs for it.

import { count, h, select, t } from "./stage.js";

const SLIDERS = [
	{ key: "temperature", min: 0, max: 2, step: 0.05, off: 1 },
	{ key: "topK", min: 0, max: 100, step: 1, off: 0 },
	{ key: "topP", min: 0.01, max: 1, step: 0.01, off: 1 },
	{ key: "minP", min: 0, max: 0.5, step: 0.01, off: 0 },
];
const NEUTRAL = { temperature: 1, topK: null, topP: null, minP: null };

/** Whether all ids are drawn with the model's own probabilities. */
export const isNeutral = (state) => Object.entries(NEUTRAL).every(([key, value]) => state[key] === value);

/** The sliders, and what sets them to a state. @param {HTMLElement} from who tells of a move */
export function sliders(from) {
	const made = SLIDERS.map((slider) => one(slider, from));
	const reset = h("button", { id: "neutral", class: "plain", onclick: () => select(from, NEUTRAL) }, t("answer.neutral"));
	const element = h("fieldset", { class: "sliders" }, h("legend", {}, t("answer.sampling"), " ", reset), made.map((each) => each.element));
	const show = (state) => {
		reset.disabled = isNeutral(state);
		for (const each of made) each.show(state);
	};
	return { element, show };
}

/** @param {typeof SLIDERS[0]} slider */
function one({ key, min, max, step, off }, from) {
	const input = h("input", { id: key, type: "range", min, max, step });
	const output = h("output", { for: key });
	input.addEventListener("input", () => {
		const value = Number(input.value);
		select(from, { [key]: key !== "temperature" && value === off ? null : value });
	});
	const show = (state) => {
		const value = state[key] ?? off;
		if (Number(input.value) !== value) input.value = String(value);
		const words = key !== "temperature" && state[key] === null ? t("answer.off") : key === "topK" ? count(value) : value.toFixed(2);
		if (output.textContent !== words) output.textContent = words;
	};
	return { element: h("label", { class: "slider" }, h("span", {}, t(`answer.${key}`)), input, output), show };
}
