// Mouse, fingers, wheel and keys on a map: what a hand means, told to whoever moves the camera.

/**
 * @typedef {{x: number, y: number}} Place  in CSS pixels from the left top corner
 * @typedef {{pan: (dx: number, dy: number) => void, zoom: (factor: number, at?: Place) => void, fit: () => void,
 *   hover: (at: Place | null) => void, choose: (at: Place) => void}} Acts
 */

const STILL = 3; // pixels: a press that moves less is a choice, not a drag

/** @param {Acts} acts */
export function listen(element, acts) {
	/** @type {Map<number, Place>} */
	const hands = new Map();
	let travelled = 0;
	const on = (name, /** @type {(event: any, at: Place) => void} */ act) =>
		element.addEventListener(
			name,
			(/** @type {any} */ event) => {
				const box = element.getBoundingClientRect();
				act(event, { x: event.clientX - box.left - element.clientLeft, y: event.clientY - box.top - element.clientTop });
			},
			{ passive: false },
		);
	on("pointerdown", ({ pointerId }, at) => {
		element.setPointerCapture(pointerId);
		if (!hands.size) travelled = 0;
		hands.set(pointerId, at);
	});
	on("pointermove", ({ pointerId }, at) => {
		const before = hands.get(pointerId);
		if (!before) return acts.hover(at);
		const far = (/** @type {Place} */ a, /** @type {Place} */ b) => Math.hypot(a.x - b.x, a.y - b.y);
		travelled += far(at, before);
		if (travelled <= STILL) return;
		hands.set(pointerId, at);
		const other = [...hands].find(([key]) => key !== pointerId)?.[1];
		if (!other) return acts.pan(at.x - before.x, at.y - before.y);
		acts.zoom(far(at, other) / (far(before, other) || 1), { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 });
	});
	on("pointerup", ({ pointerId }, at) => {
		if (hands.delete(pointerId) && travelled <= STILL) acts.choose(at);
	});
	on("pointercancel", ({ pointerId }) => hands.delete(pointerId));
	on("pointerleave", () => acts.hover(null));
	on("dblclick", () => acts.fit());
	on("wheel", (event, at) => {
		event.preventDefault();
		acts.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), at);
	});
	on("keydown", (event) => {
		/** @type {Record<string, () => void>} */
		const meanings = {
			ArrowLeft: () => acts.pan(40, 0),
			ArrowRight: () => acts.pan(-40, 0),
			ArrowUp: () => acts.pan(0, 40),
			ArrowDown: () => acts.pan(0, -40),
			"+": () => acts.zoom(1.25),
			"=": () => acts.zoom(1.25),
			"-": () => acts.zoom(0.8),
			0: () => acts.fit(),
		};
		if (!meanings[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
		meanings[event.key]();
		event.preventDefault();
		event.stopPropagation();
	});
}
