// Every weight matrix over the kept checkpoints: its norm, how far it went from the first, how much it turned.

import "./chart.js";
import "./heat.js";
import { figure, h, note, number, on, t } from "./stage.js";

/**
 * @typedef {{name: string, norm: number[], moved?: number[], turned?: number[]}} Matrix
 * @typedef {{steps: number[], matrices: Matrix[], notes?: string[]}} Moves
 * @typedef {"moved" | "norm" | "turned" | "gradient"} Measure  gradient: the norms, as they are
 */

const MEASURES = /** @type {const} */ (["moved", "norm", "turned"]);

/** The numbers of one measure; a turn lies between two checkpoints and belongs to the later one. @param {Matrix} matrix @param {Measure} measure */
function valuesOf(matrix, measure, n) {
	const values = (matrix[measure === "gradient" ? "norm" : measure] ?? []).map((value) => value ?? NaN);
	return [...Array(n - values.length).fill(NaN), ...values];
}

/** Rows of matrices, columns of steps; a click tells the step and draws the row as a line. @param {Moves} moves @param {Measure} measure @param {(step: number) => void} choose */
function heatOf({ steps, matrices }, measure, choose) {
	const [heat, line] = [h("naepo-heat"), h("div")];
	const table = matrices.map((matrix) => valuesOf(matrix, measure, steps.length));
	const isNorm = measure === "norm";
	const width = Math.max(14, Math.min(56, Math.floor(640 / steps.length)));
	heat.data = {
		rows: matrices.map(({ name }) => name.replace(/\.weight$/, "").replace(/^blocks\./, "")),
		columns: steps.map(String),
		values: table.flatMap((values) => (isNorm ? values.map((value) => value / values[0] - 1) : values)),
		texts: isNorm && width >= 44 ? table.flat().map(number) : undefined,
		kind: isNorm ? "signed" : "probability",
		label: t(`training.${measure}`),
		width,
		height: 20,
	};
	on(heat, "naepo-cell", ({ row, col }) => {
		choose(steps[col]);
		const [chart, name, unit] = [h("naepo-chart"), matrices[row].name, t(`training.${measure}`)];
		const points = steps.map((step, i) => [step, table[row][i]]);
		chart.data = { series: [{ name, points, dots: true }], x: t("training.step"), y: unit, label: `${name}: ${unit}`, height: 150 };
		line.replaceChildren(h("h4", {}, name), chart);
	});
	return h("div", {}, heat, line);
}

/** @param {Moves} moves @param {(step: number) => void} choose */
export function movedPicture(moves, choose) {
	const { steps, matrices } = moves;
	const [holder, what] = [h("div"), note()];
	const draw = (/** @type {Measure} */ measure) => {
		what.textContent = t("training.heat_note", { formula: t(`training.formula_${measure}`) });
		holder.replaceChildren(heatOf(moves, measure, choose));
		buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(MEASURES[i] === measure)));
	};
	const buttons = MEASURES.map((each) => h("button", { class: "chip", onclick: () => draw(each) }, t(`training.${each}`)));
	draw("moved");
	const head = MEASURES.flatMap((each) => steps.map((step) => `${t(`training.${each}`)} ${step}`));
	const rows = () => matrices.map((matrix) => [matrix.name, ...MEASURES.flatMap((each) => valuesOf(matrix, each, steps.length))]);
	const picture = h("div", {}, h("p", { class: "chips" }, buttons), what, holder);
	const table = () => ({ head: [t("matrix.matrix"), ...head], rows: rows() });
	return figure({ title: t("training.matrices"), name: "matrices", picture, table });
}

/** @param {Moves} moves @param {(step: number) => void} choose */
export function gradientPicture(moves, text, choose) {
	const rows = moves.matrices.map(({ name, norm }) => [name, ...norm]);
	const table = () => ({ head: [t("matrix.matrix"), ...moves.steps.map(String)], rows });
	const picture = heatOf(moves, "gradient", choose);
	const told = { title: t("training.gradients"), name: "gradients", note: t("training.gradients_note", { text }) };
	return [figure({ ...told, picture, table }), ...(moves.notes ?? []).map((words) => note(words))];
}
