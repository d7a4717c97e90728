// The runs of the page: the prompt as it is now, and the same without the changes. One question is on its way at a time; of
// those that come up meanwhile only the newest is asked, and an answer to an older one is dropped.

import { ApiError, getTensor, postJSON } from "./api.js";

const MOST_REPEATS = 3; // a run that is gone again and again does not fit into the server's memory

/** @typedef {import("./store.js").State} State */
/** @typedef {{key: string, model: any, body: any, changes: any[]}} Question */

export class Runs {
	/** @param {() => void} tell called when something has changed */
	constructor(about, tell) {
		this.about = about;
		this.tell = tell;
		this.run = null;
		this.plain = null; // the run without changes, when there are any
		this.error = null;
		/** @type {Question | null} */ this.wanted = null;
		this.isWaiting = false;
		this.repeats = { key: "", n: 0 };
	}

	/** @param {State} state */
	modelOf(state) {
		return this.about.models.find((each) => each.key === state.model) ?? this.about.models[0];
	}

	/** Run the prompt that the state speaks of, unless it is asked for already. @param {State} state */
	ask(state) {
		const question = this.#question(state);
		if (question.key !== this.wanted?.key) this.#want(question);
	}

	/** Run it again: the server has let it go. @param {State} state */
	again(state) {
		const question = this.#question(state);
		if (question.key !== this.repeats.key) this.repeats = { key: question.key, n: 0 };
		this.repeats.n += 1;
		if (!this.isWaiting && this.repeats.n <= MOST_REPEATS) this.#want(question);
	}

	/** @returns {Question} */
	#question(state) {
		const model = this.modelOf(state);
		const body = { model: model.key, checkpoint: state.checkpoint ?? model.checkpoint, ...promptOf(state, model) };
		return { key: JSON.stringify([body, state.changes]), model, body, changes: state.changes };
	}

	/** @param {Question} question */
	async #want(question) {
		this.wanted = question;
		if (this.isWaiting) return; // whoever waits goes on with the newest
		this.isWaiting = true;
		this.tell();
		let answered = null;
		while (answered !== this.wanted) {
			answered = /** @type {Question} */ (this.wanted);
			await this.#answer(answered);
		}
		this.isWaiting = false;
		this.tell();
	}

	/** @param {Question} question */
	async #answer(question) {
		const { model, body, changes } = question;
		const isNewest = () => question === this.wanted;
		try {
			const asked = [postJSON("/look/run", { ...body, changes }), changes.length ? postJSON("/look/run", body) : null];
			const [run, plain] = await Promise.all(asked);
			if (!isNewest()) return;
			this.run = withReach(run, model);
			this.plain = plain && withReach(plain, model);
			this.error = null;
		} catch (error) {
			if (!isNewest()) return;
			this.error = error instanceof ApiError ? error : new ApiError(String(error), null, 0);
			question.key = ""; // whoever asks the same again is to be answered again
		}
	}
}

const promptOf = (state, model) => (state.ids ? { ids: state.ids } : { text: state.text ?? model.prompt });

/** An answer with a way to its tensors. */
export function withReach(answer, model) {
	const facts = new Map(model.ops.map((op) => [op.name, op]));
	const found = new Map(answer.ops.map((op) => [op.name, op]));
	return {
		...answer,
		isMusic: model.encoder.unit === "event",
		tensor: (name, /** @type {string | undefined} */ at) => getTensor("/look/tensor", { run: answer.run, name, at }),
		weight: (name, /** @type {string | undefined} */ at) => getTensor("/look/weight", { model: answer.model, checkpoint: answer.checkpoint, name, at }),
		op: (name) => (facts.has(name) ? { ...facts.get(name), ...found.get(name) } : undefined),
		shape: (name) => found.get(name)?.shape,
	};
}
