// <naepo-music>: the prompt of a model of music as a piano roll under its arcs, to be heard, and as a score. This folder is fetched
// with the first piece; its style and its words come along.

import { h } from "../core/dom.js";
import { bring, t } from "../core/i18n.js";
import { on } from "../core/select.js";
import { Part } from "../elements/part.js";
import { notesOf } from "./notes.js";
import "./player.js";
import "./roll.js";
import { score } from "./score.js";

class NaepoMusic extends HTMLElement {
	constructor() {
		super();
		this.player = h("naepo-player");
		this.roll = h("naepo-roll");
		this.score = new Part();
		on(this.player, "naepo-time", ({ time }) => (this.roll.time = time));
	}

	connectedCallback() {
		if (!this.firstChild) this.append(this.player, this.roll, this.score.element);
	}

	/** @param {{run: any, state: any, labels: string[], weights: ArrayLike<number>, position: number, label: string}} content */
	set content({ run, state, position, ...seen }) {
		const notes = notesOf(run.tokens);
		const { voice, lang } = state;
		this.roll.data = { ...seen, notes, position, voice };
		this.player.content = { run: run.run, notes, position, isLast: position === run.tokens.length - 1, voice };
		this.score.load(`${run.run} ${lang}`, t("music.engraving"), () => score(run));
	}
}

const style = h("link", { rel: "stylesheet", href: "music.css" });
const isStyled = new Promise((resolve) => style.addEventListener("load", resolve));
document.head.append(style);
await Promise.all([isStyled, bring("music")]);
customElements.define("naepo-music", NaepoMusic);
