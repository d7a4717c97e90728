// <naepo-chart>: lines over a common axis, linear or logarithmic, with a marker that can be moved (naepo-pick).
// Lines differ by dash and by name at their end, not by colour: colour carries value.

import { drawing, svg } from "../core/dom.js";
import { number } from "../core/format.js";
import { Drawn } from "./drawn.js";

/**
 * @typedef {[number, number]} Point
 * @typedef {{name: string, points: Point[], faint?: boolean, dots?: boolean}} Series
 * @typedef {{series: Series[], x: string, y: string, label: string, log?: boolean, marker?: number, height?: number,
 *   names?: string[], picks?: boolean}} Chart  names: of x = 0, 1, 2, ... in place of numbers
 */

const DASHES = ["", "6 3", "2 3", "8 3 2 3"];
const EDGE = { left: 58, right: 12, top: 12, bottom: 34 }; // pixels
const MOST = 1500; // points of a line before it is thinned to the least and the most of each stretch

/** Round numbers between two, about `wanted` of them; on a logarithmic axis a few times powers of ten. */
function ticks(low, high, wanted, log) {
	const rough = (high - low) / wanted;
	const power = 10 ** Math.floor(Math.log10(log ? low : rough));
	if (log) {
		const digits = high / low > 1000 ? [1] : [1, 1.5, 2, 3, 5, 7];
		const marks = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((decade) => digits.map((digit) => digit * power * 10 ** decade));
		return marks.filter((mark) => mark >= low * 0.999 && mark <= high * 1.001);
	}
	const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10);
	const first = Math.ceil(low / step - 1e-9);
	return high > low ? Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, k) => (first + k) * step) : [low];
}

/** @param {Point[]} points */
function thinned(points) {
	const width = Math.ceil((2 * points.length) / MOST);
	if (width <= 2) return points;
	return Array.from({ length: Math.ceil(points.length / width) }, (_, i) => {
		const stretch = points.slice(i * width, (i + 1) * width).sort((one, other) => one[1] - other[1]);
		return [stretch[0], stretch[stretch.length - 1]].sort((one, other) => one[0] - other[0]);
	}).flat();
}

/** @param {Point[]} points */
const nearest = (points, x) => points.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best), points[0]);

class NaepoChart extends Drawn {
	constructor() {
		super();
		/** the lines that count @type {Series[]} */ this.lines = [];
		this.scale = scaleOf([], 1, 1, false);
	}

	/** Move the marker alone, without drawing the lines again. */
	set marker(x) {
		this.content.marker = x;
		this.placeMarker();
	}

	paint(width) {
		/** @type {Chart} */
		const { series, log = false, height = 220, label, picks } = this.content;
		const usable = (/** @type {Point} */ [x, y]) => Number.isFinite(x) && Number.isFinite(y) && (!log || y > 0);
		const all = series.map((each) => ({ ...each, points: each.points.filter(usable) })).filter(({ points }) => points.length);
		this.lines = all.filter(({ faint }) => !faint);
		this.scale = scaleOf(all.flatMap(({ points }) => points), width, height, log);
		const picture = drawing(width, height, label, { class: "chart", tabindex: picks ? 0 : null });
		this.line = svg("line", { class: "chart-marker", y1: EDGE.top, y2: height - EDGE.bottom });
		picture.append(...this.axes(width, height), ...all.flatMap((each) => this.path(each)), ...this.ends(), this.line);
		this.listen(picture);
		this.frame.replaceChildren(picture);
		this.placeMarker();
	}

	axes(width, height) {
		const { left, right, low, high, x, y } = this.scale;
		const { names, log, x: across, y: up } = this.content;
		const text = (x, y, anchor, words) =>
			svg("text", { class: "axis", x, y, "text-anchor": anchor }, words);
		const marks = ticks(left, right, Math.max(2, width / 110), false).filter((mark) => !names || Number.isInteger(mark));
		const nodes = marks.map((mark) => {
			const words = names?.[mark] ?? String(+mark.toPrecision(12));
			return text(x(mark), height - EDGE.bottom + 15, x(mark) > width - EDGE.right - 3 * words.length ? "end" : "middle", words);
		});
		for (const mark of ticks(low, high, height / 50, log)) {
			nodes.push(svg("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(mark), y2: y(mark) }));
			nodes.push(text(EDGE.left - 6, y(mark) + 4, "end", String(+mark.toPrecision(6))));
		}
		return [...nodes, text(width - EDGE.right, height - 4, "end", across), text(2, height - 4, "start", up)];
	}

	/** @param {Series} series */
	path(series) {
		const { x, y } = this.scale;
		const points = thinned(series.points);
		const d = points.map(([a, b], i) => `${i ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
		const style = series.faint ? "curve faint" : "curve";
		const dash = DASHES[this.lines.indexOf(series) % 4];
		const dots = series.dots ? points.map(([a, b]) => svg("circle", { class: "dot", cx: x(a), cy: y(b), r: 2.5 })) : [];
		return [svg("path", { d, fill: "none", class: style, "stroke-dasharray": dash }), ...dots];
	}

	/** The name of each line at its end, moved down where it would cover another. */
	ends() {
		if (this.lines.length < 2) return [];
		let free = 10;
		const ends = this.lines.map(({ name, points }) => ({ name, end: points[points.length - 1] }));
		return ends.sort((one, other) => other.end[1] - one.end[1]).map(({ name, end }) => {
			const y = Math.max(free, this.scale.y(end[1]) - 6);
			free = y + 14;
			return svg("text", { class: "curve-name", x: this.scale.x(end[0]) - 4, y, "text-anchor": "end" }, name);
		});
	}

	placeMarker() {
		const x = this.content.marker ?? NaN;
		const isThere = Number.isFinite(x);
		this.line?.setAttribute("visibility", isThere ? "visible" : "hidden");
		for (const end of ["x1", "x2"]) this.line?.setAttribute(end, String(isThere ? this.scale.x(x) : 0));
		if (isThere) this.read(x);
	}

	read(x) {
		const { x: across, y: up, names } = this.content;
		const values = this.lines.map(({ name, points }) => `${name || up} ${number(nearest(points, x)[1])}`);
		this.readout.textContent = `${across} ${names?.[x] ?? x}: ${values.join(" · ")}`;
	}

	listen(picture) {
		const on = (name, /** @type {(x: number, event: any) => void} */ act) =>
			picture.addEventListener(name, (/** @type {any} */ event) => {
				const x = this.scale.back(event.clientX - picture.getBoundingClientRect().left);
				if (this.lines.length) act(nearest(this.lines.flatMap(({ points }) => points), x)[0], event);
			});
		on("pointermove", (x) => this.read(x));
		on("pointerleave", () => this.placeMarker());
		if (!this.content.picks) return;
		on("click", (x) => this.tell("naepo-pick", { x }));
		on("keydown", (_, event) => {
			if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
			event.preventDefault();
			event.stopPropagation();
			this.tell("naepo-pick", { by: event.key === "ArrowRight" ? 1 : -1 });
		});
	}
}

/** From numbers to pixels and back. @param {Point[]} points */
function scaleOf(points, width, height, log) {
	const ends = (/** @type {0 | 1} */ k) =>
		points.reduce(([low, high], point) => [Math.min(low, point[k]), Math.max(high, point[k])], [Infinity, -Infinity]);
	const [left, right] = points.length ? ends(0) : [0, 1];
	let [low, high] = points.length ? ends(1) : [1, 2];
	if (low === high) [low, high] = log ? [low / 1.5, high * 1.5] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
	const value = log ? Math.log10 : (y) => y;
	const [across, up] = [(width - EDGE.left - EDGE.right) / (right - left || 1), height - EDGE.top - EDGE.bottom];
	const x = (at) => EDGE.left + (at - left) * across;
	const y = (at) => EDGE.top + ((value(high) - value(at)) / (value(high) - value(low))) * up;
	return { left, right, low, high, x, y, back: (pixel) => left + (pixel - EDGE.left) / across };
}

customElements.define("naepo-chart", NaepoChart);
