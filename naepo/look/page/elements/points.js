// <naepo-points>: up to a million points to pan, zoom, hover and choose from (naepo-select {id}). The points are one draw call; names
// are a sheet above, moved along by a CSS transform and laid out anew when the hand rests.

import { h, penOf, select } from "./stage.js";
import { canvasRenderer } from "./points-canvas.js";
import { listen } from "./points-hands.js";
import { PointIndex } from "./points-index.js";
import { drawSheet } from "./points-labels.js";
import { webglRenderer } from "./points-webgl.js";

const REST = 140; // milliseconds without movement before the names are laid out
const REACH = 10; // pixels: how far from a point the pointer may be

/** @typedef {{x: number, y: number}} Place */

export class NaepoPoints extends HTMLElement {
	constructor() {
		super();
		/** names of the points @type {ArrayLike<string>} */ this.names = [];
		/** ids in the order in which they get a label @type {ArrayLike<number> | null} */ this.order = null;
		/** "auto": WebGL2 where a graphics card stands behind it @type {"auto" | "webgl2" | "canvas"} */ this.want = "auto";
		/** whether new places keep the camera (a map that moves with a slider) */ this.still = false;
		/** @type {import("./points-webgl.js").Camera} */ this.camera = { scale: 1, x: 0, y: 0 };
		/** frames drawn so far */ this.frames = 0;
		this.hovered = -1;
		this.selectedId = -1;
		/** @type {Set<number>} */ this.markedIds = new Set();
		this.xy = new Float32Array(0);
		this.rgb = new Uint8Array(0);
		this.index = new PointIndex(this.xy);
		this.fitted = 0;
		this.fitScale = 1;
		this.ratio = 1;
		this.paper = [255, 255, 255];
		this.shift = { x: 0, y: 0 };
		this.isLaidOut = false;
		this.waiting = 0;
		this.resting = 0;
		/** @type {import("./points-webgl.js").Renderer | null} */ this.renderer = null;
		this.canvas = h("canvas");
		this.sheet = h("canvas", { class: "points-sheet" });
		this.ring = h("div", { class: "points-ring", hidden: true });
		this.tip = h("div", { class: "points-tip", hidden: true });
		this.watcher = new ResizeObserver(() => this.resize());
		listen(this, {
			pan: (dx, dy) => this.pan(dx, dy),
			zoom: (factor, at) => this.zoom(factor, at),
			fit: () => this.fit(),
			hover: (at) => this.hover(at ? this.under(at) : -1),
			choose: (at) => this.choose(this.under(at)),
		});
	}

	connectedCallback() {
		this.tabIndex = 0;
		this.setAttribute("role", "application");
		this.start();
		this.watcher.observe(this);
	}

	disconnectedCallback() {
		this.watcher.disconnect();
		this.renderer?.dispose();
		this.renderer = null;
		cancelAnimationFrame(this.waiting);
		clearTimeout(this.resting);
		this.waiting = 0;
	}

	/** Places of the points, (n, 2), any unit. */
	set places(xy) {
		const n = xy.length / 2;
		this.xy = xy;
		this.index = new PointIndex(xy);
		this.renderer?.places(xy);
		if (this.rgb.length !== 3 * n) this.colours = new Uint8Array(3 * n).fill(128);
		if (this.still && this.fitted === n) this.refresh();
		else this.fit();
	}

	/** Colours of the points, three bytes each. @param {Uint8Array} rgb */
	set colours(rgb) {
		this.rgb = rgb;
		this.renderer?.colours(rgb);
		this.refresh();
	}

	/** The chosen point, −1 for none. */
	set selected(id) {
		this.selectedId = id;
		this.refresh();
	}

	/** Points to stand out; the others fade. @param {Iterable<number>} ids */
	set marked(ids) {
		this.markedIds = new Set(ids);
		this.refresh();
	}

	get rendering() {
		return this.renderer?.kind ?? "none";
	}

	start() {
		const fresh = () => (this.canvas = h("canvas", { class: "points-canvas", "aria-hidden": true }));
		// a canvas that refused one kind of context may refuse the other: each gets its own
		this.renderer = (this.want !== "canvas" && webglRenderer(fresh(), this.want === "webgl2")) || canvasRenderer(fresh());
		this.canvas.addEventListener("webglcontextlost", (/** @type {Event} */ event) => event.preventDefault());
		this.canvas.addEventListener("webglcontextrestored", () => this.isConnected && this.start());
		this.replaceChildren(this.canvas, this.sheet, this.ring, this.tip);
		this.renderer.places(this.xy);
		this.renderer.colours(this.rgb);
		this.resize();
	}

	resize() {
		if (!this.clientWidth) return;
		this.ratio = Math.min(2, globalThis.devicePixelRatio || 1);
		const size = { width: Math.round(this.clientWidth * this.ratio), height: Math.round(this.clientHeight * this.ratio) };
		for (const canvas of [this.canvas, this.sheet]) Object.assign(canvas, size);
		if (this.fitted) this.refresh();
		else this.fit();
	}

	/** Move the camera so that all points are seen. */
	fit() {
		if (!this.index.n || !this.clientWidth) return;
		const { left, right, bottom, top } = this.index.bounds;
		this.fitScale = 0.9 * Math.min(this.clientWidth / (right - left || 1), this.clientHeight / (top - bottom || 1));
		this.camera = { scale: this.fitScale, x: (left + right) / 2, y: (bottom + top) / 2 };
		this.fitted = this.index.n;
		this.refresh();
	}

	/** Bring a point to the middle. */
	visit(id) {
		const [x, y] = [this.xy[2 * id], this.xy[2 * id + 1]];
		if (Number.isFinite(x) && Number.isFinite(y)) this.camera = { ...this.camera, x, y };
		this.refresh();
	}

	/** @param {number} dy pixels */
	pan(dx, dy) {
		this.camera.x -= dx / this.camera.scale;
		this.camera.y += dy / this.camera.scale;
		this.shift = { x: this.shift.x + dx, y: this.shift.y + dy };
		this.sheet.style.transform = `translate(${this.shift.x}px, ${this.shift.y}px)`;
		this.move();
	}

	/** @param {number} factor @param {Place} [at] the pixel that stays where it is */
	zoom(factor, at = { x: this.clientWidth / 2, y: this.clientHeight / 2 }) {
		const before = this.camera.scale;
		const scale = Math.min(this.fitScale * 1e4, Math.max(this.fitScale / 20, before * factor));
		const gained = 1 / before - 1 / scale;
		const x = this.camera.x + (at.x - this.clientWidth / 2) * gained;
		this.camera = { scale, x, y: this.camera.y + (this.clientHeight / 2 - at.y) * gained };
		this.sheet.style.opacity = "0";
		this.move();
	}

	move() {
		this.hover(-1);
		clearTimeout(this.resting);
		this.resting = window.setTimeout(() => this.refresh(), REST);
		this.ask();
	}

	/** Draw points and names at the next frame. */
	refresh() {
		this.isLaidOut = false;
		this.ask();
	}

	ask() {
		if (this.waiting || !this.renderer) return;
		this.waiting = requestAnimationFrame(() => {
			this.waiting = 0;
			if (!this.isLaidOut) this.paper = this.background(); // asking for the style in every frame costs a layout each
			this.draw();
			if (!this.isLaidOut) this.layOut();
		});
	}

	background() {
		const numbers = getComputedStyle(this).backgroundColor.match(/[\d.]+/g) ?? [];
		return numbers.length >= 3 ? numbers.slice(0, 3).map(Number) : [255, 255, 255];
	}

	draw() {
		const { width, height } = this.canvas;
		if (!width) return;
		const frame = { width, height, size: this.size * this.ratio, paper: this.paper, dim: this.markedIds.size ? 0.7 : 0 };
		this.renderer?.draw({ ...this.camera, scale: this.camera.scale * this.ratio }, frame);
		this.frames++;
	}

	/** Diameter of a point in CSS pixels: smaller where many share the picture, larger when they spread. */
	get size() {
		const n = this.xy.length / 2;
		const base = n > 200000 ? 1 : n > 20000 ? 2 : n > 4000 ? 3 : 5;
		return Math.min(8, base * Math.max(1, (this.camera.scale / this.fitScale) ** 0.4));
	}

	/** Where a point is on the screen, in CSS pixels. */
	onScreen(id) {
		return {
			x: this.clientWidth / 2 + (this.xy[2 * id] - this.camera.x) * this.camera.scale,
			y: this.clientHeight / 2 - (this.xy[2 * id + 1] - this.camera.y) * this.camera.scale,
		};
	}

	/** The id under a pixel, −1 for none. @param {Place} at */
	under({ x, y }) {
		const { scale } = this.camera;
		const up = this.camera.y - (y - this.clientHeight / 2) / scale;
		return this.index.nearest(this.camera.x + (x - this.clientWidth / 2) / scale, up, REACH / scale);
	}

	layOut() {
		this.isLaidOut = true;
		this.shift = { x: 0, y: 0 };
		Object.assign(this.sheet.style, { transform: "", opacity: "1" });
		drawSheet(this);
	}

	hover(id) {
		if (id === this.hovered) return;
		this.hovered = id;
		this.ring.hidden = this.tip.hidden = id < 0;
		if (id < 0) return;
		const { x, y } = this.onScreen(id);
		this.ring.style.transform = `translate(${x}px, ${y}px)`;
		this.tip.textContent = `${this.names[id] ?? ""}  ${id}`;
		const left = Math.min(x + 10, this.clientWidth - this.tip.offsetWidth);
		this.tip.style.transform = `translate(${left}px, ${Math.max(0, y - 30)}px)`;
	}

	choose(id) {
		if (id < 0) return;
		this.selected = id;
		select(this, { id });
	}

	/** The picture as it stands, points and names on one canvas. */
	picture() {
		const { width, height } = this.canvas;
		const whole = h("canvas", { width, height });
		const pen = penOf(whole);
		this.draw();
		pen.drawImage(this.canvas, 0, 0); // in the same task as the drawing: WebGL keeps its picture no longer
		this.layOut();
		pen.drawImage(this.sheet, 0, 0);
		return whole;
	}
}

customElements.define("naepo-points", NaepoPoints);
