// <naepo-plane>: vectors, outlines and dots in the plane. A tip that moves is dragged, or moved with the arrow keys; what that
// changes is computed by Python (naepo-moved {moves, x, y}).

import { drawing, svg } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { Drawn } from "../elements/drawn.js";

const LARGEST = 420; // pixels
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const TIP = 9;

const minus = (place) => String(place).replace("-", "−");

class NaepoPlane extends Drawn {
	constructor() {
		super();
		this.scale = 1; // pixels a unit
		this.size = LARGEST;
		/** @type {any} */ this.picture = null;
		/** the field whose tip is held @type {string | null} */ this.dragged = null;
	}

	/** Where a point stands in the picture. @returns {[number, number]} */
	at(x, y) {
		return [this.size / 2 + x * this.scale, this.size / 2 - y * this.scale];
	}

	paint(width) {
		const { arrows, shapes, dots, reach, axes, caption } = this.content;
		const size = Math.min(width, LARGEST);
		this.scale = size / (2 * reach);
		this.size = size;
		const focused = document.activeElement instanceof SVGElement ? document.activeElement.dataset.moves : null;
		const picture = this.picture ?? drawing(size, size, "", { class: "plane" });
		if (!this.picture) this.#listen(picture);
		this.picture = picture;
		for (const [name, value] of Object.entries({ width: size, height: size, viewBox: `0 0 ${size} ${size}`, role: "group", "aria-label": caption || axes.join(", ") })) picture.setAttribute(name, String(value));
		picture.replaceChildren(...this.#grid(reach, size, axes), ...shapes.map((shape) => this.#shape(shape)), ...dots.map((dot) => this.#dot(dot)), ...arrows.map((arrow) => this.#arrow(arrow)));
		if (picture.parentNode !== this.frame) this.frame.replaceChildren(picture);
		if (focused && !this.dragged) /** @type {any} */ (picture.querySelector(`[data-moves="${focused}"]`))?.focus({ preventScroll: true });
	}

	#grid(reach, size, axes) {
		const every = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => reach / step <= 6) ?? reach / 4;
		const places = Array.from({ length: 2 * Math.floor(reach / every) + 1 }, (_, i) => (i - Math.floor(reach / every)) * every);
		const line = (x1, y1, x2, y2, kind) => svg("line", { class: kind, x1, y1, x2, y2 });
		const lines = places.flatMap((place) => {
			const [x, y] = this.at(place, place);
			const kind = place ? "grid" : "axis-line";
			return [line(x, 0, x, size, kind), line(0, y, size, y, kind)];
		});
		const numbers = places.filter((place) => place && Math.abs(place) < reach).flatMap((place) => {
			const [x, y] = this.at(place, place);
			return [svg("text", { class: "axis", x, y: size / 2 + 13, "text-anchor": "middle" }, minus(place)), svg("text", { class: "axis", x: size / 2 - 5, y: y + 4, "text-anchor": "end" }, minus(place))];
		});
		return [...lines, ...numbers, svg("text", { class: "axis", x: size - 4, y: size / 2 - 6, "text-anchor": "end" }, axes[0]), svg("text", { class: "axis", x: size / 2 + 6, y: 12 }, axes[1])];
	}

	#shape({ corners, name, kind }) {
		const points = corners.filter(([x, y]) => x !== null && y !== null).map(([x, y]) => this.at(x, y).join()).join(" ");
		return svg(kind === "line" ? "polyline" : "polygon", { class: `shape ${kind}`, points }, svg("title", {}, name));
	}

	#dot({ x, y, group, name }) {
		const [left, top] = this.at(x, y);
		const kind = { class: `dot group-${group}` };
		const sign = group === 1 ? svg("rect", { ...kind, x: left - 4, y: top - 4, width: 8, height: 8 }) : group === 2 ? svg("path", { ...kind, d: `M${left} ${top - 5} l5 9 h-10 z` }) : svg("circle", { ...kind, cx: left, cy: top, r: 4.5 });
		return name ? svg("g", {}, svg("title", {}, name), sign, svg("text", { class: "dot-name", x: left + 7, y: top + 4 }, name)) : sign;
	}

	#arrow({ x, y, name, kind, moves, text }) {
		if (x === null || y === null) return svg("g", {});
		const [[x0, y0], [x1, y1]] = [this.at(0, 0), this.at(x, y)];
		const turn = Math.atan2(y1 - y0, x1 - x0);
		const corner = (by) => `${x1 - TIP * Math.cos(turn + by)} ${y1 - TIP * Math.sin(turn + by)}`;
		const words = { x: x1 + (x1 >= x0 ? 8 : -8), y: y1 + (y1 > y0 ? 16 : -8), "text-anchor": x1 >= x0 ? "start" : "end" };
		const hand = moves && svg("circle", { class: "hand", cx: x1, cy: y1, r: 14, tabindex: 0, role: "slider", "aria-label": `${name}. ${t("learn.drag")}`, "aria-valuetext": text, "aria-valuenow": 0, "data-moves": moves });
		return svg("g", { class: `arrow ${kind}` }, svg("line", { x1: x0, y1: y0, x2: x1, y2: y1 }), svg("path", { d: `M${x1} ${y1} L${corner(0.4)} L${corner(-0.4)} z` }), svg("text", words, `${name} ${text}`), hand);
	}

	#listen(picture) {
		picture.addEventListener("pointerdown", (event) => {
			this.dragged = event.target.dataset?.moves ?? null;
			if (!this.dragged) return;
			event.target.focus({ preventScroll: true });
			picture.setPointerCapture(event.pointerId);
			event.preventDefault();
		});
		picture.addEventListener("pointermove", (event) => {
			if (!this.dragged) return;
			const { left, top, width } = picture.getBoundingClientRect();
			const back = (2 * this.content.reach) / width;
			this.#move(this.dragged, (event.clientX - left) * back - this.content.reach, this.content.reach - (event.clientY - top) * back);
		});
		for (const end of ["pointerup", "pointercancel"]) picture.addEventListener(end, () => (this.dragged = null));
		picture.addEventListener("keydown", (event) => {
			const [key, moves] = [KEYS[event.key], event.target.dataset?.moves];
			if (!key || !moves) return;
			event.preventDefault();
			event.stopPropagation();
			const arrow = this.content.arrows.find((each) => each.moves === moves);
			this.#move(moves, arrow.x + key[0] * this.content.step, arrow.y + key[1] * this.content.step);
		});
	}

	/** Tell where a tip is now, on the grid of its steps and inside the picture. */
	#move(moves, x, y) {
		const { step, reach } = this.content;
		const near = (place) => Number((Math.round(Math.max(-reach, Math.min(reach, place)) / step) * step).toFixed(6));
		const arrow = this.content.arrows.find((each) => each.moves === moves);
		if (near(x) !== arrow.x || near(y) !== arrow.y) this.tell("naepo-moved", { moves, x: near(x), y: near(y) });
	}
}

customElements.define("naepo-plane", NaepoPlane);
