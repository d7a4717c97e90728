// <naepo-roll>: the notes of a piece as a piano roll; how dark a note is tells how much the chosen position looks at it.

import { sequential } from "../core/colour.js";
import { svg } from "../core/dom.js";
import { full } from "../core/format.js";

/**
 * @typedef {{onset: number, duration: number, pitch: number, voice?: number}} Note
 * @typedef {{tokens: {label: string, note?: Note | null}[], weights: ArrayLike<number>, position: number, label: string}} Roll
 */

const LINE = 8; // pixels a semitone
const LEFT = 36;
const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

/** @param {number} pitch MIDI number */
const pitchName = (pitch) => `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;

class NaepoRoll extends HTMLElement {
	/** @param {Roll} roll */
	set content({ tokens, weights, position, label }) {
		const notes = tokens.flatMap(({ note, label: name }, at) => (note ? [{ ...note, name, at }] : []));
		this.replaceChildren();
		if (!notes.length) return;
		const pitches = notes.map(({ pitch }) => pitch);
		const [low, high] = [Math.min(...pitches) - 1, Math.max(...pitches) + 1];
		const begin = Math.min(...notes.map(({ onset }) => onset));
		const end = Math.max(...notes.map(({ onset, duration }) => onset + duration));
		const scale = Math.max(8, Math.min(48, (Math.max(300, this.clientWidth || 640) - LEFT) / Math.max(1e-9, end - begin)));
		const [width, height] = [LEFT + (end - begin) * scale + 4, (high - low + 1) * LINE];
		const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": label });
		for (let pitch = low; pitch <= high; pitch++)
			if (pitch % 12 === 0) picture.append(svg("text", { x: 2, y: (high - pitch + 1) * LINE }, pitchName(pitch)));
		for (const note of notes) picture.append(this.#note(note, weights[note.at], { position, begin, scale, high }));
		this.append(picture);
	}

	/** @param {Note & {name: string, at: number}} note @param {number} weight @param {{position: number, begin: number, scale: number, high: number}} place */
	#note({ onset, duration, pitch, name, at }, weight, { position, begin, scale, high }) {
		const choose = () => this.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail: { position: at } }));
		const share = at <= position ? weight : 0;
		return svg(
			"rect",
			{
				class: `note${at === position ? " own" : ""}`,
				x: LEFT + (onset - begin) * scale,
				y: (high - pitch) * LINE + 1,
				width: Math.max(2, duration * scale - 1),
				height: LINE - 2,
				fill: `rgb(${sequential(share).join(",")})`,
				tabindex: 0,
				role: "button",
				"aria-label": `${at} ${name} ${pitchName(pitch)}: ${full(share)}`,
				on: { click: choose, keydown: (event) => event.key === "Enter" && choose() },
			},
			svg("title", {}, `${at} ${name}, ${pitchName(pitch)}: ${full(share)}`),
		);
	}
}

customElements.define("naepo-roll", NaepoRoll);
