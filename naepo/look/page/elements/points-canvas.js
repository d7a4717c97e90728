// Points on a plain canvas: pixels written straight into one ImageData. For browsers without WebGL2, and for those whose
// WebGL2 is emulated by the processor, where this is several times faster than the emulation.

import { pixel } from "../core/colour.js";
import { penOf } from "../core/dom.js";

/** @typedef {import("./points-webgl.js").Frame} Frame */

/** The colours as pixels, faded towards the paper. @param {Uint8Array} rgb @param {Frame} frame */
function pixelsOf(rgb, { paper, dim }) {
	const part = (at) => rgb[at] * (1 - dim) + paper[at % 3] * dim;
	return Uint32Array.from({ length: rgb.length / 3 }, (_, i) => pixel([part(3 * i), part(3 * i + 1), part(3 * i + 2)]));
}

/** The rows of a disc as [from, to); a square where it is too small to be round. @param {number} size pixels */
function discRows(size) {
	const middle = (size - 1) / 2;
	return Array.from({ length: size }, (_, row) => {
		const half = size < 4 ? size : Math.sqrt((size / 2) ** 2 - (row - middle) ** 2);
		return [Math.max(0, Math.ceil(middle - half)), Math.min(size, Math.floor(middle + half) + 1)];
	});
}

/** Write every point as a disc. @param {Uint32Array} target @param {Frame} frame @param {Float32Array} xy @param {Uint32Array} pixels @param {import("./points-webgl.js").Camera} camera */
function scatter(target, { width, height, size: wanted }, xy, pixels, camera) {
	const size = Math.max(1, Math.round(wanted));
	const disc = discRows(size);
	const half = size / 2 - 0.5;
	const [across, down] = [width / 2 - camera.x * camera.scale - half, height / 2 + camera.y * camera.scale - half];
	for (let i = 0; i < pixels.length; i++) {
		const left = Math.round(across + xy[2 * i] * camera.scale);
		const top = Math.round(down - xy[2 * i + 1] * camera.scale);
		if (!(left >= 0 && top >= 0 && left + size <= width && top + size <= height)) continue;
		const colour = pixels[i];
		for (let row = 0, from = top * width + left; row < size; row++, from += width)
			for (let at = from + disc[row][0]; at < from + disc[row][1]; at++) target[at] = colour;
	}
}

/** @returns {import("./points-webgl.js").Renderer} */
export function canvasRenderer(canvas) {
	const context = penOf(canvas, { alpha: false });
	let [xy, rgb, key] = [new Float32Array(0), new Uint8Array(0), ""];
	let pixels = new Uint32Array(0);
	/** @type {ImageData | null} */
	let image = null;
	return {
		kind: "canvas",
		places: (next) => void (xy = next),
		colours: (next) => void ([rgb, key] = [next, ""]),
		draw(camera, frame) {
			if (key !== `${frame.paper} ${frame.dim}`) [pixels, key] = [pixelsOf(rgb, frame), `${frame.paper} ${frame.dim}`];
			if (image?.width !== frame.width || image.height !== frame.height) image = context.createImageData(frame.width, frame.height);
			const target = new Uint32Array(image.data.buffer);
			target.fill(pixel(frame.paper));
			scatter(target, frame, xy, pixels, camera);
			context.putImageData(image, 0, 0);
		},
		dispose: () => void (image = null),
	};
}
