// The residual stream: what was there, what was added, and their sum, for the chosen position.

import { agree, changed, note, number, rowOf, t } from "../../elements/stage.js";
import { allPositions, atPosition, OpPanel } from "../../elements/op-panel.js";

class OpResidual extends OpPanel {
	async content({ run, state, model }, op) {
		const { position } = state;
		const [all, ...inputs] = await Promise.all([run.tensor(op.name), ...op.inputs.map((name) => run.tensor(name, `${position},:`))]);
		const width = all.shape[1];
		const after = rowOf(all.data, position, width);
		const { parts } = model.settings;
		const isScaled = op.name === "residual" && parts.position === "sinusoidal" && parts.tie_weights;
		const scale = isScaled ? Math.sqrt(width) : 1;
		const sum = new Float64Array(width);
		inputs.forEach(({ data }, part) => data.forEach((x, i) => (sum[i] += (part ? 1 : scale) * x)));
		const named = Object.fromEntries(op.inputs.map((name, i) => [`${i ? "+ " : ""}${short(name)}`, inputs[i].data]));
		const words = { parts: op.inputs.map((name, i) => `${i || scale === 1 ? "" : `${number(scale)} · `}${name}`).join(" + "), name: op.name, position };
		return [
			scale === 1 ? "" : note(t("op.scaled", { scale: number(scale) })),
			atPosition(op, position, { ...named, [`= ${short(op.name)}`]: after }),
			agree("residual", t("op.sum_check", words), sum, after),
			changed(state, op.name),
			allPositions(run, op, all, position),
		];
	}
}

/** The last parts of a name. */
const short = (name) => name.split(".").slice(-2).join(".");

customElements.define("naepo-op-residual", OpResidual);
