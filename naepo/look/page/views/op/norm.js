// A normalisation at the chosen position: what it measured, and before → divided → × gain (+ bias) = after.

import { getJSON, getTensor } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { farthest, lengthOf, maxAbs } from "../../core/numeric.js";
import { changed, note, rowOf, told } from "../../elements/matrix-of.js";
import { OpPanel, allPositions, stacked } from "../../elements/op-panel.js";

class OpNorm extends OpPanel {
	asked({ state, run }) {
		return `${state.position} ${run.op(state.op).kind === "head_norm" ? state.head : ""}`;
	}

	async content({ run, state }, op) {
		const { position } = state;
		const isHead = op.kind === "head_norm";
		const head = isHead ? Math.min(state.head ?? 0, op.shape[0] - 1) : 0;
		const weight = (name) => getTensor("/look/weight", { model: run.model, checkpoint: run.checkpoint, name });
		const [measured, input, all, gain, bias] = await Promise.all([
			getJSON("/look/norm", { run: run.run, name: op.name, position }),
			run.tensor(op.inputs[0], `${position},:`),
			run.tensor(op.name, isHead ? `${head},:,:` : undefined),
			weight(op.weights[0]),
			op.weights[1] ? weight(op.weights[1]) : null,
		]);
		const found = isHead ? (measured.heads?.[head] ?? measured) : measured;
		const width = op.shape.at(-1);
		const before = rowOf(input.data, isHead ? head : 0, width);
		const after = rowOf(all.data, position, width);
		const isLayer = found.kind === "layer";
		const divided = Float32Array.from(before, (x) => (x - (isLayer ? found.mean : 0)) * found.scale);
		const own = Float64Array.from(before, (x, i) => (x - (isLayer ? found.mean : 0)) * found.scale * gain.data[i] + (bias?.data[i] ?? 0));
		const rows = {
			[t("op.before")]: before,
			[t(isLayer ? "op.centred" : "op.divided")]: divided,
			[`× ${t("op.gain")}`]: gain.data,
			...(bias ? { [`+ ${t("op.bias_row")}`]: bias.data } : {}),
			[`= ${t("op.after")}`]: after,
		};
		const said = { position, mean: number(found.mean), variance: number(found.variance), rms: number(found.rms), eps: number(found.eps), scale: number(found.scale) };
		const lengths = { before: number(lengthOf(before)), divided: number(lengthOf(divided)), after: number(lengthOf(after)) };
		const words = t("op.norm_check", { bias: bias ? ` + ${t("op.bias_row")}` : "" });
		return [
			isHead ? h("p", {}, t("op.norm_head", { head, n: op.shape[0] })) : null,
			h("p", {}, t(isLayer ? "op.norm_layer" : "op.norm_rms", said)),
			note(t("op.norm_sizes", lengths)),
			stacked(rows, { caption: `${op.name}, ${t("op.position")} ${position}`, name: op.name }),
			told("norm", words, farthest(own, after), 1e-5 * Math.max(1, maxAbs(after))),
			changed(state, op.name),
			allPositions(run, op, all, position, isHead ? head : -1),
		];
	}
}

customElements.define("naepo-op-norm", OpNorm);
