// Ask for a map and wait for it: PCA comes at once, t-SNE and UMAP take their time on the server.

import { getJSON, getTensor, postJSON } from "../core/api.js";

const FIRST_WAIT = 200; // milliseconds between two questions, growing to
const LONGEST_WAIT = 2000;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * @param {Record<string, any>} asked model, checkpoint, method, seed and the knob of the method
 * @param {() => boolean} isWanted false once another map is asked for
 * @returns {Promise<{map: any, points: Float32Array}>}
 */
export async function laidOut(asked, isWanted) {
	let map = await postJSON("/look/map", asked);
	for (let wait = FIRST_WAIT; map.state === "running" && isWanted(); wait = Math.min(LONGEST_WAIT, wait * 1.5)) {
		await pause(wait);
		map = await getJSON("/look/map", { map: map.map });
	}
	if (map.state !== "done") throw Object.assign(new Error(map.message ?? map.state), { hint: map.hint });
	const { data } = await getTensor("/look/map/points", { map: map.map });
	return { map, points: data };
}
