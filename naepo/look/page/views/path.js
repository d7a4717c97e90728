// The way to the answer: how long the residual stream is along the depth, what would be said after each layer, and what
// each part of the model added to one logit.

import { getJSON, getTensor } from "../core/api.js";
import "../elements/chart.js";
import { contributions } from "../elements/contributions.js";
import { headGrids } from "../elements/head-grids.js";
import { lensPicture } from "../elements/lens.js";
import { figure, h, number, Part, percent, positionsOf, rowOf, select, t, vocabularyOf } from "../elements/stage.js";
import { stageName } from "../elements/part-names.js";
import { Room } from "../elements/room.js";
import "../elements/search.js";

const FAINT = 48; // other positions drawn behind the chosen one

class PathView extends Room {
	constructor() {
		super();
		this.parts = { choice: new Part(), lens: new Part(), sums: new Part(), heads: new Part(), stream: new Part() };
	}

	set context(context) {
		const { run, state, model } = context;
		if (!run) {
			this.announce("", "path.empty");
			return;
		}
		const position = Math.min(state.position ?? Infinity, run.tokens.length - 1);
		this.announce(t("path.title", { position, token: run.tokens[position].label }), model.settings.n_heads ? "path.intro" : "path.intro_sibling");
		this.show(context, position);
	}

	async show(context, position) {
		const { run, state, model } = context;
		const { choice, lens, sums, heads, stream } = this.parts;
		const key = `${run.run} ${position} ${state.lang} ${state.theme}`;
		const [chosen, part] = [`${key} ${state.id}`, `${key} ${state.id} ${state.head} ${state.op}`];
		const words = t("path.reading");
		const layers = getJSON("/look/lens", { run: run.run, position, top: 10 });
		const added = getJSON("/look/contributions", { run: run.run, position, id: state.id });
		choice.load(chosen, words, async () => this.choice(model, state.id, await layers));
		lens.load(chosen, words, async () => lensPicture(await layers, state.id));
		sums.load(part, words, async () => contributions(await added, position, state));
		heads.load(part, words, async () => (model.settings.n_heads ? headGrids(context, position, added) : null));
		stream.load(key, words, () => this.stream(run, position, Boolean(model.settings.n_heads)));
	}

	/** Which logit is explained: the likeliest ones as buttons, any other by search. */
	async choice(model, id, lens) {
		const { labels } = await vocabularyOf(model.key);
		/** @type {import("../elements/lens.js").Candidate[]} */
		const top = lens.layers.at(-1).top;
		const chosen = id ?? top[0].id;
		const listed = top.some((each) => each.id === chosen) ? top : [...top, { id: chosen, label: labels[chosen], probability: NaN }];
		const buttons = listed.map(({ id: each, label, probability }) =>
			h(
				"button",
				{ class: "chip", "aria-pressed": each === chosen, onclick: () => select(this, { id: each }) },
				h("span", { class: "token-name" }, label),
				Number.isFinite(probability) ? ` ${percent(probability)}` : "",
			),
		);
		return [h("h3", {}, t("path.chosen_logit")), h("p", { class: "chips" }, buttons), h("naepo-search", { labels })];
	}

	async stream(run, position, hasHeads) {
		const { shape, data, headers } = await getTensor("/look/stream", { run: run.run });
		const [depth, time] = shape;
		const names = (headers.get("X-Naepo-Names") ?? "").split(",").map((name) => stageName(name, hasHeads));
		const lines = positionsOf(run).map((name, at) => ({
			name,
			points: Array.from({ length: depth }, (_, layer) => [layer, data[layer * time + at]]),
			faint: at !== position,
			dots: at === position,
		}));
		const others = lines.filter(({ faint }) => faint).slice(-FAINT);
		const drawn = { series: [...others, lines[position]], x: t("path.depth"), y: t("op.norm"), label: t("path.stream"), names };
		const chart = h("naepo-chart", { data: drawn });
		const table = () => ({
			head: [t("path.depth"), ...lines.map(({ name }) => name)],
			rows: names.map((name, layer) => [name, ...rowOf(data, layer, time)]),
		});
		const growth = number(data[(depth - 1) * time + position] / data[position]);
		const note = t("path.stream_note", { growth, others: others.length });
		return figure({ title: t("path.stream"), name: "stream-norms", picture: chart, note, table });
	}
}

customElements.define("naepo-path-view", PathView);
