// <naepo-bars>: signed bars on one axis, one a name. A bar can be chosen (naepo-bar {index}).

import { css, diverging } from "../core/colour.js";
import { drawing, svg } from "../core/dom.js";
import { full, number } from "../core/format.js";
import { Drawn, shortened } from "./drawn.js";

/**
 * @typedef {{name: string, value: number, other?: number, chosen?: boolean, title?: string, text?: string}} Bar
 *   other: a second value, drawn as a line across the bar; text: written in place of the number
 * @typedef {{bars: Bar[], label: string, plain?: boolean}} Bars  plain: shares, all of one tone
 */

const LINE = 20; // pixels a bar

class NaepoBars extends Drawn {
	paint(width) {
		/** @type {Bars} */
		const { bars, label, plain } = this.content;
		const margin = Math.min(width * 0.38, 14 + 7.4 * Math.max(1, ...bars.map(({ name }) => [...name].length)));
		const values = bars.flatMap(({ value, other }) => [value, other ?? 0]).filter(Number.isFinite);
		const [low, high] = [Math.min(0, ...values), Math.max(1e-30, ...values)];
		const scale = (width - margin - (plain ? 110 : 64)) / (high - low);
		const [zero, height, most] = [margin - low * scale, LINE * bars.length + 2, Math.max(high, -low)];
		const picture = drawing(width, height, label, { class: "bars" });
		const bar = (/** @type {Bar} */ one, i) => {
			const [y, value] = [i * LINE, Number.isFinite(one.value) ? one.value : 0];
			const [left, right] = [zero + Math.min(0, value) * scale, zero + Math.max(0, value) * scale];
			const fill = plain ? { class: "ink" } : { fill: css(diverging(value, most)) };
			const place = plain ? { x: width - 2, "text-anchor": "end" } : { x: right + 5 };
			const at = zero + (one.other ?? NaN) * scale;
			return svg(
				"g",
				{ class: `bar-line${one.chosen ? " chosen" : ""}`, on: { click: () => this.tell("naepo-bar", { index: i }) } },
				svg("title", {}, `${one.title ?? one.name}: ${one.text ?? full(one.value)}`),
				svg("rect", { class: "hit", x: 0, y, width, height: LINE, fill: "transparent" }),
				svg("text", { class: "axis", x: margin - 8, y: y + 14, "text-anchor": "end" }, shortened(one.name, Math.floor(margin / 6.6))),
				svg("rect", { x: left, y: y + 3, width: Math.max(0.5, right - left), height: LINE - 6, ...fill }),
				svg("text", { class: "cell", y: y + 14, ...place }, one.text ?? number(one.value)),
				Number.isFinite(at) && svg("line", { class: "other", x1: at, x2: at, y1: y + 1, y2: y + LINE - 1 }),
			);
		};
		picture.append(...bars.map(bar), svg("line", { class: "grid", x1: zero, x2: zero, y1: 0, y2: height }));
		this.frame.replaceChildren(picture);
	}
}

customElements.define("naepo-bars", NaepoBars);
