// The model as a road: a line a step, with a strip of its real values at the selected position; laid out before any number arrives.

import { getTensor } from "../core/api.js";
import { Asking } from "../core/asking.js";
import { h, note, penOf } from "../core/dom.js";
import { count, number, shape } from "../core/format.js";
import { has, language, t } from "../core/i18n.js";
import { select, tell } from "../core/select.js";
import { tableElement } from "./figure.js";
import { Strips, WIDTH, drawStrip } from "./strip.js";

const OPEN_BLOCKS = 4; // with more blocks, only the first and the selected one are open at first
const SHARES = new Set(["softmax", "probabilities"]);
const COLUMNS = ["name", "shape", "norm", "min", "max", "mean", "std", "nan", "inf"];

/** @typedef {{line: any, strip: import("./strip.js").Strip, range: any, sizes: any}} Line */

class Road extends HTMLElement {
	constructor() {
		super();
		this.asking = new Asking(this);
		this.key = "";
		this.followed = "";
		this.hasHeads = true;
		/** @type {Strips[]} */ this.groups = [];
		/** @type {Map<string, Line>} */ this.lines = new Map();
		/** @type {Map<string, any>} the strip of a folded block: what the stream is after it */ this.folded = new Map();
		this.tokens = h("span", { class: "sizes" });
		this.note = note();
		this.table = h("details", { class: "table-details", ontoggle: () => this.#fill() });
	}

	set context(context) {
		this.now = context;
		const { model, state, run } = context;
		const key = `${model.key} ${language()}`;
		if (key !== this.key) this.#build(model, state);
		this.key = key;
		this.#follow(state.op);
		if (!run) return;
		const { position } = state;
		const work = () => getTensor("/look/strips", { run: run.run, position });
		const show = ({ data }) => {
			this.note.textContent = t("road.note", { position });
			this.#figures(run);
			this.#strips(run, data);
		};
		this.asking.ask(`${run.run} ${position} ${state.theme} ${key}`, work, show, () => {}); // the page says what is wrong; the old strips stay
	}

	#build(model, state) {
		this.lines.clear();
		this.folded.clear();
		this.hasHeads = Boolean(model.settings.n_heads);
		const here = Number(/^blocks\.(\d+)/.exec(state.op)?.[1] ?? 0);
		const isOpen = (block) => model.settings.n_layers <= OPEN_BLOCKS || block === here || block === 0;
		this.groups = [];
		/** @type {number | null | undefined} */ let block;
		for (const op of model.ops) {
			if (op.block !== block) this.groups.push(new Strips(op.block === null ? h("div", { class: "lines" }) : this.#block(op.block, isOpen(op.block))));
			const strips = this.groups[this.groups.length - 1];
			strips.group.append(this.#line(op, strips.add(SHARES.has(op.kind))));
			block = op.block;
		}
		this.table.replaceChildren(h("summary", {}, t("road.table")));
		this.replaceChildren(h("h2", {}, t("road.title")), this.note, this.#first(), ...this.groups.map(({ group }) => group), this.table);
		this.asking.key = "";
		this.followed = "";
		this.run = null;
	}

	/** The ids, where the road begins. */
	#first() {
		const name = h("span", { class: "name" }, h("code", {}, "ids"), h("span", { class: "words" }, t("core.tokens")));
		const focus = () => tell(document, "naepo-focus-tokens");
		return h("button", { class: "line ids", onclick: focus }, name, this.tokens);
	}

	#block(block, open) {
		const canvas = h("canvas", { width: WIDTH, height: 1, class: "strip", "aria-hidden": true });
		this.folded.set(`blocks.${block}.residual_2`, canvas);
		return h("details", { class: "block", open, dataset: { block } }, h("summary", {}, h("span", {}, t("road.block", { block })), canvas));
	}

	/** @param {import("./strip.js").Strip} strip */
	#line(op, strip) {
		const last = op.name.split(".").at(-1);
		const range = h("span", { class: "range" });
		const sizes = h("span", { class: "sizes" }, shape(op.sizes.map((/** @type {number | null} */ size) => size ?? NaN)).replaceAll("NaN", "T"));
		const own = `road.${op.name.includes(".mixer.") || !this.hasHeads ? "mixer_" : ""}${last}`; // no attention to speak of
		const key = has(own) ? own : `road.${last}`;
		const words = has(key) ? h("span", { class: "words" }, t(key)) : null;
		const line = h(
			"button",
			{ class: `line ${op.kind}`, title: op.name, dataset: { op: op.name }, onclick: () => select(this, { op: op.name }) },
			h("span", { class: "name" }, h("code", {}, last), words),
			strip.place,
			h("span", { class: "figures" }, range, sizes),
		);
		this.lines.set(op.name, { line, strip, range, sizes });
		return line;
	}

	/** Mark the selected step, open its block, and bring its line into sight when it has changed. */
	#follow(op) {
		if (op === this.followed) return;
		this.lines.get(this.followed)?.line.removeAttribute("aria-current");
		this.followed = op;
		const line = this.lines.get(op)?.line;
		if (!line) return;
		line.setAttribute("aria-current", "true");
		const block = line.closest("details");
		if (block && !block.open) block.open = true;
		if (this.offsetParent) scrollIn(this.parentElement, line);
	}

	/** What is told of all positions. */
	#figures(run) {
		if (this.run === run) return;
		this.run = run;
		this.tokens.textContent = count(run.tokens.length);
		for (const op of run.ops) this.#tell(op);
		this.#fill();
		requestAnimationFrame(() => this.groups.forEach((strips) => strips.lay())); // other figures take other room
	}

	#tell(op) {
		const line = this.lines.get(op.name);
		if (!line) return;
		const hides = op.name.endsWith(".masked"); // its −∞ are meant
		const strange = op.nan + (hides ? 0 : op.inf) ? ` · ${t("road.strange", { nan: op.nan, inf: op.inf })}` : "";
		const words = t("road.range", { norm: number(op.norm), min: number(op.min), max: number(op.max) }) + strange;
		line.sizes.textContent = shape(op.shape);
		line.range.textContent = words;
		line.range.classList.toggle("strange", strange !== "");
		line.strip.place.setAttribute("aria-label", `${op.name}: ${words}`);
	}

	#strips(run, data) {
		run.ops.forEach((op, i) => {
			const values = data.subarray(i * WIDTH, (i + 1) * WIDTH);
			const line = this.lines.get(op.name);
			if (line) line.strip.values = values;
			const folded = this.folded.get(op.name);
			if (folded) drawStrip(penOf(folded), values, false);
		});
		for (const strips of this.groups) strips.draw();
	}

	/** The same figures as a real table, when it is open. */
	#fill() {
		const { run } = this.now ?? {};
		if (!this.table.open || !run) return;
		const head = COLUMNS.map((name) => t(`road.column_${name}`));
		const rows = run.ops.map((op) => [op.name, shape(op.shape), ...COLUMNS.slice(2).map((name) => op[name] ?? NaN)]);
		this.table.replaceChildren(h("summary", {}, t("road.table")), tableElement({ head, rows }));
	}
}

function scrollIn(column, line) {
	if (!column) return;
	const above = line.getBoundingClientRect().top - column.getBoundingClientRect().top;
	if (above < 40 || above > column.clientHeight - 40) column.scrollTop += above - column.clientHeight / 2;
}

customElements.define("naepo-road", Road);
