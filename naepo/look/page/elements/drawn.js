// An element that draws what it is given into the width that it has, again when either changes, and reads out what is pointed at.

import { h } from "../core/dom.js";
import { tell } from "../core/select.js";

/** How wide a picture of this name was: so will be the one that takes its place. @type {Map<string, number>} */
const widths = new Map();

export class Drawn extends HTMLElement {
	constructor() {
		super();
		this.content = null;
		this.frame = h("div", { class: "frame" });
		this.readout = h("p", { class: "readout", "aria-live": "polite" });
		this.watcher = new ResizeObserver(([{ contentRect: { width } }]) => this.#fit(width));
		this.room = 0; // pixels
	}

	connectedCallback() {
		if (!this.firstChild) this.append(this.frame, this.readout);
		this.watcher.observe(this);
	}

	disconnectedCallback() {
		this.watcher.disconnect();
	}

	set data(content) {
		this.content = content;
		this.room ||= widths.get(content.label) ?? 640;
		this.draw();
	}

	#fit(width) {
		if (!width || width === this.room) return;
		this.room = width;
		widths.set(this.content?.label, width);
		this.draw();
	}

	draw() {
		if (this.content) this.paint(Math.max(240, this.room));
	}

	paint(_width) {}

	tell(event, detail) {
		tell(this, event, detail);
	}
}

/** @param {number} most characters */
export function shortened(text, most) {
	const parts = [...text];
	return parts.length <= most ? text : `${parts.slice(0, Math.max(1, most - 1)).join("")}…`;
}
