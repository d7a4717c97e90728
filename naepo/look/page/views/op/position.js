// The rows that tell each position where it stands: learned, or sines and cosines.

import { agree, changed, note, rowOf, t } from "../../elements/stage.js";
import { allPositions, atPosition, OpPanel } from "../../elements/op-panel.js";

class OpPosition extends OpPanel {
	async content({ run, state }, op) {
		const { position } = state;
		const [name] = op.weights;
		const [all, learned] = await Promise.all([
			run.tensor(op.name),
			name ? run.weight(name, `${position},:`) : null,
		]);
		const width = all.shape[1];
		const given = rowOf(all.data, position, width);
		const own = learned?.data ?? waves(position, width);
		const rows = { [name ? `${name}[${position}]` : "sin, cos"]: own, [op.name]: given };
		const words = t("op.sum_check", { parts: name ? `${name}[${position}]` : "sin, cos", name: op.name, position });
		return [
			note(t(name ? "op.learned_note" : "op.sinusoidal_note", { position })),
			atPosition(op, position, rows),
			agree("position", words, own, given, name ? 0 : 1e-5),
			changed(state, op.name),
			allPositions(run, op, all, position),
		];
	}
}

/** sin and cos of position · 10,000^(−2j/d), in turn. */
function waves(position, width) {
	return Float64Array.from({ length: width }, (_, i) => {
		const angle = position * 10000 ** ((-2 * Math.floor(i / 2)) / width);
		return i % 2 ? Math.cos(angle) : Math.sin(angle);
	});
}

customElements.define("naepo-op-position", OpPosition);
