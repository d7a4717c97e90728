// What a recurrent or convolutional step does: gates, states, the past laid side by side; recomputed here for one position.

import { agree, changed, note, rowOf, t } from "../../elements/stage.js";
import { allPositions, atPosition, OpPanel } from "../../elements/op-panel.js";

const GATES = ["input_gate", "forget_gate", "candidate", "output_gate"]; // in the order of the rows of an LSTM's weights
const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const bent = (x) => (x >= 0 ? x + 0.5 : sigmoid(x));
/** @type {Record<string, (x: number) => number>} */
const BENT = { "gate:sigmoid": sigmoid, "gate:tanh": Math.tanh, "gate:bent": bent };
/** What a state is made of: the one before, and what the step reads, number by number. @type {Record<string, (before: number, ...read: number[]) => number>} */
const RULES = {
	"state:cell": (cell, forget, input, candidate) => forget * cell + input * candidate,
	"state:hidden": (_, shown, cell) => shown * Math.tanh(cell),
	"state:mean": (state, gate, candidate) => (1 - gate) * state + gate * candidate,
	gated: (_, value, gate) => value * sigmoid(gate),
};

class OpRecurrence extends OpPanel {
	async content({ run, state, model }, op) {
		const { position } = state;
		const all = await run.tensor(op.name);
		const width = all.shape[1];
		const after = rowOf(all.data, position, width);
		const before = position ? rowOf(all.data, position - 1, width) : new Float32Array(width);
		const { own, named } = await this.#recomputed(run, model, op, { position, width, before });
		const words = `op.recurrence_${op.kind}`;
		return [
			note(t(words, { position, apart: apartOf(model, op), n: width / model.settings.d_model })),
			atPosition(op, position, { ...named, [short(op.name)]: after }),
			agree(op.kind, t("op.recurrence_check"), own, after),
			changed(state, op.name),
			allPositions(run, op, all, position),
		];
	}

	/** The step once more, from the numbers that it reads. */
	async #recomputed(run, model, op, { position, width, before }) {
		if (op.kind === "taps") return { own: await this.#taps(run, model, op, position, width), named: {} };
		const at = op.kind === "shifted" ? position - 1 : position;
		const inputs = at < 0 ? [] : await Promise.all(op.inputs.map((name) => run.tensor(name, `${at},:`)));
		if (op.kind === "shifted") return { own: inputs[0]?.data ?? new Float32Array(width), named: {} };
		const from = inputs[0].data.length > width ? GATES.indexOf(short(op.name)) * width : 0;
		const read = inputs.map(({ data }) => data.subarray(from, from + width));
		const named = Object.fromEntries(op.inputs.map((name, i) => [short(name), read[i]]));
		if (op.kind !== "gate") {
			const rule = RULES[op.formula];
			const own = Float64Array.from(before, (last, i) => rule(last, ...read.map((row) => row[i])));
			return { own, named: op.kind === "state" && op.formula !== "state:hidden" ? { [t("op.recurrence_before")]: before, ...named } : named };
		}
		const bend = BENT[op.formula];
		return { own: Float64Array.from({ length: width }, (_, i) => bend(read.reduce((sum, row) => sum + row[i], 0))), named };
	}

	/** The rows of the past, the oldest first; zeros before the first. */
	async #taps(run, model, op, position, width) {
		const { data, shape } = await run.tensor(op.inputs[0]);
		const [inner, apart] = [shape[1], apartOf(model, op)];
		const n = width / inner;
		const own = new Float64Array(width);
		for (let tap = 0; tap < n; tap++) {
			const row = position - (n - 1 - tap) * apart;
			if (row >= 0) own.set(rowOf(data, row, inner), tap * inner);
		}
		return own;
	}
}

/** How many positions lie between the inputs of a convolution. */
const apartOf = (model, op) => 2 ** (op.block % (model.settings.n_dilations ?? 1));

/** The last part of a name. */
const short = (name) => name.split(".").at(-1) ?? name;

customElements.define("naepo-op-recurrence", OpRecurrence);
