// Prose as people write it: `between backticks` is code.

import { h } from "../core/dom.js";

/** Write a text into an element, if it is another one than before. @param {HTMLElement & {prose?: string}} place @param {string} text */
export function write(place, text) {
	if (place.prose === text) return;
	place.prose = text;
	place.replaceChildren(...text.split("`").map((part, i) => (i % 2 ? h("code", {}, part) : part)));
}
