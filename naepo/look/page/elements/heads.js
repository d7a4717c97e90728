// <naepo-heads>: every head as a small picture, those that share a key and a value side by side; one of them is chosen.

import { h, maxAbs, penOf, select, t, threeSigma } from "./stage.js";
import { paintCells } from "./matrix-paint.js";

/**
 * @typedef {{data: Float32Array, n: number, rows: number, cols: number, groups: number, kind: "signed" | "probability", chosen: number}} Heads
 *   data: n × rows × cols; groups: how many keys and values there are
 */

const SIDE = 176; // pixels, twice what is seen

/** @param {import("./matrix-paint.js").Sheet} sheet */
function thumbnail(sheet, rows) {
	const picture = h("canvas", { width: SIDE, height: SIDE, "aria-hidden": true });
	const grid = { x: 0, y: 0, w: SIDE / sheet.cols, h: SIDE / rows };
	paintCells(penOf(picture), sheet, { r0: 0, r1: rows, c0: 0, c1: sheet.cols }, grid);
	return picture;
}

class NaepoHeads extends HTMLElement {
	constructor() {
		super();
		/** @type {HTMLButtonElement[]} */ this.buttons = [];
	}

	/** @param {Heads} heads */
	set content({ data, n, rows, cols, groups, kind, chosen }) {
		const size = rows * cols;
		const limit = kind === "signed" ? threeSigma(data) : maxAbs(data) || 1; // one scale, so that heads can be compared
		this.buttons = Array.from({ length: n }, (_, head) => {
			const picture = thumbnail({ data: data.subarray(head * size, (head + 1) * size), cols, kind, limit: () => limit }, rows);
			return h("button", { class: "head-button", onclick: () => select(this, { head }) }, picture, t("attention.head", { head }));
		});
		const each = n > groups ? Math.max(1, Math.floor(n / groups)) : n;
		const grouped = Array.from({ length: Math.ceil(n / each) }, (_, group) => {
			const members = this.buttons.slice(group * each, (group + 1) * each);
			const name = n > groups ? h("p", {}, t("attention.shared", { group })) : null;
			return h("div", { class: n > groups ? "head-group shared" : "head-group", role: "group" }, name, members);
		});
		this.replaceChildren(...grouped);
		this.chosen = chosen;
	}

	set chosen(head) {
		this.buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === head)));
	}
}

customElements.define("naepo-heads", NaepoHeads);
