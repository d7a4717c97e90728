// <naepo-search>: find an id by its text or its number. Enter while an input method composes chooses nothing.

import { h, select, t, tell } from "./stage.js";

const SHOWN = 12;
const MARKED = 5000;
/** @type {Record<string, string>} */
const SIGNS = { "␣": " ", "↵": "\n", "⇥": "\t" };

/** Text as a person types it: the signs for space, newline and tab taken back. */
const plain = (label) => label.replace(/[␣↵⇥]/g, (sign) => SIGNS[sign]).toLocaleLowerCase();

/**
 * Ids whose text holds the query (any case), exact ones first; a number also finds that id.
 * @param {ArrayLike<string>} labels @param {string} query
 */
export function found(labels, query) {
	const [wanted, id] = [query.toLocaleLowerCase(), /^#?\d+$/.test(query.trim()) ? Number(query.replace("#", "")) : -1];
	/** @type {number[][]} */
	const ranks = [[], [], []]; // the same, beginning with it, holding it
	for (let i = 0; wanted && i < labels.length; i++) {
		const text = plain(labels[i]);
		if (i === id || text.trim() === wanted.trim()) ranks[0].push(i);
		else if (text.trimStart().startsWith(wanted)) ranks[1].push(i);
		else if (text.includes(wanted) || labels[i].toLocaleLowerCase().includes(wanted)) ranks[2].push(i);
	}
	return ranks.flat().slice(0, MARKED);
}

class NaepoSearch extends HTMLElement {
	constructor() {
		super();
		/** @type {ArrayLike<string>} */ this.labels = [];
		const keydown = (event) => this.key(event);
		this.input = h("input", { type: "search", autocomplete: "off", spellcheck: false, on: { input: () => this.look(true), keydown } });
		this.results = h("ul", { class: "search-results", hidden: true });
		this.count = h("span", { class: "note", role: "status" });
	}

	connectedCallback() {
		this.input.placeholder = t("map.search_hint");
		this.input.setAttribute("aria-label", t("map.search"));
		if (!this.firstChild) this.append(this.input, this.count, this.results);
	}

	/** Every id that is found now. */
	get ids() {
		return found(this.labels, this.input.value);
	}

	set query(query) {
		if (query === this.input.value) return;
		this.input.value = query;
		this.look(false);
	}

	look(tells) {
		const { ids, labels } = this;
		const query = this.input.value;
		this.count.textContent = query ? t("map.found", { n: ids.length }) : "";
		this.results.hidden = !ids.length;
		const result = (id) => {
			const name = [h("span", { class: "token-name" }, labels[id]), h("span", { class: "note" }, ` ${id}`)];
			return h("li", {}, h("button", { class: "quiet", onclick: () => this.choose(id) }, name));
		};
		this.results.replaceChildren(...ids.slice(0, SHOWN).map(result));
		if (tells) tell(this, "naepo-found", { ids, query });
	}

	key(event) {
		if (event.isComposing || event.keyCode === 229) return; // the input method is still writing
		if (event.key === "Enter") this.choose(this.ids[0]);
		if (event.key === "Escape") this.results.hidden = true;
	}

	/** @param {number | undefined} id */
	choose(id) {
		this.results.hidden = true;
		if (id !== undefined) select(this, { id });
	}
}

customElements.define("naepo-search", NaepoSearch);
