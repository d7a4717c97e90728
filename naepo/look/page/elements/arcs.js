// <naepo-arcs>: from one position, an arc to each position that it looks at; the heavier the weight, the thicker the arc.

import { drawing, full, percent, select, svg, t } from "./stage.js";

const GAP = 10;
const FAINTEST = 0.002;

/** @typedef {{labels: string[], weights: ArrayLike<number>, position: number, label: string}} Arcs */

/** Width of a text on screen, roughly: wide letters count double. */
const widthOf = (text) => [...text].reduce((sum, letter) => sum + (/[\u1100-\u11ff\u3000-\uffef]/.test(letter) ? 12.5 : 7.2), 0);

class NaepoArcs extends HTMLElement {
	/** @param {Arcs} arcs */
	set content({ labels, weights, position, label }) {
		let x = 4;
		const places = labels.map((text) => {
			const width = Math.max(18, widthOf(text));
			const place = { x, middle: x + width / 2, width };
			x += width + GAP;
			return place;
		});
		const own = places[position];
		const reach = Math.max(...places.slice(0, position + 1).map(({ middle }) => own.middle - middle), 40);
		const high = Math.min(110, 24 + reach / 3);
		const picture = drawing(x, high + 40, label, { role: "group" });
		for (let seen = 0; seen <= position; seen++) picture.append(...this.#arc(places[seen].middle, own.middle, high, weights[seen], `${seen} ${labels[seen]}`));
		labels.forEach((text, at) => picture.append(this.#token(text, at, places[at], high, position, weights[at])));
		this.replaceChildren(picture);
		requestAnimationFrame(() => (this.scrollLeft = Math.max(0, own.middle - this.clientWidth / 2))); // once it is on the page
	}

	#arc(from, to, high, weight, name) {
		if (!(weight >= FAINTEST)) return [];
		const rise = high - Math.min(1.25 * high, 14 + Math.abs(to - from) / 2);
		const d = from === to ? `M${from - 5} ${high}C${from - 12} ${high - 22} ${from + 12} ${high - 22} ${from + 5} ${high}` : `M${from} ${high}C${from} ${rise} ${to} ${rise} ${to} ${high}`;
		const style = { "stroke-width": (0.5 + 7.5 * weight).toFixed(2), "stroke-opacity": (0.25 + 0.75 * weight).toFixed(2) };
		return [svg("path", { d, ...style }, svg("title", {}, `${name}: ${full(weight)}`))];
	}

	#token(text, at, { x, middle, width }, high, position, weight) {
		const click = () => select(this, { position: at });
		const key = (event) => event.key === "Enter" && click();
		const kind = at === position ? "own" : at > position ? "after" : "seen";
		const share = at <= position ? percent(weight) : "";
		const words = t("attention.arc_token", { position: at, token: text, share });
		return svg(
			"g",
			{ class: `token ${kind}`, tabindex: 0, role: "button", "aria-label": words, on: { click, keydown: key } },
			svg("rect", { x: x - 4, y: high, width: width + 8, height: 38, fill: "transparent" }),
			svg("text", { x: middle, y: high + 15, "text-anchor": "middle" }, text),
			svg("text", { x: middle, y: high + 31, "text-anchor": "middle", "font-size": 10, opacity: 0.7 }, at <= position ? short(weight) : ""),
		);
	}
}

const short = (weight) => (weight >= 0.995 ? "1" : weight < 0.005 ? "0" : weight.toFixed(2).slice(1));

customElements.define("naepo-arcs", NaepoArcs);
