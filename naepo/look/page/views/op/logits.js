// Over the whole vocabulary: logits, their n-gram prior, and probabilities, for the chosen position.

import "../../elements/bars.js";
import { agree, changed, figure, full, h, largest, note, on, percent, rowOf, select, softmax, t, told, vocabularyOf } from "../../elements/stage.js";
import { atPosition, OpPanel } from "../../elements/op-panel.js";

const SHOWN = 20;
const AROUND = 16; // ids on each side of the chosen one

class OpLogits extends OpPanel {
	asked({ state }) {
		return `${state.position} ${state.id}`;
	}

	async content({ run, state }, op) {
		const { position } = state;
		const at = `${position},:`;
		const [{ labels }, own, ...inputs] = await Promise.all([vocabularyOf(run.model), run.tensor(op.name, at), ...op.inputs.map((name) => run.tensor(name, at))]);
		const n = own.shape[1];
		const values = rowOf(own.data, 0, n);
		const isShare = op.kind === "probabilities";
		const top = largest(values, SHOWN);
		const chosen = state.id ?? top[0];
		const rank = values.reduce((before, x) => before + Number(x > values[chosen]), 1);
		const told_ = isShare ? percent(values[chosen]) : full(values[chosen]);
		const ids = top.includes(chosen) ? top : [...top, chosen];
		const title = t("op.distribution", { n: SHOWN, all: n, position });
		const picture = h("naepo-bars", { data: { bars: ids.map((id) => ({ name: `${labels[id] ?? ""} ${id}`, value: values[id], chosen: id === chosen, ...(isShare ? { text: percent(values[id]) } : {}) })), label: title, plain: isShare } });
		on(picture, "naepo-bar", (detail) => select(this, { id: ids[detail.index] }));
		const rows = () => largest(values, n > 5000 ? 1000 : n).map((id, i) => [i + 1, id, labels[id] ?? "", values[id]]);
		const table = () => ({ head: [t("op.rank"), t("op.id"), t("map.text"), op.name], rows: rows() });
		return [
			h("p", {}, t("op.chosen", { id: `${chosen} ${labels[chosen] ?? ""}`, value: told_, rank })),
			figure({ title, name: `${op.name}-${position}`, picture, table }),
			this.#window(op, { values, inputs, labels, chosen, n, position }),
			...this.#checks(op, values, inputs, n),
			changed(state, op.name),
		];
	}

	/** The ids around the chosen one, in the order of the ids, with what they are made from. */
	#window(op, { values, inputs, labels, chosen, n, position }) {
		const from = Math.max(0, Math.min(n - 2 * AROUND, chosen - AROUND));
		const to = Math.min(n, from + 2 * AROUND);
		const named = Object.fromEntries(op.inputs.map((name, i) => [`${i ? "+ " : ""}${name}`, inputs[i].data.subarray(from, to)]));
		const names = Array.from({ length: to - from }, (_, i) => `${from + i} ${labels[from + i] ?? ""}`);
		const caption = t("op.window_note", { all: n, from, to: to - 1, id: chosen });
		const picture = atPosition(op, position, { ...named, [`= ${op.name}`]: values.subarray(from, to) }, { label: caption, colLabels: names, colStart: from, selected: { row: null, col: chosen - from } });
		on(picture, "naepo-cell", (detail) => select(this, { id: from + detail.col }));
		return h("div", {}, note(caption), picture);
	}

	/** @param {{data: Float32Array}[]} inputs */
	#checks(op, values, inputs, n) {
		if (op.kind === "probabilities") {
			const own = softmax(inputs[0].data);
			const sum = values.reduce((total, p) => total + p, 0);
			return [told("probabilities_sum", t("op.whole_row", { all: n }), sum - 1, 1e-5), agree("probabilities", "softmax(logits) = probabilities", own, values)];
		}
		if (op.kind !== "logits" || !inputs.length) return [];
		const sums = Float64Array.from(values, (_, id) => inputs.reduce((sum, { data }) => sum + data[id], 0));
		const line = agree("logits", inputs.length > 1 ? t("op.prior_sum") : "output = logits", sums, values);
		return inputs.length > 1 ? [line] : [note(t("op.same_logits")), line];
	}
}

customElements.define("naepo-op-logits", OpLogits);
