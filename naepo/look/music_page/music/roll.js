// <naepo-roll>: a piece as a piano roll. Each note is cut into the ids that write it; how dark a part is, and how heavy the arc to it,
// tells how much the chosen position looks at that id. A line shows where the music is.

import { css, sequential } from "../core/colour.js";
import { drawing, svg } from "../core/dom.js";
import { full, percent } from "../core/format.js";
import { t } from "../core/i18n.js";
import { select } from "../core/select.js";
import { Drawn } from "../elements/drawn.js";

/**
 * @typedef {import("./notes.js").Written} Written
 * @typedef {{notes: Written[], labels: string[], weights: ArrayLike<number>, position: number, voice: number | null, label: string}} Roll
 */

const LINE = 9; // pixels a semitone
const [LEFT, TOP] = [36, 28];
const FAINTEST = 0.002;
const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

/** @param {number} pitch MIDI number */
const pitchName = (pitch) => `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;

class NaepoRoll extends Drawn {
	constructor() {
		super();
		this.cursor = svg("line", { class: "cursor", y1: 0, visibility: "hidden" });
		/** @type {{note: Written, element: Element}[]} */ this.parts = [];
		this.scale = 1; // pixels a quarter note
		this.begin = 0;
	}

	paint(room) {
		/** @type {Roll} */
		const { notes, labels, weights, position, voice, label } = this.content;
		const pitches = notes.map(({ pitch }) => pitch);
		const [low, high] = [Math.min(...pitches) - 1, Math.max(...pitches) + 1];
		const end = Math.max(...notes.map(({ onset, duration }) => onset + duration));
		this.begin = Math.min(...notes.map(({ onset }) => onset));
		this.scale = Math.max(16, Math.min(96, (room - LEFT - 4) / (end - this.begin)));
		const [width, height] = [this.x(end) + 4, TOP + (high - low + 1) * LINE + 8];
		const y = (pitch) => TOP + (high - pitch) * LINE;
		const picture = drawing(width, height, label, { role: "group" });
		const beats = Array.from({ length: Math.ceil(end - this.begin) }, (_, i) => `M${this.x(this.begin + i)} ${TOP}V${height - 8}`);
		picture.append(svg("path", { class: "grid", d: beats.join("") }));
		for (let pitch = low; pitch <= high; pitch++) {
			if (pitch % 12) continue;
			picture.append(svg("text", { x: 2, y: y(pitch) + LINE }, pitchName(pitch)), svg("path", { class: "grid", d: `M${LEFT} ${y(pitch) + LINE}H${width}` }));
		}
		const most = weights.length ? Math.max(...Array.from(weights).slice(0, position + 1)) : 1;
		const share = (at) => (at <= position ? weights[at] : 0);
		this.parts = notes.map((note) => ({ note, element: this.#note(note, { y: y(note.pitch), labels, share, most, position, voice }) }));
		const places = new Map(notes.flatMap((note) => note.at.map((at, i) => [at, { x: this.#part(note, i + 0.5), y: y(note.pitch) + LINE / 2 }])));
		const own = places.get(position) ?? { x: this.#end(notes, position), y: height - 4 };
		picture.append(...this.parts.map(({ element }) => element), ...[...places].flatMap(([at, place]) => this.#arc(own, place, at, share(at), labels[at])));
		if (!places.has(position)) picture.append(svg("circle", { class: "own", cx: own.x, cy: own.y, r: 3.5 }));
		this.cursor.setAttribute("y2", String(height));
		picture.append(this.cursor);
		this.frame.replaceChildren(picture);
		this.readout.textContent = onNotes(notes, share, most);
		this.#show(own.x, room / 2);
	}

	/** Where the music is, in quarter notes; null: it does not play. */
	set time(time) {
		this.cursor.setAttribute("visibility", time === null ? "hidden" : "visible");
		for (const { note, element } of this.parts) element.classList.toggle("sounding", time !== null && note.onset <= time && time < note.onset + note.duration);
		if (time === null) return;
		const x = this.x(time);
		for (const end of ["x1", "x2"]) this.cursor.setAttribute(end, String(x));
		this.#show(x, LEFT);
	}

	/** Scroll, when a place is out of sight, so that so many pixels are before it. */
	#show(x, before) {
		const { scrollLeft: left, clientWidth: width } = this.frame;
		if (x < left || x > left + width - 8) this.frame.scrollLeft = x - before;
	}

	/** @param {number} time quarter notes */
	x(time) {
		return LEFT + (time - this.begin) * this.scale;
	}

	/** Where the part of a note begins that an id writes. @param {Written} note */
	#part({ onset, duration, at }, i) {
		return this.x(onset + (duration * i) / at.length);
	}

	/** Where a position stands in time that is no part of a note: behind what was written before it. @param {Written[]} notes */
	#end(notes, position) {
		const ends = notes.map((note) => this.#part(note, note.at.filter((at) => at < position).length));
		return Math.max(LEFT, ...ends.filter((_, i) => notes[i].at[0] < position));
	}

	/** @param {Written} note */
	#note(note, { y, labels, share, most, position, voice }) {
		const { onset, duration, pitch, at } = note;
		const isOwn = at.includes(position);
		const words = `${at[0]} ${labels[at[0]]} ${pitchName(pitch)}`;
		const parts = at.map((each, i) => {
			const place = { x: this.#part(note, i), y, width: this.#part(note, i + 1) - this.#part(note, i), height: LINE };
			const title = svg("title", {}, `${each} ${labels[each]}, ${pitchName(pitch)}: ${full(share(each))}`);
			const listen = { click: () => select(this, { position: each }) };
			return svg("rect", { ...place, class: each === position ? "own" : "", fill: css(sequential(share(each) / most)), "data-position": each, on: listen }, title);
		});
		const keydown = (event) => event.key === "Enter" && select(this, { position: at[0] });
		const kind = `note${isOwn ? " own" : ""}${voice === null ? "" : voice === note.voice ? " chosen" : " behind"}`;
		const told = { "data-onset": onset, "data-duration": duration, "data-pitch": pitch, "data-voice": note.voice };
		const frame = svg("rect", { class: "whole", x: this.x(onset), y, width: duration * this.scale, height: LINE, rx: 1.5 });
		return svg("g", { class: kind, tabindex: 0, role: "button", "aria-label": words, ...told, on: { keydown } }, parts, frame);
	}

	/** From the chosen position to one that it looks at. @param {{x: number, y: number}} own @param {{x: number, y: number}} seen */
	#arc(own, seen, at, weight, name) {
		if (!(weight >= FAINTEST)) return [];
		const rise = Math.max(-Math.min(own.y, seen.y), Math.min(own.y, seen.y) - 12 - Math.abs(own.x - seen.x) / 5);
		const d = `M${own.x} ${own.y}Q${(own.x + seen.x) / 2} ${rise} ${seen.x} ${seen.y}`;
		const style = { "stroke-width": (0.5 + 6 * weight).toFixed(2), "stroke-opacity": (0.25 + 0.75 * weight).toFixed(2) };
		return [svg("path", { class: "arc", d, "data-position": at, ...style }, svg("title", {}, `${at} ${name}: ${full(weight)}`))];
	}
}

/** How much of the weights lies on notes. @param {Written[]} notes @param {(at: number) => number} share */
function onNotes(notes, share, most) {
	const sum = notes.flatMap(({ at }) => at).reduce((total, at) => total + share(at), 0);
	return t("music.on_notes", { share: percent(sum), most: percent(most) });
}

customElements.define("naepo-roll", NaepoRoll);
