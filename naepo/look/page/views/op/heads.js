// Cut into heads, and for q and k with rotary positions, each pair of numbers turned by its angle.

import { agree, changed, drawing, figure, h, matrixOf, maxAbs, note, number, on, rowOf, select, svg, t } from "../../elements/stage.js";
import { OpPanel, allPositions } from "../../elements/op-panel.js";
import { merged } from "../../elements/recompute.js";

const SIDE = 64;

class OpHeads extends OpPanel {
	asked({ state }) {
		return `${state.position} ${state.head}`;
	}

	async content({ run, state, model }, op) {
		if (op.kind !== "heads") return this.#whole(run, op, state);
		const { position } = state;
		const [heads, , size] = op.shape;
		const head = Math.min(state.head ?? 0, heads - 1);
		const isThree = run.shape(op.inputs[0]).length === 3;
		const [input, output, all] = await Promise.all([
			run.tensor(op.inputs[0], isThree ? `:,${position},:` : `${position},:`).then(merged),
			run.tensor(op.name, `:,${position},:`),
			run.tensor(op.name, `${head},:,:`),
		]);
		const isTurned = op.formula === "heads:rotary";
		const limit = Math.max(maxAbs(input.data), maxAbs(output.data)) || 1;
		const picture = this.#matrices(op, { before: input.data, after: output.data, heads, size, limit, head });
		const whole = allPositions(run, op, all, position, head);
		const warning = changed(state, op.name);
		const [before, after] = [rowOf(input.data, head, size), rowOf(output.data, head, size)];
		if (!isTurned) {
			const words = note(t("op.split_note", { width: heads * size, position, n: heads, size }));
			return [words, picture, agree("split", t("op.split_check"), input.data, output.data, 0), warning, whole];
		}
		const theta = model.settings.parts.rope_theta ?? 10000;
		const half = size / 2;
		const angles = Array.from({ length: half }, (_, j) => position * theta ** (-j / half));
		const own = turned(input.data, heads, size, angles);
		const words = note(t("op.rotary_note", { head, position, n: half, half }));
		const check = agree("rotary", t("op.rotary_check"), own, output.data);
		return [words, picture, check, warning, pairs(op.name, before, after, angles), whole];
	}

	#matrices(op, { before, after, heads, size, limit, head }) {
		const names = Array.from({ length: heads }, (_, i) => `${t("op.head")} ${i}`);
		const same = { rows: heads, cols: size, rowLabels: names, limit, dims: [t("op.head"), "d_head"], selected: { row: head, col: null } };
		const pair = [
			matrixOf({ ...same, caption: `${t("op.before")}: ${op.inputs[0]}`, name: op.inputs[0], data: before }),
			matrixOf({ ...same, caption: `${t("op.after")}: ${op.name}`, name: op.name, data: after }),
		];
		const [first, second] = pair;
		on(first, "naepo-hover", (detail) => (second.pointed = detail));
		on(second, "naepo-hover", (detail) => (first.pointed = detail));
		for (const each of pair) on(each, "naepo-cell", (detail) => select(each, { head: detail.row }));
		return h("div", { class: "rows" }, pair);
	}

	/** Any other step with heads: the chosen one. */
	async #whole(run, op, state) {
		const head = Math.min(state.head ?? 0, op.shape[0] - 1);
		const all = await run.tensor(op.name, `${head},:,:`);
		return [note(t("op.tensor", { head })), allPositions(run, op, all, state.position, head)];
	}
}

/** (a, b) → (a cos − b sin, b cos + a sin), a half of a head apart. */
function turned(x, heads, size, angles) {
	const y = new Float64Array(x.length);
	const half = size / 2;
	for (let at = 0; at < heads * size; at += size) {
		angles.forEach((angle, j) => {
			const [a, b] = [x[at + j], x[at + j + half]];
			y[at + j] = a * Math.cos(angle) - b * Math.sin(angle);
			y[at + j + half] = b * Math.cos(angle) + a * Math.sin(angle);
		});
	}
	return y;
}

/** Each pair as an arrow before and after. */
function pairs(name, before, after, angles) {
	const half = angles.length;
	const most = Math.max(...angles.map((_, j) => Math.hypot(before[j], before[j + half])), 1e-30);
	const scale = (SIDE / 2 - 3) / most;
	const one = (angle, j) => {
		const radius = Math.hypot(before[j], before[j + half]) * scale;
		const arrow = (kind, /** @type {ArrayLike<number>} */ x) => svg("line", { class: kind, x1: 0, y1: 0, x2: x[j] * scale, y2: -x[j + half] * scale, "stroke-width": 1.5 });
		const [x, y] = [(j % 8) * (SIDE + 8) + SIDE / 2, Math.floor(j / 8) * (SIDE + 22) + SIDE / 2];
		const shown = angle % (2 * Math.PI);
		return svg("g", { transform: `translate(${x} ${y})` }, svg("title", {}, `${j}, ${j + half}: ${number(angle)} rad`), svg("circle", { class: "circle", r: Math.max(1, radius) }), arrow("before", before), arrow("after", after), svg("text", { y: SIDE / 2 + 12, "text-anchor": "middle" }, `${j}: ${Math.round((shown * 180) / Math.PI)}°`));
	};
	const [width, height] = [8 * (SIDE + 8), Math.ceil(half / 8) * (SIDE + 22)];
	const title = t("op.rotary_pairs");
	const picture = drawing(width, height, title, { class: "pairs" }, angles.map(one));
	const rows = angles.map((angle, j) => [`${j}, ${j + half}`, before[j], before[j + half], after[j], after[j + half], angle]);
	const head = [t("op.pair"), `${t("op.before")} a`, `${t("op.before")} b`, `${t("op.after")} a`, `${t("op.after")} b`, `${t("op.angle")} (rad)`];
	return figure({ title, name: `${name}-pairs`, picture: h("div", { class: "scroll", tabIndex: 0 }, picture), table: () => ({ head, rows }) });
}

customElements.define("naepo-op-heads", OpHeads);
