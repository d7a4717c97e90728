// The distribution of the next id, exact and over all ids; sampling moved live; writing forwards and back; before and after changes.

import { Asking } from "../core/asking.js";
import { saveCsv } from "../core/export.js";
import { draw, seeded } from "../core/random.js";
import { divergence, entropy, filtered, variation } from "../core/sampling.js";
import { distributionTable } from "./distribution.js";
import { isNeutral, sliders } from "./sliders.js";
import "./syllables.js";
import { count, h, language, largest, note, number, on, percent, select, softmax, t, tell, vocabularyOf } from "./stage.js";

const SHOWN = 12;
const MOST_SHOWN = 1000;
const SETTINGS = ["position", "temperature", "topK", "topP", "minP", "seed", "id"];

class Answer extends HTMLElement {
	constructor() {
		super();
		this.key = "";
		this.built = "";
		this.shown = SHOWN;
		/** @type {{logits: Float32Array, before: Float32Array | null, labels: string[], run: any} | null} */ this.found = null;
		this.next = -1; // the id that the seed draws
		this.heading = h("h2");
		this.bars = h("div", { class: "next" });
		this.asking = new Asking(this.bars);
		this.rest = h("p", { class: "note rest" });
		this.facts = note();
		this.moved = h("p", { class: "moved", hidden: true });
		this.syllables = h("naepo-syllables");
		on(document, "naepo-step", (key) => (key === "n" ? this.#write(this.next) : this.#back()));
	}

	set context(context) {
		this.now = context;
		const { state, run, plain } = context;
		if (this.built !== language()) this.#build(state);
		this.sliders?.show(state);
		if (document.activeElement !== this.seed) this.seed.value = String(state.seed);
		const asked = `${run.run} ${plain?.run} ${state.position} ${language()}`;
		if (asked === this.asking.key) this.#follow();
		else this.#load(context, asked);
		this.syllables.hidden = run.isMusic; // its words are whole
		this.syllables.context = context;
	}

	#build(state) {
		this.built = language();
		this.sliders = sliders(this);
		this.seed = h("input", { id: "seed", type: "number", min: 0, step: 1, value: String(state.seed) });
		this.seed.addEventListener("change", () => select(this, { seed: Math.max(0, Math.floor(Number(this.seed.value)) || 0) }));
		this.write = h("button", { id: "write", onclick: () => this.#write(this.next) });
		this.writeChosen = h("button", { id: "write-chosen", onclick: () => this.#write(this.now.state.id) });
		this.back = h("button", { id: "back", onclick: () => this.#back() }, t("answer.back"));
		const seed = h("label", { class: "slider seed", title: t("answer.seed_note") }, h("span", {}, t("answer.seed")), this.seed);
		this.sliders.element.append(seed);
		const steps = h("div", { class: "steps" }, this.write, this.writeChosen, this.back);
		this.replaceChildren(this.heading, this.bars, this.rest, this.moved, steps, this.sliders.element, this.facts, this.syllables);
		this.key = "";
		this.asking.key = "";
	}

	#load({ run, plain, state, model }, key) {
		const at = `${state.position},:`;
		const work = () => Promise.all([run.tensor("logits", at), plain ? plain.tensor("logits", at) : null, vocabularyOf(model.key)]);
		const show = ([logits, before, { labels }]) => {
			this.found = { logits: logits.data, before: before?.data ?? null, labels, run };
			this.key = "";
			this.#follow();
		};
		this.asking.ask(key, work, show, () => {}); // the page says what is wrong; the old answer stays
	}

	/** Show what is there with the settings as they are now. */
	#follow() {
		const { state } = this.now;
		const key = JSON.stringify([this.asking.key, this.shown, SETTINGS.map((name) => state[name])]);
		if (!this.found || key === this.key) return;
		this.key = key;
		this.#show(this.found, state);
	}

	#show({ logits, before, labels, run }, state) {
		const raw = softmax(logits);
		const drawn = filtered(logits, state);
		const old = before && filtered(before, state);
		this.next = draw(drawn, seeded(state.seed + state.position + 1)());
		const choose = (id) => select(this, { id: id === state.id ? null : id });
		const mark = old ?? (isNeutral(state) ? null : raw);
		const { table, rest, n } = distributionTable({ labels, logits, drawn, mark, isChanged: old !== null, chosen: state.id, next: this.next, shown: this.shown, choose });
		const left = drawn.reduce((sum, p) => sum + (p > 0 ? 1 : 0), 0);
		const token = run.tokens[state.position];
		this.heading.replaceChildren(t("answer.title"), " ", h("span", { class: "token-name" }, `${state.position} ${token?.label ?? ""}`));
		this.bars.replaceChildren(table);
		this.#showRest(left - n, rest, drawn);
		this.facts.textContent = t("answer.facts", { left: count(left), all: count(logits.length), entropy: number(entropy(drawn)), raw: number(entropy(raw)) });
		this.#showMoved(raw, before && softmax(before), labels);
		this.#showSteps(labels, state, run);
		const [best] = largest(drawn, 1);
		tell(document, "naepo-answer", { label: labels[best], probability: drawn[best] });
	}

	/** @param {number} n ids that are not listed @param {number} share what they hold together */
	#showRest(n, share, drawn) {
		const button = (id, /** @type {() => void} */ act) => h("button", { id, class: "plain", onclick: act }, t(`answer.${id}`));
		const show = (shown) => () => ((this.shown = shown), this.#follow());
		const more = n > 0 && this.shown < MOST_SHOWN ? button("more", show(this.shown * 4)) : null;
		const fewer = this.shown > SHOWN ? button("fewer", show(SHOWN)) : null;
		const words = n > 0 ? t("answer.rest", { n: count(n), share: percent(share) }) : t("answer.no_rest");
		this.rest.replaceChildren(words, ...[more, fewer, button("csv", () => this.#csv(drawn))].filter((each) => each !== null));
	}

	/** What the changes did to the model's own answer. @param {Float64Array | null} old */
	#showMoved(raw, old, labels) {
		this.moved.hidden = !old;
		if (!old) return;
		const [now] = largest(raw, 1);
		const [then] = largest(old, 1);
		const words = now === then ? "answer.moved_same" : "answer.moved";
		this.moved.textContent = t(words, { then: labels[then], now: labels[now], share: percent(variation(raw, old)), kl: number(divergence(raw, old)) });
	}

	#showSteps(labels, state, run) {
		this.write.textContent = t("answer.write", { label: labels[this.next] ?? "" });
		this.writeChosen.hidden = state.id === null || state.id === this.next || !(state.id in labels);
		this.writeChosen.textContent = t("answer.write_chosen", { label: labels[state.id] ?? "" });
		this.back.disabled = run.tokens.length < 2;
	}

	/** Write an id behind the selected position; what stood behind it goes. */
	#write(id) {
		const { run, state } = this.now ?? {};
		if (!run || run !== this.found?.run || id === null || id < 0) return;
		const ids = run.tokens.slice(0, state.position + 1).map((each) => each.id);
		select(this, { ids: [...ids, id], position: null });
	}

	/** Take the last id back. */
	#back() {
		const ids = this.now?.run?.tokens.map((each) => each.id) ?? [];
		if (ids.length > 1) select(this, { ids: ids.slice(0, -1), position: null });
	}

	#csv(drawn) {
		const { logits, labels } = /** @type {NonNullable<typeof this.found>} */ (this.found);
		const raw = softmax(logits);
		const lines = Array.from(logits, (logit, id) => [`${id} ${labels[id] ?? ""}`, logit, raw[id], drawn[id]]);
		saveCsv("next-id", [["", "logit", "probability", "drawn"], ...lines]);
	}
}

customElements.define("naepo-answer", Answer);
