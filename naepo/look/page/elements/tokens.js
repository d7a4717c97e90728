// The prompt as cells: each character once, over the tokens it is made of, with their bytes; one position is selected.

import { bytesOf, count, h, language, select, signed, t } from "./stage.js";

const MODES = ["tokens", "characters", "bytes"];
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

class Tokens extends HTMLElement {
	constructor() {
		super();
		this.mode = "tokens";
		this.key = "";
		this.list = h("div", { class: "token-list", role: "listbox", "aria-orientation": "horizontal", dataset: { mode: this.mode } });
		this.modes = h("span", { class: "modes" });
		/** @type {HTMLElement[]} */ this.cells = [];
		/** @type {string[]} */ this.groups = [];
		document.addEventListener("naepo-focus-tokens", () => this.cells[this.now?.state.position]?.focus());
	}

	set context(context) {
		const { run, state } = context;
		this.now = context;
		if (!this.firstChild) this.append(this.list, this.modes);
		const key = `${run.run} ${language()} ${this.mode}`;
		if (key !== this.key) this.#build(run);
		this.key = key;
		const hadFocus = this.list.contains(document.activeElement);
		this.cells.forEach((cell, position) => {
			const isSelected = position === state.position;
			if ((cell.getAttribute("aria-selected") === "true") === isSelected) return;
			cell.setAttribute("aria-selected", String(isSelected));
			cell.tabIndex = isSelected ? 0 : -1;
			if (!isSelected) return;
			requestAnimationFrame(() => bringIntoSight(this.list, cell)); // where there is a layout anyway
			if (hadFocus) cell.focus({ preventScroll: true });
		});
	}

	/** Build the groups, but for those at the front that are there already. */
	#build(run) {
		const keys = run.groups.map((group) => JSON.stringify([group, run.tokens.slice(group.start, group.end), language(), this.mode]));
		let kept = 0;
		while (kept < keys.length && keys[kept] === this.groups[kept]) kept += 1;
		this.groups = keys;
		const fresh = run.groups.slice(kept);
		this.cells.length = fresh[0]?.start ?? run.tokens.length;
		for (const group of fresh) for (let at = group.start; at < group.end; at++) this.cells.push(this.#cell(run.tokens[at], at, group));
		this.list.setAttribute("aria-label", t("core.tokens"));
		this.list.dataset.mode = this.mode;
		this.list.replaceChildren(...Array.from(this.list.children).slice(0, kept), ...fresh.map((group) => this.#group(group)));
		const characters = run.groups.reduce((sum, { text, kind }) => sum + (kind === "text" ? charactersOf(text).length : 0), 0);
		const counts = { tokens: count(run.tokens.length), characters: count(characters), each: (characters / run.tokens.length).toFixed(2) };
		this.modes.replaceChildren(...MODES.map((mode) => this.#modeButton(mode)), h("span", { class: "note" }, t("core.token_count", counts)));
	}

	#modeButton(mode) {
		const show = () => {
			this.mode = mode;
			this.context = this.now;
			document.getElementById(`tokens-${mode}`)?.focus();
		};
		return h("button", { id: `tokens-${mode}`, "aria-pressed": mode === this.mode, onclick: show }, t(`core.${mode}`));
	}

	#group({ start, end, text, kind }) {
		const isShared = end - start > 1;
		const { isMusic, tokens } = this.now.run;
		const pieces = kind === "text" ? (isMusic ? [tokens[start].label] : charactersOf(text).map(signed)) : [];
		const shown = this.mode === "characters" ? pieces.map((piece) => h("span", { class: "character" }, piece)) : pieces.join("");
		const isKorean = kind === "text" && /[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]/.test(text);
		return h(
			"span",
			{ class: `group ${kind}`, role: isShared ? "group" : "none", "aria-label": isShared ? (text ?? "") : null },
			pieces.length ? h("span", { class: "glyph", lang: isKorean ? "ko" : null }, shown) : null,
			h("span", { class: `cells${isShared ? " shared" : ""}`, role: "none" }, this.cells.slice(start, end)),
		);
	}

	#cell({ id, label, bytes }, position, group) {
		const size = group.end - group.start;
		const hex = hexOf(bytes);
		const name = group.kind === "text" ? null : h("span", { class: "fragment" }, label);
		const part = size > 1 ? h("span", { class: "part-of" }, `${position - group.start + 1}/${size}`) : null;
		const showsBytes = this.mode === "bytes" || (this.mode === "tokens" && size > 1);
		const title = t("core.token_title", { position, id, label, hex });
		return h(
			"button",
			{
				class: "token",
				role: "option",
				tabIndex: -1,
				title,
				"aria-label": title,
				"aria-selected": false,
				dataset: { position },
				onclick: () => select(this, { position }),
			},
			name,
			part,
			showsBytes ? h("span", { class: "hex" }, hex || "∅") : null,
			this.mode === "tokens" ? h("span", { class: "id" }, id) : null,
			this.mode === "characters" ? h("span", { class: "id" }, position) : null,
		);
	}
}

const charactersOf = (text) => Array.from(graphemes.segment(text), ({ segment }) => segment);

const hexOf = (bytes) => bytesOf(bytes).map((each) => each.toString(16).toUpperCase().padStart(2, "0")).join(" ");

function bringIntoSight(list, cell) {
	const [frame, box] = [list.getBoundingClientRect(), cell.getBoundingClientRect()];
	if (box.left < frame.left + 8 || box.right > frame.right - 8) list.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2;
}

customElements.define("naepo-tokens", Tokens);
