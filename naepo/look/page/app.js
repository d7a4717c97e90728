// The page: one state, one run, and everything on screen speaks of the same selected position.

import { getJSON } from "./core/api.js";
import { forgetTheme } from "./core/colour.js";
import { h } from "./core/dom.js";
import { preferred, setLanguage, t } from "./core/i18n.js";
import { listen } from "./core/keyboard.js";
import { Runs } from "./core/runs.js";
import { DEFAULTS, createStore, decode } from "./core/store.js";
import "./elements/answer.js";
import "./elements/changes.js";
import "./elements/checks.js";
import "./elements/keys.js";
import "./elements/road.js";
import "./elements/tokens.js";
import "./elements/top.js";
import "./views/attention.js";
import "./views/compare.js";
import "./views/map.js";
import "./views/op.js";
import "./views/path.js";
import "./views/training.js";

const VIEWS = ["op", "attention", "path", "map", "training", "compare"];
const TURNS_TO_ATTENTION = new Set(["scores", "masked", "softmax", "mixed"]);

/** @typedef {import("./core/store.js").State} State */

const place = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

class Page {
  /** @param {any} about @param {State} first */
  constructor(about, first) {
    this.about = about;
    this.store = createStore(first);
    this.runs = new Runs(about, () => this.draw());
    this.views = new Map(VIEWS.map((name) => [name, /** @type {any} */ (document.createElement(`naepo-${name}-view`))]));
    this.top = element("naepo-top");
    this.tokens = element("naepo-tokens");
    this.road = element("naepo-road");
    this.answer = element("naepo-answer");
    this.changes = element("naepo-changes");
    this.checks = element("naepo-checks");
    this.keys = element("naepo-keys");
    this.waiting = h("p", { class: "waiting", role: "status" });
    this.isDrawing = false;
  }

  start() {
    place("top").replaceChildren(this.top, this.tokens);
    place("road").replaceChildren(this.road);
    place("answer").replaceChildren(this.answer, this.changes, this.checks);
    document.body.append(this.keys);
    this.store.subscribe((state, changed) => this.follow(state, changed));
    document.addEventListener("naepo-select", (event) => this.select(/** @type {CustomEvent} */ (event).detail));
    document.addEventListener("naepo-gone", () => this.runs.again(this.store.get()));
    addEventListener("hashchange", () => this.store.set({ ...DEFAULTS, lang: this.store.get().lang, ...decode(location.hash) }));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
    listen(this.store, () => this.context(), this.keys);
    this.paint();
    this.runs.ask(this.store.get());
    this.draw();
  }

  /** Take over what was selected somewhere. @param {State} patch */
  select(patch) {
    const found = { ...patch };
    if (found.op && !found.view) {
      const model = this.runs.modelOf(this.store.get());
      const op = model.ops.find((/** @type {any} */ each) => each.name === found.op);
      const view = this.store.get().view;
      if (op && view !== "compare") found.view = TURNS_TO_ATTENTION.has(op.kind) ? "attention" : "op";
      if (view !== "compare") Object.assign(found, { row: null, col: null });
    }
    if (found.model && found.model !== this.store.get().model) Object.assign(found, { checkpoint: found.checkpoint ?? null, id: null, unit: null });
    if ("text" in found) Object.assign(found, { ids: null, position: null });
    if (found.ids) found.position ??= null;
    this.store.set(found);
  }

  /** @param {State} state @param {Set<string>} changed */
  async follow(state, changed) {
    if (changed.has("lang")) await setLanguage(state.lang);
    if (changed.has("theme")) this.paint();
    if (["model", "checkpoint", "text", "ids", "changes"].some((key) => changed.has(key))) this.runs.ask(state);
    this.draw();
  }

  paint() {
    const asked = this.store.get().theme;
    const isDark = asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
    forgetTheme();
    this.draw();
  }

  /** What every element and view is given. */
  context() {
    const state = this.store.get();
    const { run, plain, isWaiting, error } = this.runs;
    const model = this.runs.modelOf(state);
    const checkpoint = state.checkpoint ?? model.checkpoint;
    const last = run ? run.tokens.length - 1 : 0;
    const position = Math.min(state.position ?? last, last);
    const op = state.op ?? "blocks.0.attention.to_q";
    const shown = { ...state, model: model.key, checkpoint, position, op, theme: document.documentElement.dataset.theme };
    return { state: shown, about: this.about, model, run, plain, other: null, isWaiting, error };
  }

  /** Draw everything once, before the next frame. */
  draw() {
    if (this.isDrawing) return;
    this.isDrawing = true;
    requestAnimationFrame(() => {
      this.isDrawing = false;
      this.show();
    });
  }

  show() {
    const context = this.context();
    for (const each of [this.top, this.tokens, this.road, this.answer, this.changes, this.checks]) each.context = context;
    const view = this.views.get(context.state.view) ?? this.views.get("attention");
    const stage = place("stage");
    if (view.parentNode !== stage) stage.replaceChildren(this.waiting, view);
    document.body.classList.toggle("is-waiting", context.isWaiting);
    this.waiting.replaceChildren(...trouble(context.error));
    this.waiting.hidden = !context.error;
    view.context = context;
  }
}

/** @param {string} name @returns {any} */
const element = (name) => document.createElement(name);

/** @param {any} error @returns {(Node | string)[]} */
function trouble(error) {
  if (!error) return [];
  const words = error.message.startsWith("core.") ? t(error.message) : error.message;
  return [h("strong", {}, words), error.hint ? h("span", { class: "hint" }, ` ${error.hint}`) : ""];
}

async function begin() {
  const first = decode(location.hash);
  first.lang ??= preferred();
  try {
    const [about] = await Promise.all([getJSON("/look/about"), setLanguage(first.lang)]);
    new Page(about, first).start();
  } catch (error) {
    place("stage").replaceChildren(h("p", { class: "trouble", role: "alert" }, ...trouble(error)));
  }
}

begin();
