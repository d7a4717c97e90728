// A linear map opened: x · Wᵀ + b = y as three matrices, recomputed here; one cell taken apart; the weight's histogram.

import { getTensor } from "../../core/api.js";
import { along } from "../../core/asking.js";
import { addends } from "../../elements/addends.js";
import { histogram } from "../../elements/histogram.js";
import { changed, count, h, largest, matrixOf, note, on, Part, positionsOf, select, shape as sizes, t, term, vocabularyOf } from "../../elements/stage.js";
import { OpPanel } from "../../elements/op-panel.js";
import { merged, recomputed, transposed } from "../../elements/recompute.js";
import { travel } from "../../elements/travel.js";

const WHOLE = 512; // rows and columns up to which a weight is drawn as it is
const WINDOW = 64; // columns of a window into a larger one

class OpLinear extends OpPanel {
	constructor() {
		super();
		this.spread = new Part("op-part");
		this.opened = new Part("op-part");
		/** @type {any} */ this.found = null;
	}

	connectedCallback() {
		if (!this.firstChild) this.append(this.spread.element, this.pane.element, this.opened.element);
	}

	/** Positions only move the frame; which columns are seen matters. */
	asked({ run, state }) {
		const [columns, inner, isVocabulary] = this.#width(run, state.op);
		if (isVocabulary) return `id ${state.id ?? `at ${state.position}`}`;
		return Math.max(columns, inner) > WHOLE ? `from ${this.#first(columns, state.col ?? 0)}` : "";
	}

	/** @returns {[number, number, boolean]} */
	#width(run, name) {
		const op = run.op(name);
		const input = run.shape(op.inputs[0]);
		return [op.shape.at(-1), input.length > 2 ? input[0] * input[2] : input[1], op.axes[1] === "vocab_size"];
	}

	/** Where the window begins that holds a column. */
	#first(columns, col) {
		return Math.max(0, Math.min(columns - WINDOW, Math.floor(col / WINDOW) * WINDOW));
	}

	async content(context, op) {
		const { run, state } = context;
		const [columns, inner, isVocabulary] = this.#width(run, op.name);
		const isWhole = !isVocabulary && Math.max(columns, inner) <= WHOLE;
		const chosen = isVocabulary ? (state.id ?? (await likeliest(run, state.position))) : (state.col ?? 0);
		const from = isWhole ? 0 : this.#first(columns, chosen);
		const to = isWhole ? columns : Math.min(columns, from + WINDOW);
		const weight = { model: run.model, checkpoint: run.checkpoint };
		const [name, biasName] = op.weights;
		const wAt = `${from}:${to},:`;
		const [x, w, b, y] = await Promise.all([
			run.tensor(op.inputs[0]).then(merged),
			run.weight(name, wAt),
			biasName ? run.weight(biasName, `${from}:${to}`) : null,
			run.tensor(op.name, `:,${from}:${to}`),
		]);
		const [rows, cols] = y.shape;
		this.found = { key: `${run.run} ${op.name}`, from, to, rows, cols, chosen: isVocabulary ? chosen : null };
		const shown = { x: x.data, w: w.data, b: b?.data ?? null, y: y.data, rows, inner, cols };
		const terms = this.#terms(context, op, { ...shown, columns, from, to, wAt });
		if (isVocabulary) this.#name(run.model, from, to);
		const told = h("div");
		const recompute = () => told.append(recomputed({ ...shown, position: Math.min(this.now.state.position, rows - 1) }));
		along(() => requestAnimationFrame(() => setTimeout(recompute))); // after the pictures
		const notes = [note(t("op.turned_note", { kept: sizes([columns, inner]) }))];
		const range = { from: count(from), to: count(to - 1), all: count(columns), id: chosen };
		if (isVocabulary) notes.unshift(note(t("op.window_note", range)));
		else if (!isWhole) notes.unshift(note(t("op.large_note", range)));
		notes.push(changed(state, op.name));
		const overview = isWhole || isVocabulary ? null : await this.#overview(weight, name);
		this.follow(this.now);
		return [overview, terms, told, ...notes].filter((each) => each !== null);
	}

	#terms({ run }, op, { x, w, b, y, rows, inner, cols, columns, from, to, wAt }) {
		const positions = positionsOf(run);
		const part = to - from < columns ? ` [${from} … ${to - 1}]` : "";
		const [name, biasName] = op.weights;
		const model = { model: run.model, checkpoint: run.checkpoint };
		this.x = matrixOf({ rows, cols: inner, caption: `x  ${sizes([rows, inner])}`, name: op.inputs[0], rowLabels: positions, dims: [t("op.position"), t("op.input")], source: { run: run.run, name: op.inputs[0] }, data: x });
		this.w = matrixOf({ rows: inner, cols, colStart: from, caption: `· Wᵀ  ${sizes([inner, columns])}${part}`, label: `${name} ᵀ`, name, dims: [t("op.input"), t("op.output")], source: { ...model, name, at: wAt }, data: transposed(w, cols, inner) });
		this.y = matrixOf({ rows, cols, colStart: from, caption: `= y  ${sizes([rows, columns])}${part}`, name: op.name, rowLabels: positions, dims: [t("op.position"), t("op.output")], source: { run: run.run, name: op.name, at: `:,${from}:${to}` }, data: y });
		this.b = b && matrixOf({ rows: 1, cols, colStart: from, caption: `+ b  ${sizes([columns])}${part}`, name: biasName, dims: ["", t("op.output")], source: { ...model, name: biasName }, data: b });
		this.#link();
		return h("div", { class: "equation" }, term(this.x), term(this.w, this.b), term(this.y));
	}

	/** The texts of the ids that are drawn, when they are known. */
	async #name(model, from, to) {
		const columns = [this.w, this.y, this.b];
		const { labels } = await vocabularyOf(model);
		const colLabels = labels.slice(from, to).map((label, i) => `${from + i} ${label}`);
		for (const each of columns) if (each) each.colLabels = colLabels;
	}

	/** One cell pointed at is a row of x and a column of W. */
	#link() {
		const point = (x, w, y) => {
			this.x.pointed = x;
			this.w.pointed = w;
			this.y.pointed = y;
			if (this.b) this.b.pointed = w && w.col !== null ? { row: null, col: w.col } : null;
		};
		/** @param {(cell: any) => void} act */
		const hover = (matrix, act) => on(matrix, "naepo-hover", (detail) => (detail ? act(detail) : point(null, null, null)));
		hover(this.x, ({ row, col }) => point(null, { row: col, col: null }, { row, col: null }));
		hover(this.w, ({ row, col }) => point({ row: null, col: row }, null, { row: null, col }));
		hover(this.y, ({ row, col }) => point({ row, col: null }, { row: null, col }, null));
		on(this.x, "naepo-cell", (detail) => select(this, { position: detail.row }));
		on(this.w, "naepo-cell", (detail) => this.#open(this.now.state.position, detail.col + this.found.from));
		on(this.y, "naepo-cell", (detail) => this.#open(detail.row, detail.col + this.found.from));
	}

	/** Of the vocabulary, a column is an id. */
	#open(row, col) {
		const sum = this.opened.element.getBoundingClientRect();
		travel(this.x.boxOf({ row, col: null }), sum);
		travel(this.w.boxOf({ row: null, col: col - this.found.from }), sum);
		select(this, this.found.chosen === null ? { position: row, row, col } : { position: row, row: null, col: null, id: col });
	}

	async #overview(weight, name) {
		const { data, shape, headers } = await getTensor("/look/overview", { ...weight, name, rows: 256, cols: 256 });
		const full = (headers.get("X-Naepo-Full-Shape") ?? "").split(",").map(Number);
		const caption = t("op.overview", { shape: sizes([shape[1], shape[0]]), full: sizes([full[1], full[0]]) });
		const picture = matrixOf({ rows: shape[1], cols: shape[0], caption, label: caption, name, dims: [t("op.input"), t("op.output")], tallest: 260, source: { ...weight, name }, data: transposed(data, shape[0], shape[1]) });
		on(picture, "naepo-cell", (detail) => select(this, { col: Math.floor((detail.col * full[0]) / shape[0]) }));
		return picture;
	}

	/** Move the frames, open the chosen cell, read the histogram. */
	follow(context) {
		const { run, state } = context;
		const op = run.op(state.op);
		const { model, checkpoint } = run;
		const name = op.weights[0];
		this.spread.load(`${model} ${checkpoint} ${name} ${state.lang}`, t("op.reading", { name }), () => histogram({ model, checkpoint, name }));
		const isThere = this.found?.key === `${run.run} ${op.name}`;
		const wanted = (isThere ? this.found.chosen : null) ?? state.col;
		const col = wanted !== null && wanted < op.shape.at(-1) ? wanted : null;
		const words = note(t("op.addends_none"));
		const asked = `${run.run} ${op.name} ${state.position} ${col} ${state.lang} ${state.theme}`;
		this.opened.load(asked, t("op.reading", { name: op.name }), async () => (col === null ? words : addends(run, op.name, state.position, col)));
		if (!isThere) return;
		const own = col === null || col < this.found.from || col >= this.found.to ? null : col - this.found.from;
		this.x.selected = { row: state.position, col: null };
		this.y.selected = { row: state.position, col: own };
		this.w.selected = own === null ? null : { row: null, col: own };
	}
}

const likeliest = async (run, position) => largest((await run.tensor("logits", `${position},:`)).data, 1)[0];

customElements.define("naepo-op-linear", OpLinear);
