// The nearest ids, measured in the full space: the honest view beside any picture in the plane.

import { getJSON } from "../core/api.js";
import { h, note, number, select, t, tableElement } from "./stage.js";

/** @param {number | null} id */
export async function neighbourList(model, checkpoint, id) {
	const heading = h("h3", {}, t("map.neighbours"));
	if (id === null) return [heading, note(t("map.choose_id"))];
	/** @type {{neighbours: {id: number, label: string, cosine: number, distance: number}[]}} */
	const { neighbours } = await getJSON("/look/neighbours", { model, checkpoint, id, top: 20 });
	const rows = neighbours.map(({ id: near, label, cosine, distance }) => {
		const click = () => select(button, { id: near });
		const button = h("button", { class: "quiet token-name", onclick: click }, label);
		return [button, near, cosine, distance].map((cell) => (typeof cell === "number" && !Number.isInteger(cell) ? number(cell) : cell));
	});
	const head = [t("map.text"), t("op.id"), t("map.cosine"), t("map.distance")];
	return [heading, note(t("map.neighbours_note", { id })), tableElement({ head, rows })];
}
