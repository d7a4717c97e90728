// The runs of the page: the prompt as it is now, and the same without the changes. A newer question makes an older answer void.

import { ApiError, getTensor, postJSON } from "./api.js";

/** @typedef {import("./store.js").State} State */

export class Runs {
  /** @param {any} about @param {() => void} tell called when something has changed */
  constructor(about, tell) {
    this.about = about;
    this.tell = tell;
    /** @type {any} */ this.run = null;
    /** @type {any} */ this.plain = null; // the run without changes, when there are any
    /** @type {any} */ this.error = null;
    this.isWaiting = false;
    this.number = 0;
    this.asked = "";
  }

  /** @param {State} state */
  modelOf(state) {
    return this.about.models.find((/** @type {any} */ each) => each.key === state.model) ?? this.about.models[0];
  }

  /** @param {State} state */
  again(state) {
    this.asked = "";
    return this.ask(state);
  }

  /** Run the prompt that the state speaks of. @param {State} state */
  async ask(state) {
    const model = this.modelOf(state);
    const body = { model: model.key, checkpoint: state.checkpoint ?? model.checkpoint, ...promptOf(state, model) };
    const key = JSON.stringify([body, state.changes]);
    if (key === this.asked) return;
    this.asked = key;
    const number = ++this.number;
    this.isWaiting = true;
    try {
      const [answer, plain] = await Promise.all([
        postJSON("/look/run", { ...body, changes: state.changes }),
        state.changes.length ? postJSON("/look/run", body) : null,
      ]);
      if (number !== this.number) return;
      this.run = withReach(answer, model);
      this.plain = plain && withReach(plain, model);
      this.error = null;
    } catch (error) {
      if (number !== this.number) return;
      this.error = error instanceof ApiError ? error : new ApiError(String(error), null, 0);
      this.asked = "";
    }
    this.isWaiting = false;
    this.tell();
  }
}

/** @param {State} state @param {any} model */
const promptOf = (state, model) => (state.ids ? { ids: state.ids } : { text: state.text ?? model.prompt });

/** An answer with a way to its tensors. @param {any} answer @param {any} model */
export function withReach(answer, model) {
  const facts = new Map(model.ops.map((/** @type {any} */ op) => [op.name, op]));
  const found = new Map(answer.ops.map((/** @type {any} */ op) => [op.name, op]));
  return {
    ...answer,
    tensor: (/** @type {string} */ name, /** @type {string | undefined} */ at) => getTensor("/look/tensor", { run: answer.run, name, at }),
    op: (/** @type {string} */ name) => (facts.has(name) ? { ...facts.get(name), ...found.get(name) } : undefined),
    shape: (/** @type {string} */ name) => found.get(name)?.shape,
  };
}
