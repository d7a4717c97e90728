// The page: one state, one run, and everything on screen speaks of the same selected position.

import { getJSON } from "./core/api.js";
import { along } from "./core/asking.js";
import { forgetTheme } from "./core/colour.js";
import { h } from "./core/dom.js";
import { language, preferred, setLanguage, t } from "./core/i18n.js";
import { listen } from "./core/keyboard.js";
import { Runs } from "./core/runs.js";
import { on } from "./core/select.js";
import * as store from "./core/store.js";
import "./elements/answer.js";
import "./elements/changes.js";
import "./elements/checks.js";
import "./elements/drawers.js";
import "./elements/keys.js";
import "./elements/road.js";
import { VIEWS } from "./elements/tabs.js";
import "./elements/tokens.js";
import "./elements/top.js";
import "./views/attention.js";
import "./views/compare.js";
import "./views/map.js";
import "./views/op.js";
import "./views/path.js";
import "./views/training.js";

const NEED_NO_RUN = new Set(["map", "training"]);
const TURNS_TO_ATTENTION = new Set(["scores", "masked", "softmax", "mixed"]);
const FIRST_OPS = ["blocks.0.attention.to_q", "blocks.0.norm_1"]; // the second where there is no attention
const PATIENCE = 200; // milliseconds before it is said what is waited for

/** @typedef {import("./core/store.js").State} State */

const place = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

class Page {
	constructor(about) {
		this.about = about;
		this.runs = new Runs(about, () => this.waited());
		this.views = new Map(VIEWS.map((name) => [name, element(`naepo-${name}-view`)]));
		this.road = element("naepo-road");
		this.keys = element("naepo-keys");
		this.always = [element("naepo-top"), element("naepo-tabs"), element("naepo-drawers"), this.road];
		this.ofRun = [element("naepo-tokens"), element("naepo-answer"), element("naepo-changes"), element("naepo-checks")];
		this.trouble = h("p", { class: "trouble", role: "alert", hidden: true });
		this.isDrawing = false;
		this.patience = 0;
	}

	start() {
		const [top, tabs, drawers] = this.always;
		const [tokens, ...answers] = this.ofRun;
		place("top").replaceChildren(top);
		place("tokens").replaceChildren(tokens);
		place("views").replaceChildren(tabs);
		place("road").replaceChildren(this.road);
		place("answer").replaceChildren(...answers);
		document.body.append(drawers, this.keys);
		store.subscribe((state, changed) => this.follow(state, changed));
		on(document, "naepo-select", (patch) => this.select(patch));
		document.addEventListener("naepo-gone", () => this.runs.again(store.get()));
		addEventListener("hashchange", () => store.set({ ...store.DEFAULTS, lang: store.get().lang, ...store.decode(location.hash) }));
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
		listen(() => this.context(), this.keys);
		this.paint();
		this.runs.ask(store.get());
		this.draw();
	}

	/** Take over what was selected somewhere. */
	select(patch) {
		const state = store.get();
		const found = { ...patch };
		if (found.op && !found.view && state.view !== "compare") {
			const op = this.runs.modelOf(state).ops.find((each) => each.name === found.op);
			if (op) found.view = TURNS_TO_ATTENTION.has(op.kind) ? "attention" : "op";
			Object.assign(found, { row: null, col: null });
		}
		if ("model" in found && found.model !== state.model) {
			Object.assign(found, { checkpoint: found.checkpoint ?? null, id: null, unit: null });
			const unit = (/** @type {string | null} */ model) => this.runs.modelOf({ ...state, model }).encoder.unit;
			// ids mean nothing to another vocabulary, a text nothing to a model of music
			if (unit(found.model) !== unit(state.model)) found.text = null;
			else if (state.ids) found.text = this.runs.run?.text ?? null;
		}
		if ("text" in found) Object.assign(found, { ids: null, position: found.position ?? null });
		store.set(found);
	}

	/** @param {Set<string>} changed */
	async follow(state, changed) {
		if (changed.has("lang")) await setLanguage(state.lang);
		if (changed.has("theme")) this.paint();
		this.runs.ask(state);
		this.draw();
	}

	/** A run has begun or ended: what takes long is told in words, what is quick is not. */
	waited() {
		clearTimeout(this.patience);
		document.body.classList.remove("is-waiting");
		if (this.runs.isWaiting) document.body.setAttribute("aria-busy", "true"); // until what it gave is shown
		if (this.runs.isWaiting) this.patience = setTimeout(() => document.body.classList.add("is-waiting"), PATIENCE);
		else this.draw();
	}

	paint() {
		const asked = store.get().theme;
		const isDark = asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
		document.documentElement.dataset.theme = isDark ? "dark" : "light";
		forgetTheme();
		this.draw();
	}

	/** What every element and view is given. The run is null until there is one of this model and checkpoint. */
	context() {
		const state = store.get();
		const model = this.runs.modelOf(state);
		const checkpoint = state.checkpoint ?? model.checkpoint;
		const { run: latest, plain, isWaiting, error } = this.runs;
		const run = latest?.model === model.key && latest.checkpoint === checkpoint ? latest : null;
		const last = run ? run.tokens.length - 1 : 0;
		const position = run ? Math.max(0, Math.min(state.position ?? last, last)) : (state.position ?? 0);
		const isThere = model.ops.some((op) => op.name === state.op);
		const shown = {
			...state,
			model: model.key,
			checkpoint,
			position,
			head: Math.min(state.head ?? 0, (model.settings.n_heads ?? 1) - 1),
			op: isThere ? state.op : FIRST_OPS.find((name) => model.ops.some((op) => op.name === name)),
			view: this.views.has(state.view) ? state.view : "attention",
			theme: document.documentElement.dataset.theme,
			lang: language(), // the one whose words are there already
		};
		return { state: shown, about: this.about, model, run, plain: run && plain, other: null, isWaiting, error };
	}

	/** Draw everything once, and ask at once for what is missing. */
	draw() {
		if (this.isDrawing) return;
		this.isDrawing = true;
		queueMicrotask(() => {
			this.isDrawing = false;
			this.show();
		});
	}

	show() {
		const context = this.context();
		const { run, state, error } = context;
		const view = this.views.get(state.view);
		const stage = place("stage");
		if (view.parentNode !== stage) stage.replaceChildren(this.trouble, view);
		if (error || !this.trouble.hidden) this.trouble.replaceChildren(...trouble(error));
		this.trouble.hidden = !error;
		// What belongs to another checkpoint stays as it is, dimmed, until the run of this one is there.
		const elements = run ? [...this.always, ...this.ofRun] : this.always;
		const [first, later] = [elements.filter((each) => each.asking), elements.filter((each) => !each.asking)];
		along(() => later.forEach((each) => (each.context = context)));
		for (const each of first) each.context = context;
		if (run || NEED_NO_RUN.has(state.view)) view.context = context;
		if (!this.runs.isWaiting) document.body.removeAttribute("aria-busy");
	}
}

/** @returns {any} */
const element = (name) => document.createElement(name);

/** @returns {(Node | string)[]} */
function trouble(error) {
	if (!error) return [];
	const words = error.message.startsWith("core.") ? t(error.message) : error.message;
	return [h("strong", {}, words), error.hint ? h("span", { class: "hint" }, ` ${error.hint}`) : ""];
}

async function begin() {
	const first = store.decode(location.hash);
	first.lang ??= preferred();
	store.set(first);
	try {
		const [about] = await Promise.all([getJSON("/look/about"), setLanguage(first.lang)]);
		new Page(about).start();
	} catch (error) {
		place("stage").replaceChildren(h("p", { class: "trouble", role: "alert" }, ...trouble(error)));
	}
}

begin();
