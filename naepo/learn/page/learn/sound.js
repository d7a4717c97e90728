// Notes that can be heard.

import { h } from "../core/dom.js";
import { Player } from "../music/sound.js";
import { t } from "../core/i18n.js";

export class Listen {
	constructor() {
		this.player = new Player();
		/** @type {any} */ this.block = null;
		/** @type {any} */ this.end = 0;
		this.button = h("button", { onclick: () => this.#turn() }, t("learn.play"));
		this.element = h("p", { class: "sound" }, this.button);
	}

	#turn() {
		clearTimeout(this.end);
		if (this.player.isPlaying) this.player.stop();
		else {
			const notes = this.block.notes.map(([onset, duration, pitch]) => ({ onset, duration, pitch, voice: 0 }));
			const { tempo } = this.block;
			this.player.play(notes, 0, tempo, null);
			const last = Math.max(...notes.map(({ onset, duration }) => onset + duration));
			this.end = setTimeout(() => this.#turn(), 400 + (60_000 * last) / tempo);
		}
		this.#say();
	}

	#say() {
		this.button.textContent = t(this.player.isPlaying ? "learn.stop" : "learn.play");
	}
}
