// Attention of one block: all heads small, one large, in its four stages; arcs over the text; what a position gathers.

import { along } from "../core/asking.js";
import "../elements/arcs.js";
import { compared } from "../elements/compared.js";
import { gathered, sharesOf } from "../elements/gathered.js";
import "../elements/heads.js";
import { changed, dot, glyphsOf, h, matrixOf, maxAbs, note, on, Part, positionsOf, rowOf, select, t, told } from "../elements/stage.js";
import { opHead } from "../elements/op-head.js";
import { rowWindow } from "../elements/row-window.js";

const STAGES = ["scores", "masked", "weights", "mixed"];
const SQUARE = new Set(["scores", "masked", "weights"]); // all positions by all positions

/** @typedef {{shape: number[], data: Float32Array}} Tensor */

class AttentionView extends HTMLElement {
	constructor() {
		super();
		this.stage = "weights";
		this.block = 0;
		this.heading = h("div");
		this.blocks = h("nav", { class: "op-links" });
		this.tabs = h("div", { class: "tabs", role: "tablist" });
		this.what = note();
		this.pane = new Part("attention");
		this.focused = h("div", { class: "attention-large" });
		this.checks = h("div");
		this.heads = h("naepo-heads");
		this.large = matrixOf({ square: true, tallest: 620 });
		on(this.large, "naepo-cell", ({ row, col }) => this.#choose(row + this.found.rows.from, col));
		this.above = h("div");
		this.middle = h("div", {}, this.large);
		this.below = h("div");
		this.focused.append(this.above, this.middle, this.below);
		/** @type {any} */ this.music = null; // of a model of music
		/** @type {any} */ this.found = null;
		/** @type {any} */ this.now = null;
		this.rows = rowWindow(1, 1, 0);
		this.drawn = "";
		this.shown = "";
	}

	connectedCallback() {
		this.classList.add("view");
		if (!this.firstChild) this.append(this.heading, this.blocks, this.tabs, this.what, this.pane.element);
	}

	set context(context) {
		const { run, state, model } = context;
		this.now = context;
		const isAbsent = !model.settings.n_heads;
		for (const part of [this.blocks, this.tabs, this.what, this.pane.element]) part.hidden = isAbsent;
		if (isAbsent || !run) {
			this.heading.replaceChildren(...(isAbsent ? absent(model) : [note(t("attention.empty"))]));
			this.drawn = "";
			return;
		}
		const asked = run.op(state.op);
		if (asked && asked.block !== null) this.block = Math.min(asked.block, model.settings.n_layers - 1);
		const last = state.op.split(".").pop();
		if (STAGES.includes(last)) this.stage = last;
		const op = run.op(`${this.path}.${this.stage}`);
		this.rows = rowWindow(model.settings.n_heads, run.tokens.length, state.position);
		const key = `${run.run} ${op.name} ${this.rows.from} ${state.lang} ${state.theme}`;
		if (key !== this.drawn) {
			this.drawn = key;
			along(() => {
				if (this.drawn !== key) return;
				this.heading.replaceChildren(opHead(op, model));
				this.#choices(model);
			});
		}
		this.pane.load(key, t("attention.reading", { block: this.block }), () => this.#load(context));
		this.#follow();
	}

	get path() {
		return `blocks.${this.block}.attention`;
	}

	/** A cell stands for who looks; of q · k, also for who is looked at. */
	#choose(position, col) {
		select(this, this.stage === "scores" ? { position, row: position, col } : { position });
	}

	/** Which block, which stage. */
	#choices(model) {
		const block = (i) =>
			h("button", { "aria-pressed": i === this.block, class: "chip", onclick: () => select(this, { op: `blocks.${i}.attention.${this.stage}` }) }, t("road.block", { block: i }));
		this.blocks.setAttribute("aria-label", t("attention.blocks"));
		this.blocks.replaceChildren(...Array.from({ length: model.settings.n_layers }, (_, i) => block(i)));
		const tab = (stage) =>
			h("button", { role: "tab", "aria-selected": stage === this.stage, dataset: { stage }, onclick: () => select(this, { op: `${this.path}.${stage}` }) }, t(`attention.tab_${stage}`));
		const hadFocus = this.tabs.contains(document.activeElement);
		this.tabs.setAttribute("aria-label", t("attention.stages"));
		this.tabs.replaceChildren(...STAGES.map(tab));
		if (hadFocus) this.tabs.querySelector('[aria-selected="true"]')?.focus();
		this.what.textContent = t(`attention.what_${this.stage}`);
	}

	/** Fetch what this stage shows, all at once. */
	async #load({ run, model }) {
		const { stage, path, rows } = this;
		const more = { mixed: ["v", "mixed"], scores: ["q", "k", "scores"], masked: ["masked"], weights: [] }[stage] ?? [];
		const names = ["weights", ...more];
		const slices = names.map((name) => run.tensor(`${path}.${name}`, SQUARE.has(name) ? `:,${rows.from}:${rows.to},:` : undefined));
		const [tensors] = await Promise.all([Promise.all(slices), run.isMusic && import("../music/view.js")]);
		if (run.isMusic && !this.music) this.above.after((this.music = h("naepo-music")));
		/** @type {Record<string, Tensor>} */
		const all = Object.fromEntries(names.map((name, i) => [name, tensors[i]]));
		const [n, high, cols] = all[stage].shape;
		const time = run.tokens.length;
		this.found = { run, all, stage, path, n, rows, cols, time, high, kv: model.settings.n_kv_heads, names: positionsOf(run) };
		const kind = stage === "weights" ? "probability" : "signed";
		this.heads.content = { data: all[stage].data, n, rows: high, cols, groups: this.found.kv, kind, chosen: this.now?.state.head ?? 0 };
		const { sums, hidden } = sharesOf(all.weights.data, all.weights.shape[0], time, rows);
		this.checks.replaceChildren(
			rows.isWhole ? "" : note(t("attention.rows_window", { from: rows.from, to: rows.to - 1, all: time })),
			told("attention_rows", t("attention.rows_check"), sums, 1e-5),
			told("attention_hidden", t("attention.hidden_check"), hidden, 0),
			changed(this.now?.state ?? {}, `${path}.weights`) ?? "",
		);
		this.shown = "";
		this.#follow();
		return [h("h3", {}, t("attention.heads", { block: this.block })), this.heads, this.focused, this.checks];
	}

	/** Show the head and the position that are chosen now, of what is there. */
	#follow() {
		const { found, now } = this;
		if (!found || !now?.run || found.run.run !== now.run.run || found.stage !== this.stage || found.path !== this.path || found.rows.from !== this.rows.from) return;
		const { state } = now;
		const head = Math.max(0, Math.min(found.n - 1, state.head ?? 0));
		const position = Math.min(state.position, found.time - 1);
		const col = found.stage === "scores" && state.col < found.time ? state.col : null;
		const shown = `${head} ${position} ${col} ${state.voice}`;
		if (shown === this.shown) return;
		const before = this.shown.split(" ")[0];
		this.shown = shown;
		this.heads.chosen = head;
		if (before !== String(head)) this.#large(head);
		this.large.selected = { row: position - found.rows.from, col };
		const isMixed = found.stage === "mixed";
		const weights = rowOf(found.all.weights.data, this.#row(head, position), found.time);
		this.middle.hidden = isMixed; // it stays where it is: somebody's keys may be in it
		this.above.replaceChildren(...this.#arcs(head, position, weights));
		this.below.replaceChildren(...(isMixed ? this.#gathered(head, position, weights) : this.#scored(head, position, col)));
	}

	/** Which row of what is here. */
	#row(head, position) {
		const { from, to } = this.found.rows;
		return head * (to - from) + position - from;
	}

	#large(head) {
		const { all, stage, rows, cols, names, path, n, time, high } = this.found;
		if (stage === "mixed") return;
		const stageName = t(`attention.tab_${stage}`);
		const caption = t("attention.large", { head, stage: stageName });
		const isShare = stage === "weights";
		Object.assign(this.large, {
			rows: high, cols, caption, label: caption, rowLabels: names.slice(rows.from, rows.to), rowStart: rows.from, colLabels: names, name: `${path}.${stage}`, whole: [n, time, time],
			dims: [t("attention.looking"), t("attention.seen")], kind: isShare ? "probability" : "signed", limit: isShare && rows.isWhole ? 1 : null,
			source: { run: this.found.run.run, name: `${path}.${stage}`, at: `${head},:,:` }, data: rowOf(all[stage].data, head, high * cols),
		});
	}

	#arcs(head, position, weights) {
		const { run } = this.found;
		const labels = glyphsOf(run);
		const label = t("attention.arcs", { position, head, token: labels[position] });
		const hasNotes = run.tokens.some(({ note }) => note);
		const content = { labels, weights, position, label };
		if (this.music) this.music.hidden = !hasNotes;
		if (hasNotes) this.music.content = { ...content, run, state: this.now.state };
		return [h("h3", {}, label), hasNotes ? "" : h("naepo-arcs", { tabIndex: -1, content })];
	}

	#gathered(head, position, weights) {
		const { all, time, cols, n, kv, names } = this.found;
		const group = Math.floor(head / (n / kv));
		const values = rowOf(all.v.data, group, time * cols);
		const mixed = rowOf(all.mixed.data, head * time + position, cols);
		return gathered({ weights, values, mixed, size: cols, names, position, head, group });
	}

	/** q · k / √d once more, from q and k. */
	#scored(head, position, col) {
		const { all, stage, time, n, kv, names } = this.found;
		if (stage !== "scores") return [];
		const size = all.q.shape[2];
		const q = rowOf(all.q.data, head * time + position, size);
		const group = Math.floor(head / (n / kv));
		const scores = rowOf(all.scores.data, this.#row(head, position), time);
		const key = (j) => rowOf(all.k.data, group * time + j, size);
		let error = 0;
		for (let j = 0; j < time; j++) error = Math.max(error, Math.abs(dot(q, key(j)) / Math.sqrt(size) - scores[j]));
		const words = t("attention.scores_check", { size, position, head });
		const opened = col === null ? [note(t("attention.compared_none"))] : compared({ q, k: key(col), score: scores[col], names, position, seen: col, head });
		return [told("scores", words, error, 1e-5 * Math.max(1, maxAbs(scores))), ...opened];
	}
}

/** A sibling of the transformer looks back in another way: said in a sentence, with the way to its steps. */
function absent({ settings, ops }) {
	const steps = ops.filter(({ block, name }) => block === 0 && name.includes(".mixer."));
	const links = steps.map(({ name }) => h("button", { class: "chip", onclick: ({ target }) => select(target, { op: name, view: "op" }) }, h("code", {}, name.split(".").at(-1))));
	return [h("h2", {}, t("attention.absent_title")), note(t(`attention.absent_${settings.kind}`)), h("nav", { class: "op-links" }, links)];
}

customElements.define("naepo-attention-view", AttentionView);
