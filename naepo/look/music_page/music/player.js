// <naepo-player>: play and stop, tempo, the voice that comes to the front. It tells where the music is (naepo-time {time}, null at the end).

import { getFile } from "../core/api.js";
import { chooser, h } from "../core/dom.js";
import { download, savers } from "../core/export.js";
import { language, t } from "../core/i18n.js";
import { Player } from "./sound.js";
import { select, tell } from "../core/select.js";

const [SLOWEST, TEMPO, FASTEST] = [40, 88, 200]; // quarter notes a minute

class NaepoPlayer extends HTMLElement {
	constructor() {
		super();
		this.player = new Player();
		/** @type {import("./notes.js").Written[]} */ this.notes = [];
		this.key = "";
		this.run = "";
		this.start = 0;
		/** @type {number | null} */ this.voice = null;
		this.button = h("button", { id: "play", onclick: () => this.#turn() });
		this.tempo = h("input", { id: "tempo", type: "range", min: SLOWEST, max: FASTEST, step: 4, value: String(TEMPO), oninput: () => this.#again() });
		this.pace = h("output", { for: "tempo" });
		this.turn = () => this.#turn();
	}

	connectedCallback() {
		document.addEventListener("naepo-play", this.turn);
	}

	/** Who leaves the view leaves the music. */
	disconnectedCallback() {
		document.removeEventListener("naepo-play", this.turn);
		this.stop();
	}

	set content({ run, notes, position, isLast, voice }) {
		if (run !== this.run) this.stop();
		const before = notes.filter(({ at }) => at[0] <= position).at(-1);
		const first = Math.min(...notes.map(({ onset }) => onset));
		this.start = isLast || !before ? first : before.onset; // at the last position there is nothing left to play
		const voices = [...new Set(notes.map((note) => note.voice))].sort((a, b) => a - b);
		const key = JSON.stringify([language(), voices]);
		const isSame = voice === this.voice;
		Object.assign(this, { run, notes, voice });
		if (key !== this.key) this.#build(voices);
		this.key = key;
		this.voices.value = String(voice ?? "");
		if (!isSame) this.#again();
	}

	/** @param {number[]} voices */
	#build(voices) {
		/** @type {[string | number, string][]} */
		const options = [["", t("music.all_voices")]];
		for (const voice of voices) options.push([voice, t("map.voice", { voice: voice + 1 })]);
		this.voices = chooser({ id: "voice", "aria-label": t("music.all_voices") }, options, "", (value) => select(this, { voice: value === "" ? null : Number(value) }));
		const save = async () => download("prompt.mid", await getFile("/look/midi", { run: this.run }));
		this.replaceChildren(this.button, h("label", { class: "field" }, t("music.tempo"), this.tempo, this.pace), this.voices, ...savers({ MIDI: save }));
		this.#show();
	}

	#show() {
		this.button.textContent = t(this.player.isPlaying ? "music.stop" : "music.play");
		this.button.disabled = !this.notes.length;
		this.pace.textContent = this.tempo.value;
	}

	#turn() {
		if (this.player.isPlaying) this.stop();
		else if (this.notes.length) this.#play(this.start);
	}

	/** Go on from here in another tempo, or with another voice. */
	#again() {
		if (this.player.isPlaying) this.#play(this.player.time);
		this.#show();
	}

	#play(from) {
		this.player.play(this.notes, from, Number(this.tempo.value), this.voice);
		this.#show();
		this.#follow(this.player.context);
	}

	stop() {
		if (!this.player.isPlaying) return;
		this.player.stop();
		this.#show();
		this.#tell(null);
	}

	/** Tell where the music is in every frame; each beat, where less motion is asked for. */
	#follow(context) {
		if (context !== this.player.context) return;
		const { time } = this.player;
		if (time > Math.max(...this.notes.map(({ onset, duration }) => onset + duration))) return this.stop();
		this.#tell(matchMedia("(prefers-reduced-motion: reduce)").matches ? Math.floor(time) : time);
		requestAnimationFrame(() => this.#follow(context));
	}

	/** @param {number | null} time quarter notes */
	#tell(time) {
		tell(this, "naepo-time", { time });
	}
}

customElements.define("naepo-player", NaepoPlayer);
