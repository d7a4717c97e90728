// A strip of real values, 64 pixels wide: as many stripes as there are numbers, each as wide as the others.

import { diverging, sequential } from "../core/colour.js";
import { penOf } from "../core/dom.js";
import { maxAbs } from "../core/numeric.js";

export const WIDTH = 64;

/** Draw the numbers, their own largest size at the ends of the scale. @param {Float32Array} values padded with NaN */
export function drawStrip(canvas, values, isShare) {
	const pen = penOf(canvas);
	const n = Math.max(1, values.length - padding(values));
	const limit = maxAbs(values) || 1;
	const image = pen.createImageData(WIDTH, 1);
	for (let x = 0; x < WIDTH; x++) {
		const value = values[Math.floor((x * n) / WIDTH)];
		if (Number.isNaN(value)) continue;
		const colour = isShare ? sequential(value / limit) : diverging(value, limit);
		image.data.set([...colour, 255], 4 * x);
	}
	pen.putImageData(image, 0, 0);
}

/** How many NaN stand at the end. */
function padding(values) {
	let n = 0;
	while (n < values.length && Number.isNaN(values[values.length - 1 - n])) n += 1;
	return n;
}
