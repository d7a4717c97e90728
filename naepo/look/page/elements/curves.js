// The curves of a training run: loss and validation, and the gradient norm, over the steps.

import "./chart.js";
import { figure, h, t } from "./stage.js";

/** @typedef {import("./chart.js").Series} Series */

let isLog = false; // kept while the page is open

/** @param {Series[]} series */
function tableOf(series) {
	/** @type {Map<number, (number | null)[]>} */
	const rows = new Map();
	series.forEach(({ points }, i) => {
		for (const [step, value] of points) rows.set(step, (rows.get(step) ?? series.map(() => null)).with(i, value));
	});
	const sorted = [...rows].sort(([one], [other]) => one - other).map(([step, cells]) => [step, ...cells]);
	return { head: [t("training.step"), ...series.map(({ name }) => name)], rows: sorted };
}

/** @param {Series[]} series */
function curve(name, unit, series, checkpoint) {
	const [chart, title] = [h("naepo-chart"), t(`training.${name}`)];
	const draw = (marker) =>
		(chart.data = { series, x: t("training.step"), y: t(`training.${unit}`), label: title, log: isLog, marker, picks: true });
	draw(checkpoint);
	const turn = () => {
		isLog = !isLog;
		log.setAttribute("aria-pressed", String(isLog));
		draw(chart.content.marker);
	};
	const log = h("button", { class: "quiet", "aria-pressed": isLog, onclick: turn }, t("training.log"));
	return { chart, element: figure({ title, name, picture: chart, tools: [log], table: () => tableOf(series) }) };
}

/** @param {any} record answer of /look/training */
export function curves(record, checkpoint) {
	const series = (name, /** @type {any[]} */ rows, value, dots = false) => {
		const points = (rows ?? []).filter((row) => Number.isFinite(row[value])).map((row) => [row.step, row[value]]);
		return points.length ? [/** @type {Series} */ ({ name: t(`training.${name}`), points, dots })] : [];
	};
	const { loss, validation, gradient } = record;
	const drawn = [
		{ name: "loss_curve", unit: "nats_per_id", lines: [...series("loss", loss, "loss"), ...series("validation", validation, "nats_per_token", true)] },
		{ name: "validation_curve", unit: "nats_per_character", lines: series("validation", validation, "nats_per_character", true) },
		{ name: "gradient_norm", unit: "norm", lines: series("gradient_norm", gradient, "grad_norm") },
	]
		.filter(({ lines }) => lines.length)
		.map(({ name, unit, lines }) => curve(name, unit, lines, checkpoint));
	const content = drawn.length ? drawn.map(({ element }) => element) : h("p", { class: "note empty" }, t("training.no_curves"));
	return { content, charts: drawn.map(({ chart }) => chart) };
}
