// The sheet above the points: marks, the chosen one, and as many names as fit without covering each other.

import { css } from "../core/colour.js";
import { penOf } from "../core/dom.js";
import { greedyLabels } from "./points-index.js";

const MOST = 160; // labels on one picture
const TRIED = 6000; // candidates looked at, so that a million points do not delay the hand
const LINE = 16; // pixels: height of a label

/** @typedef {import("./points.js").NaepoPoints} NaepoPoints */

/** @param {NaepoPoints} points @param {{x: number, y: number}} place */
const isInside = (points, { x, y }) => x >= 0 && x < points.clientWidth && y >= 8 && y < points.clientHeight - 8;

/** Ids to name: the chosen, the marked, then by importance. @param {NaepoPoints} points */
function* candidates(points) {
	const { selectedId, markedIds, order, xy } = points;
	const n = xy.length / 2;
	if (selectedId >= 0 && selectedId < n) yield selectedId;
	let tried = 0;
	for (const id of markedIds) if (id !== selectedId && tried++ < TRIED) yield id;
	for (let k = 0; !markedIds.size && k < n && tried < TRIED; k++) {
		const id = order ? order[k] : k;
		if (id === selectedId || !isInside(points, points.onScreen(id))) continue;
		tried++;
		yield id;
	}
}

/** @param {NaepoPoints} points */
function circle(pen, points, id, radius) {
	const { x, y } = points.onScreen(id);
	pen.beginPath();
	pen.arc(x, y, radius, 0, 2 * Math.PI);
}

/** Draw the sheet anew. @param {NaepoPoints} points */
export function drawSheet(points) {
	const { sheet, ratio, names, rgb, selectedId, markedIds, clientWidth: width, clientHeight: height } = points;
	const pen = penOf(sheet);
	const style = getComputedStyle(points);
	const accent = style.getPropertyValue("--accent").trim() || style.color;
	pen.setTransform(ratio, 0, 0, ratio, 0, 0);
	pen.clearRect(0, 0, width, height);
	for (const id of markedIds) {
		pen.fillStyle = css(rgb.subarray(3 * id, 3 * id + 3));
		circle(pen, points, id, points.size / 2 + 1.5);
		pen.fill();
	}
	Object.assign(pen, { font: `12px ${style.fontFamily}`, textBaseline: "top", strokeStyle: accent, lineWidth: 2, lineJoin: "round" });
	if (selectedId >= 0) {
		circle(pen, points, selectedId, points.size / 2 + 5);
		pen.stroke();
	}
	Object.assign(pen, { strokeStyle: style.backgroundColor, lineWidth: 3 });
	const measure = (id) => {
		const place = points.onScreen(id);
		if (!isInside(points, place)) return null;
		const long = pen.measureText(names[id] ?? "").width + 6;
		const away = id === selectedId ? 10 : 6; // the chosen one has a ring
		const left = place.x + away + long > width ? place.x - away - long : place.x + away;
		return { x: Math.max(0, left), y: place.y - LINE / 2, width: long };
	};
	for (const { id, x, y } of greedyLabels(candidates(points), measure, { line: LINE, most: MOST, width, height })) {
		pen.fillStyle = id === selectedId ? accent : style.color;
		pen.strokeText(names[id] ?? "", x, y + 2);
		pen.fillText(names[id] ?? "", x, y + 2);
	}
}
