// How the numbers of a weight or a step are spread, with what is no number and what lies far out counted.

import { getJSON } from "../core/api.js";
import { count, drawing, figure, full, h, number, svg, t } from "./stage.js";

const [WIDTH, HEIGHT, FOOT] = [640, 72, 16];

function picture({ edges, counts, min, max }, label) {
	const most = Math.max(1, ...counts);
	const wide = WIDTH / counts.length;
	const bars = counts.map((n, i) => {
		const high = n ? Math.max(1, (HEIGHT * n) / most) : 0;
		const words = `${full(edges[i])} … ${full(edges[i + 1])}: ${count(n)}`;
		return svg("rect", { x: i * wide, y: HEIGHT - high, width: Math.max(0.5, wide - 1), height: high }, svg("title", {}, words));
	});
	const [low, high] = [edges[0], edges[edges.length - 1]];
	const zero = low < 0 && high > 0 ? (-low / (high - low)) * WIDTH : null;
	const end = HEIGHT + FOOT - 3;
	return drawing(
		WIDTH,
		HEIGHT + FOOT,
		label,
		{ class: "histogram", width: "100%", height: null },
		bars,
		svg("text", { x: 0, y: end, class: min < low ? "beyond" : "" }, `${min < low ? "◂ " : ""}${number(low)}`),
		zero !== null && zero > 60 && zero < WIDTH - 60 ? svg("text", { x: zero, y: end, "text-anchor": "middle" }, "0") : null,
		svg("text", { x: WIDTH, y: end, "text-anchor": "end", class: max > high ? "beyond" : "" }, `${number(high)}${max > high ? " ▸" : ""}`),
	);
}

/** @param {import("../core/api.js").Params} asked model, checkpoint and name, or run and name */
export async function histogram(asked) {
	const found = await getJSON("/look/histogram", asked);
	const { edges, counts, n, nan, inf, outliers } = found;
	const name = String(asked.name);
	const said = { n: count(n), mean: number(found.mean), std: number(found.std), min: number(found.min), max: number(found.max) };
	const title = t("op.histogram", { name });
	const rows = counts.map((each, i) => [edges[i], edges[i + 1], each]);
	return figure({
		title,
		name: `${name}-histogram`,
		picture: h("div", {}, picture(found, `${title}. ${t("op.histogram_label", { bins: counts.length })}`)),
		table: () => ({ head: [t("op.lower"), t("op.upper"), t("op.count")], rows }),
		note: t("op.histogram_note", { ...said, outliers: count(outliers), nan: count(nan), inf: count(inf) }),
	});
}
