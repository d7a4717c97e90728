// <naepo-gathered>: the sources in a row, the results in a row, and an arrow from each result's source to it.

import { drawing, svg } from "../core/dom.js";
import { Drawn, shortened } from "../elements/drawn.js";

const [BOX, GAP] = [34, 72]; // pixels: height of a box, room for the arrows

class NaepoGathered extends Drawn {
	paint(width) {
		const { source, taken, results, names, caption } = this.content;
		const room = Math.min(96, width * 0.22);
		const step = Math.min(120, (width - room - 4) / Math.max(source.length, results.length));
		const letters = Math.max(2, Math.floor((step - 10) / 7.5));
		const middle = (i) => room + step * (i + 0.5);
		const low = 18 + BOX + GAP;
		const box = (text, i, y, kind, place) =>
			svg("g", { class: kind }, svg("title", {}, text), svg("rect", { x: middle(i) - step / 2 + 3, y, width: step - 6, height: BOX, rx: 4 }), svg("text", { x: middle(i), y: y + BOX / 2 + 5, "text-anchor": "middle" }, shortened(text, letters)), svg("text", { class: "axis", x: middle(i), y: y < GAP ? y - 4 : y + BOX + 13, "text-anchor": "middle" }, place));
		const isThere = (from) => from >= 0 && from < source.length;
		const arrow = (from, i) => {
			const start = isThere(from) ? middle(from) : from < 0 ? room : middle(source.length - 1) + step / 2;
			const [top, bottom] = [18 + BOX, low - 3];
			const path = `M${start} ${top} C${start} ${top + GAP / 2} ${middle(i)} ${bottom - GAP / 2} ${middle(i)} ${bottom}`;
			return svg("g", { class: isThere(from) ? "arrow" : "arrow wrong" }, svg("path", { d: path }), svg("path", { class: "tip", d: `M${middle(i) - 4} ${bottom - 7} L${middle(i)} ${bottom} L${middle(i) + 4} ${bottom - 7}` }));
		};
		const name = (text, y) => svg("text", { class: "axis", x: 0, y }, shortened(text, Math.floor(room / 7)));
		const height = low + BOX + 18;
		const picture = drawing(width, height, caption || names.join(", "), { class: "gathered" });
		picture.append(...taken.map(arrow), ...source.map((text, i) => box(text, i, 18, "source", i)), ...results.map((text, i) => box(text, i, low, "taken", `${names[1]} ${taken[i]}`)), name(names[0], 18 + BOX / 2 + 4), name(names[2], low + BOX / 2 + 4));
		this.frame.replaceChildren(picture);
	}
}

customElements.define("naepo-gathered", NaepoGathered);
