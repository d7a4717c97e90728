// The embedding: a one-hot row times W is one row of W; both are shown, and are equal to the last bit.

import { agree, changed, count, h, matrixOf, note, on, rowOf, select, shape as sizes, t, term, vocabularyOf } from "../../elements/stage.js";
import { OpPanel, allPositions } from "../../elements/op-panel.js";

const AROUND = 4; // rows of W on each side

class OpEmbedding extends OpPanel {
	async content({ run, state, model }, op) {
		const { position } = state;
		const { id } = run.tokens[position];
		const all = model.settings.vocab_size;
		const from = Math.max(0, Math.min(all - 2 * AROUND - 1, id - AROUND));
		const to = Math.min(all, from + 2 * AROUND + 1);
		const weight = { model: run.model, checkpoint: run.checkpoint, name: op.weights[0], at: `${from}:${to},:` };
		const [w, y, vocabulary] = await Promise.all([run.weight(weight.name, weight.at), run.tensor(op.name), vocabularyOf(run.model)]);
		const width = w.shape[1];
		const names = Array.from({ length: to - from }, (_, i) => `${from + i} ${vocabulary.labels[from + i] ?? ""}`);
		const onehot = Float32Array.from({ length: to - from }, (_, i) => Number(from + i === id));
		const [row, given] = [rowOf(w.data, id - from, width), rowOf(y.data, position, width)];
		const limit = Math.max(...Array.from(w.data, Math.abs), 1e-30);
		const range = { id, from: count(from), to: count(to - 1), all: count(all) };
		const hot = matrixOf({ rows: 1, cols: to - from, colLabels: names, kind: "probability", limit: 1, caption: t("op.onehot_caption", range), label: t("op.onehot", range), dims: ["", t("op.id")], data: onehot });
		const rows = matrixOf({ rows: to - from, cols: width, rowLabels: names, limit, caption: `· W  ${sizes([all, width])}`, name: op.weights[0], dims: [t("op.id"), op.axes[1]], selected: { row: id - from, col: null }, source: weight, data: w.data });
		const both = matrixOf({ rows: 2, cols: width, rowLabels: [`W[${id}]`, `y[${position}]`], limit, caption: `= y  ${sizes([1, width])}`, name: op.name, dims: [t("op.value"), op.axes[1]], data: Float32Array.from([...row, ...given]) });
		on(rows, "naepo-cell", (detail) => select(this, { id: from + detail.row }));
		return [
			note(t("op.lookup", { id })),
			h("div", { class: "equation" }, term(hot), term(rows), term(both)),
			agree("lookup", t("op.lookup_check", { id, position }), row, given, 0),
			changed(state, op.name),
			allPositions(run, op, y, position),
		];
	}
}

customElements.define("naepo-op-embedding", OpEmbedding);
