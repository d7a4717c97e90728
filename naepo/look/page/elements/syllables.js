// The next character or syllable: the sum over all ids and pieces of bytes that write it. Computed while it is open.

import { nextCharacters } from "../core/syllables.js";
import { shareCell } from "./distribution.js";
import { bytesOf, full, h, language, note, percent, signed, t, told, vocabularyOf } from "./stage.js";

const SHOWN = 10;
const PATIENCE = 250; // milliseconds of rest before models are run for it

class Syllables extends HTMLElement {
	constructor() {
		super();
		this.key = "";
		this.body = h("div");
		this.summary = h("summary");
		this.details = h("details", { class: "syllables", ontoggle: () => this.#ask() }, this.summary, this.body);
		this.timer = 0;
	}

	set context(context) {
		this.now = context;
		if (!this.firstChild) this.append(this.details);
		if (this.spoken !== language()) this.summary.textContent = t("answer.syllables");
		this.spoken = language();
		this.#ask();
	}

	#ask() {
		if (!this.details.open || !this.now?.run) return;
		const { run, state } = this.now;
		const key = `${run.run} ${state.position} ${language()}`;
		if (key === this.key) return;
		this.key = key;
		clearTimeout(this.timer);
		this.body.setAttribute("aria-busy", "true");
		if (!this.body.firstChild) this.body.append(note(t("answer.following")));
		this.timer = setTimeout(() => this.#load(this.now, key), PATIENCE);
	}

	async #load({ run, state, model }, key) {
		try {
			const [{ data }, { bytes }] = await Promise.all([run.tensor("logits", `${state.position},:`), vocabularyOf(model.key)]);
			const ids = run.tokens.slice(0, state.position + 1).map((each) => each.id);
			const body = { model: run.model, checkpoint: run.checkpoint, changes: state.changes };
			const isWanted = () => this.key === key && this.details.open;
			const tree = await nextCharacters({ body, ids, pending: pendingOf(run, state.position), logits: data, contents: bytes.map(bytesOf), isWanted });
			if (this.key === key) this.#show(tree);
		} catch (error) {
			if (this.key !== key) return;
			this.key = "";
			this.body.replaceChildren(h("p", { class: "trouble" }, /** @type {any} */ (error).message));
		}
		this.body.removeAttribute("aria-busy");
	}

	/** @param {import("../core/syllables.js").Tree} tree */
	#show({ characters, ended, invalid, open, runs }) {
		const ranked = [...characters].sort(([, a], [, b]) => b.p - a.p);
		const scale = ranked[0]?.[1].p || 1;
		const rows = ranked.slice(0, SHOWN).map(([text, { p, paths }]) => {
			return h("tr", {}, h("th", { scope: "row" }, h("span", { class: "token-name" }, signed(text))), shareCell(p, scale, full(p)), h("td", { class: "id" }, t(paths === 1 ? "answer.path" : "answer.paths", { paths })));
		});
		const unfollowed = open.reduce((sum, path) => sum + path.p, 0);
		const written = ranked.reduce((sum, [, { p }]) => sum + p, 0);
		const error = Math.abs(written + unfollowed + ended + invalid - 1);
		const parts = { written: percent(written), unfollowed: percent(unfollowed), ended: percent(ended), invalid: percent(invalid), runs };
		this.body.replaceChildren(
			h("table", { class: "distribution" }, h("tbody", {}, rows)),
			note(t("answer.syllables_note", parts)),
			told("syllables", t("answer.syllables_sum"), error, 1e-9),
		);
	}
}

/** Bytes up to a position that are no whole character yet. */
function pendingOf(run, position) {
	const group = run.groups.find(({ start, end }) => start <= position && position < end);
	const isOpen = group.kind === "fragment" || (group.kind === "text" && position < group.end - 1);
	return isOpen ? run.tokens.slice(group.start, position + 1).flatMap((each) => bytesOf(each.bytes)) : [];
}

customElements.define("naepo-syllables", Syllables);
