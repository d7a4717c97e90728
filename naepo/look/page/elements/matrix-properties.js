// What a matrix is told from outside, each a property of the element that draws it anew.

/** @typedef {{row: number | null, col: number | null}} Mark  null: the whole column, or the whole row */

/** What may be set from outside, and what it is until then. */
export const PROPERTIES = {
	data: new Float32Array(),
	rows: 0,
	cols: 0,
	kind: /** @type {import("./matrix-paint.js").Kind} */ ("signed"),
	/** Where the scale ends; null: three standard deviations. @type {number | null} */
	limit: null,
	/** The same for each row by itself. @type {number[] | null} */
	limits: null,
	/** @type {string[] | undefined} */ rowLabels: undefined,
	/** @type {string[] | undefined} */ colLabels: undefined,
	label: "",
	/** Written above it. */
	caption: "",
	/** Of the op or weight, for the readout and for files. */
	name: "",
	/** Shape of the whole tensor, when this is a part of it. @type {number[] | null} */
	whole: null,
	/** Names of the two axes. @type {string[]} */
	dims: ["row", "col"],
	/** What the first row and column are called when this is a window. */
	rowStart: 0,
	colStart: 0,
	/** @type {Mark | null} */ selected: null,
	/** Pointed at elsewhere. @type {Mark | null} */
	pointed: null,
	square: false,
	tallest: 360,
	widest: Infinity,
	/** Where all of it can be had as a file: parameters of /look/export. @type {Record<string, any> | null} */
	source: null,
};

/** Make them properties of the element. @param {typeof import("./matrix.js").NaepoMatrix} element */
export function define(element) {
	for (const name of /** @type {(keyof typeof PROPERTIES)[]} */ (Object.keys(PROPERTIES))) {
		Object.defineProperty(element.prototype, name, {
			get() {
				return this.values[name];
			},
			set(value) {
				this.take(name, value);
			},
		});
	}
}
