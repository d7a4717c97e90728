// Mouse, fingers, wheel and keys on a map: what a hand means, told to whoever moves the camera.

/**
 * @typedef {{pan: (dx: number, dy: number) => void, zoom: (factor: number, x?: number, y?: number) => void,
 *   fit: () => void, hover: (x: number, y: number) => void, choose: (x: number, y: number) => void,
 *   leave: () => void}} Acts  all lengths in CSS pixels from the left top corner
 */

const STILL = 3; // pixels: a press that moves less is a choice, not a drag

/** @param {HTMLElement} element @param {MouseEvent} event */
function placeOf(element, event) {
  const box = element.getBoundingClientRect();
  return { x: event.clientX - box.left - element.clientLeft, y: event.clientY - box.top - element.clientTop };
}

/** @param {HTMLElement} element @param {Acts} acts */
function pointers(element, acts) {
  /** @type {Map<number, {x: number, y: number}>} */
  const hands = new Map();
  let travelled = 0;
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    if (hands.size === 0) travelled = 0;
    hands.set(event.pointerId, placeOf(element, event));
  });
  element.addEventListener("pointermove", (event) => {
    const place = placeOf(element, event);
    const before = hands.get(event.pointerId);
    if (!before) return acts.hover(place.x, place.y);
    const other = [...hands].find(([key]) => key !== event.pointerId)?.[1];
    travelled += Math.hypot(place.x - before.x, place.y - before.y);
    if (travelled <= STILL) return;
    hands.set(event.pointerId, place);
    if (!other) return acts.pan(place.x - before.x, place.y - before.y);
    const apart = Math.hypot(place.x - other.x, place.y - other.y);
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    acts.zoom(apart / (was || 1), (place.x + other.x) / 2, (place.y + other.y) / 2);
  });
  element.addEventListener("pointerup", (event) => {
    const place = placeOf(element, event);
    if (hands.delete(event.pointerId) && travelled <= STILL) acts.choose(place.x, place.y);
  });
  element.addEventListener("pointercancel", (event) => hands.delete(event.pointerId));
  element.addEventListener("pointerleave", () => acts.leave());
}

/** @param {HTMLElement} element @param {Acts} acts */
function wheel(element, acts) {
  const turn = (/** @type {WheelEvent} */ event) => {
    event.preventDefault();
    const { x, y } = placeOf(element, event);
    acts.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), x, y);
  };
  element.addEventListener("wheel", turn, { passive: false });
  element.addEventListener("dblclick", () => acts.fit());
}

/** @param {HTMLElement} element @param {Acts} acts */
function keys(element, acts) {
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
  element.addEventListener("keydown", (event) => {
    if (!meanings[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    meanings[event.key]();
    event.preventDefault();
    event.stopPropagation();
  });
}

/** @param {HTMLElement} element @param {Acts} acts */
export function listen(element, acts) {
  pointers(element, acts);
  wheel(element, acts);
  keys(element, acts);
}
