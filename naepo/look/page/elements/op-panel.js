// What the pictures of all kinds of steps share: one part that waits for its numbers, and the run it speaks of.

import { matrixOf, on, Part, positionsOf, select, t } from "./stage.js";

/** A part whose matrices stay in hand when they are drawn anew: their size, their open tables, the keys. */
class Pane extends Part {
	/** @param {import("./part.js").Content} content */
	show(content) {
		const all = () => /** @type {any[]} */ ([...this.body.querySelectorAll("naepo-matrix")]);
		const before = all().map(({ hands }) => hands);
		super.show(content);
		const after = all();
		if (after.length === before.length) after.forEach((matrix, i) => (matrix.hands = before[i]));
	}
}

export class OpPanel extends HTMLElement {
	constructor() {
		super();
		this.pane = new Pane("op-part");
		this.now = null;
	}

	connectedCallback() {
		if (!this.firstChild) this.append(this.pane.element);
	}

	set context(context) {
		this.now = context;
		const { run, state } = context;
		const key = `${run.run} ${state.op} ${this.asked(context)} ${state.lang} ${state.theme}`;
		this.pane.load(key, t("op.reading", { name: state.op }), () => this.content(context, context.run.op(state.op)));
		this.follow(context);
	}

	/** What the content depends on beside the run and the step. */
	asked(context) {
		return String(context.state.position);
	}

	/** @returns {Promise<import("./part.js").Content>} */
	async content(_context, _op) {
		return null;
	}

	/** What changes without asking anybody. */
	follow(_context) {}
}

/** All positions of a step that has one row each; a click chooses the position. @param {any} run @param {any} op @param {{data: Float32Array, shape: number[]}} tensor */
export function allPositions(run, op, { data, shape }, position, head = -1) {
	const [rows, cols] = shape.slice(-2);
	const name = head < 0 ? op.name : `${op.name}[${head}]`;
	const all = matrixOf({
		rows, cols, data, caption: `${t("op.all_positions")}: ${name}`, name, rowLabels: positionsOf(run), dims: [t("op.position"), op.axes.at(-1)],
		source: { run: run.run, name: op.name, at: head < 0 ? null : `${head},:,:` }, whole: op.shape, selected: { row: position, col: null },
	});
	on(all, "naepo-cell", (detail) => select(all, { position: detail.row }));
	return all;
}

/** Rows of one width under each other, each on its own scale. @param {Record<string, ArrayLike<number>>} named @param {Record<string, any>} [more] */
export function stacked(named, more = {}) {
	const rows = Object.values(named);
	const cols = rows[0].length;
	const data = new Float32Array(rows.length * cols);
	rows.forEach((row, i) => data.set(row, i * cols));
	const limits = rows.map((row) => Math.max(1e-30, Array.from(row).reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0)));
	return matrixOf({ rows: rows.length, cols, rowLabels: Object.keys(named), limits, dims: [t("op.value"), t("op.unit")], data, ...more });
}

/** What stands at one position, row under row. */
export const atPosition = (op, position, named, more = {}) => stacked(named, { caption: `${op.name}, ${t("op.position")} ${position}`, name: op.name, ...more });
