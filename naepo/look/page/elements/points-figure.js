// A map of ids as a figure: the points, the same as a table, and as files.

import { figure, h, t } from "./stage.js";
import "./points.js";

/** @param {any} points a naepo-points @param {string} name of the files */
export function pointsFigure(points, title, name, note) {
	points.setAttribute("aria-label", `${title}. ${t("map.hands")}`);
	const row = (id) => [id, points.names[id] ?? "", points.xy[2 * id], points.xy[2 * id + 1]];
	const table = () => ({
		head: [t("op.id"), t("map.text"), "x", "y"],
		rows: Array.from({ length: points.xy.length / 2 }, (_, id) => row(id)),
	});
	return figure({ title, name, note, picture: h("div", { class: "map-frame" }, points), source: () => points.picture(), table });
}
