// A strip of real values, 64 pixels wide: as many stripes as there are numbers, each as wide as the others.

import { diverging, pixel, sequential } from "../core/colour.js";
import { h, penOf } from "../core/dom.js";
import { maxAbs } from "../core/numeric.js";

export const WIDTH = 64;
const HEIGHT = 12;

/** @typedef {{place: any, isShare: boolean, values: Float32Array | null}} Strip  values: padded with NaN */

/** Draw the numbers, their own largest size at the ends of the scale. @param {Float32Array} values */
export function drawStrip(pen, values, isShare, top = 0, height = 1) {
	const n = Math.max(1, values.length - padding(values));
	const limit = maxAbs(values) || 1;
	const image = pen.createImageData(WIDTH, height);
	const pixels = new Uint32Array(image.data.buffer);
	for (let x = 0; x < WIDTH; x++) {
		const value = values[Math.floor((x * n) / WIDTH)];
		if (!Number.isNaN(value)) pixels[x] = pixel(isShare ? sequential(value / limit) : diverging(value, limit));
	}
	for (let row = 1; row < height; row++) pixels.copyWithin(row * WIDTH, 0, WIDTH);
	pen.putImageData(image, 0, top);
}

/** How many NaN stand at the end. */
function padding(values) {
	let n = 0;
	while (n < values.length && Number.isNaN(values[values.length - 1 - n])) n += 1;
	return n;
}

/** The strips of a group of lines, all on one canvas behind their places: a browser makes a layer of each canvas, and a hundred layers cost a frame. */
export class Strips {
	/** @param {HTMLElement} group */
	constructor(group) {
		this.group = group;
		this.canvas = h("canvas", { class: "strips", width: WIDTH, height: 0, "aria-hidden": true });
		/** @type {Strip[]} */ this.strips = [];
		/** @type {number[]} */ this.tops = [];
		group.append(this.canvas);
		new ResizeObserver(() => this.lay()).observe(group);
	}

	/** @returns {Strip} */
	add(isShare) {
		const strip = { place: h("span", { class: "strip", role: "img" }), isShare, values: null };
		this.strips.push(strip);
		return strip;
	}

	/** Find where the places are, and draw there if they have moved. */
	lay() {
		const tops = this.strips.map(({ place }) => place.offsetTop);
		const height = this.group.clientHeight;
		if (height === this.canvas.height && tops.every((top, i) => top === this.tops[i])) return;
		this.tops = tops;
		this.canvas.height = height;
		this.draw();
	}

	draw() {
		const pen = penOf(this.canvas);
		this.strips.forEach(({ values, isShare }, i) => values && this.tops[i] !== undefined && drawStrip(pen, values, isShare, this.tops[i], HEIGHT));
	}
}
