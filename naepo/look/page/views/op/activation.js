// The neurons of a feed-forward: what goes into the activation function, what comes out, and which ones speak loudest.

import { getJSON } from "../../core/api.js";
import "../../elements/bars.js";
import { agree, changed, figure, full, h, number, on, Part, rowOf, select, t } from "../../elements/stage.js";
import { OpPanel, allPositions, stacked } from "../../elements/op-panel.js";

/** @type {Record<string, (up: number, gate: number) => number>} */
const FUNCTIONS = {
	swiglu: (up, gate) => (gate / (1 + Math.exp(-gate))) * up,
	gelu: (z) => (z / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3))),
	relu2: (z) => Math.max(z, 0) ** 2,
};

/** @typedef {{id: number, label: string, text?: string, value: number}} Favour @typedef {{unit: number, activation: number, gate?: number, up: number, norm: number, promotes: Favour[], suppresses: Favour[]}} Neuron */

class OpActivation extends OpPanel {
	constructor() {
		super();
		this.strongest = new Part("op-part");
	}

	connectedCallback() {
		if (!this.firstChild) this.append(this.pane.element, this.strongest.element);
	}

	async content({ run, state }, op) {
		const { position } = state;
		const [all, ...inputs] = await Promise.all([
			run.tensor(op.name),
			...op.inputs.map((name) => run.tensor(name, `${position},:`)),
		]);
		const width = all.shape[1];
		const after = rowOf(all.data, position, width);
		const up = inputs[inputs.length - 1].data;
		const gate = inputs.length > 1 ? inputs[0].data : up;
		const bend = FUNCTIONS[op.formula.split(":")[1]];
		const own = Float64Array.from(up, (x, i) => bend(x, gate[i]));
		const named = Object.fromEntries(op.inputs.map((name, i) => [name.split(".").pop(), inputs[i].data]));
		const caption = `${t("op.inside")}, ${t("op.position")} ${position}`;
		this.rows = stacked({ ...named, [t("op.activation")]: after }, { caption, name: op.name });
		on(this.rows, "naepo-cell", (detail) => select(this, { unit: detail.col }));
		this.all = allPositions(run, op, all, position);
		on(this.all, "naepo-cell", (detail) => select(this, { unit: detail.col }));
		this.#mark();
		return [
			this.rows,
			agree("activation", t("op.activation_check"), own, after),
			changed(state, op.name),
			this.all,
		];
	}

	/** What each neuron favours takes longer than its number: it comes after. */
	async #strongest(run, op, position) {
		const { neurons } = await getJSON("/look/neurons", { run: run.run, block: op.block, position, top: 20 });
		this.table = this.#neurons(op.name, position, neurons);
		this.#mark();
		return this.table;
	}

	/** @param {Neuron[]} neurons */
	#neurons(name, position, neurons) {
		const hasGate = neurons.some(({ gate }) => gate !== undefined);
		const columns = [t("op.unit"), t("op.activation"), ...(hasGate ? [t("op.gate")] : []), t("op.up"), t("op.size"), t("op.promotes"), t("op.suppresses")];
		const cell = (x) => h("td", { title: full(x) }, number(x));
		const tokens = (/** @type {Favour[]} */ favours) => h("td", { class: "tokens" }, favours.map((each) => [this.#token(each), " "]));
		const line = (/** @type {Neuron} */ each) =>
			h("tr", { dataset: { unit: each.unit } },
				h("th", { scope: "row" }, h("button", { class: "plain-button", onclick: () => select(this, { unit: each.unit }) }, String(each.unit))),
				cell(each.activation), hasGate ? cell(each.gate ?? NaN) : null, cell(each.up), cell(each.norm), tokens(each.promotes), tokens(each.suppresses));
		const head = h("tr", {}, columns.map((column) => h("th", { scope: "col" }, column)));
		const picture = h("div");
		const data = { bars: neurons.map(({ unit, activation }) => ({ name: String(unit), value: activation })), label: t("op.neurons", { position }) };
		const bars = h("naepo-bars", { data });
		on(bars, "naepo-bar", (detail) => select(this, { unit: neurons[detail.index].unit }));
		const list = h("div", { class: "scroll", tabIndex: 0 }, h("table", { class: "neurons" }, h("thead", {}, head), h("tbody", {}, neurons.map(line))));
		picture.append(list, bars);
		const words = (/** @type {Favour[]} */ favours) => favours.map(({ label, value }) => `${label} ${number(value)}`).join(", ");
		const rows = () => neurons.map((each) => [each.unit, each.activation, ...(hasGate ? [each.gate ?? NaN] : []), each.up, each.norm, words(each.promotes), words(each.suppresses)]);
		return figure({ title: t("op.neurons", { position }), name: `${name}-neurons`, picture, note: t("op.neurons_note"), table: () => ({ head: columns, rows: rows() }) });
	}

	/** @param {Favour} favour */
	#token({ id, label, value }) {
		return h("button", { class: "plain-button token", title: `${id}: ${full(value)}`, onclick: () => select(this, { id }) }, label);
	}

	follow({ run, state }) {
		const op = run.op(state.op);
		const asked = `${run.run} ${op.name} ${state.position} ${state.lang} ${state.theme}`;
		this.strongest.load(asked, t("op.reading", { name: op.name }), () => this.#strongest(run, op, state.position));
		this.#mark();
	}

	/** Frame the chosen neuron wherever it is. */
	#mark() {
		const { state } = this.now;
		const unit = state.unit ?? null;
		if (this.rows) this.rows.selected = unit === null ? null : { row: null, col: unit };
		if (this.all) this.all.selected = { row: state.position, col: null };
		for (const row of this.table?.querySelectorAll("tr[data-unit]") ?? []) row.setAttribute("aria-selected", String(Number(row.dataset.unit) === unit));
	}
}

customElements.define("naepo-op-activation", OpActivation);
