// A normalisation at the chosen position: what it measured, and before → divided → × gain (+ bias) = after.

import { getJSON } from "../../core/api.js";
import { agree, changed, h, lengthOf, note, number, rowOf, t } from "../../elements/stage.js";
import { allPositions, atPosition, OpPanel } from "../../elements/op-panel.js";

class OpNorm extends OpPanel {
	asked({ state, run }) {
		return `${state.position} ${run.op(state.op).kind === "head_norm" ? state.head : ""}`;
	}

	async content({ run, state }, op) {
		const { position } = state;
		const isHead = op.kind === "head_norm";
		const head = isHead ? Math.min(state.head ?? 0, op.shape[0] - 1) : 0;
		const [measured, input, all, gain, bias] = await Promise.all([
			getJSON("/look/norm", { run: run.run, name: op.name, position }),
			run.tensor(op.inputs[0], `${position},:`),
			run.tensor(op.name, isHead ? `${head},:,:` : undefined),
			run.weight(op.weights[0]),
			op.weights[1] ? run.weight(op.weights[1]) : null,
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
			...(bias ? { [`+ ${t("op.bias")}`]: bias.data } : {}),
			[`= ${t("op.after")}`]: after,
		};
		const said = { position, mean: number(found.mean), variance: number(found.variance), rms: number(found.rms), eps: number(found.eps), scale: number(found.scale) };
		const lengths = { before: number(lengthOf(before)), divided: number(lengthOf(divided)), after: number(lengthOf(after)) };
		const words = t("op.norm_check", { bias: bias ? ` + ${t("op.bias")}` : "" });
		return [
			isHead ? h("p", {}, t("op.norm_head", { head, n: op.shape[0] })) : null,
			h("p", {}, t(isLayer ? "op.norm_layer" : "op.norm_rms", said)),
			note(t("op.norm_sizes", lengths)),
			atPosition(op, position, rows),
			agree("norm", words, own, after),
			changed(state, op.name),
			allPositions(run, op, all, position, isHead ? head : -1),
		];
	}
}

customElements.define("naepo-op-norm", OpNorm);
