// Colour carries value: a diverging scale for signed numbers, a sequential one for shares, both from the theme's custom properties.

const STEPS = 256;

/** @typedef {[number, number, number]} Colour */

/** @type {{key: string, signed: Colour[], share: Colour[]} | null} */
let scales = null;

/** @returns {Colour} */
function custom(name) {
	const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
	const found = /^#([0-9a-f]{6})$/i.exec(text);
	const value = parseInt(found ? found[1] : "808080", 16);
	return [value >> 16, (value >> 8) & 255, value & 255];
}

/** @param {Colour} a @param {Colour} b @returns {Colour} */
const between = (a, b, share) => {
	const mixed = (/** @type {0 | 1 | 2} */ i) => Math.round(a[i] + (b[i] - a[i]) * share);
	return [mixed(0), mixed(1), mixed(2)];
};

/** @param {Colour[]} stops */
function ramp(stops) {
	return Array.from({ length: STEPS }, (_, i) => {
		const place = (i / (STEPS - 1)) * (stops.length - 1);
		const left = Math.min(stops.length - 2, Math.floor(place));
		return between(stops[left], stops[left + 1], place - left);
	});
}

function current() {
	const key = document.documentElement.dataset.theme ?? "light";
	if (scales?.key !== key) {
		const paper = custom("--paper");
		scales = {
			key,
			signed: ramp([custom("--below-2"), custom("--below"), paper, custom("--above"), custom("--above-2")]),
			share: ramp([paper, custom("--share"), custom("--ink")]),
		};
	}
	return scales;
}

/** Forget the scales when the theme's colours have changed. */
export const forgetTheme = () => {
	scales = null;
};

/** The colour of a signed number; ±limit and beyond are the ends. @param {number} x @param {number} limit @returns {Colour} */
export function diverging(x, limit) {
	const share = limit > 0 ? Math.max(-1, Math.min(1, x / limit)) : 0;
	return current().signed[Math.round(((share + 1) / 2) * (STEPS - 1))];
}

/** The colour of a probability or share. @param {number} p @returns {Colour} */
export const sequential = (p) => current().share[Math.round(Math.max(0, Math.min(1, p)) * (STEPS - 1))];

/** Both scales as 256 colours each, for drawing many cells. @param {"signed" | "probability"} kind */
export const legend = (kind) => (kind === "signed" ? current().signed : current().share);

/** Ink that can be read on a colour. @param {ArrayLike<number>} rgb */
export const inkOn = (rgb) => (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] > 140 ? "#141414" : "#fafafa");

/** @param {ArrayLike<number>} rgb */
export const css = (rgb) => `rgb(${rgb[0]},${rgb[1]},${rgb[2]})`;

/** Little-endian. @param {ArrayLike<number>} rgb */
export const pixel = (rgb) => ((255 << 24) | (rgb[2] << 16) | (rgb[1] << 8) | rgb[0]) >>> 0;
