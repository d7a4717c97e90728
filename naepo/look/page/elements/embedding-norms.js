// The length of each row of the embedding, read in pieces that the server is willing to send.

import { getTensor } from "../core/api.js";
import { rowOf, t } from "./stage.js";

const CELLS = 4_000_000; // a piece
const MOST = 24_000_000; // beyond, reading the whole matrix to colour points is not worth its 100 MB

/** @returns {Promise<Float32Array>} */
export async function embeddingNorms(model, checkpoint) {
	const { vocab_size: vocab, d_model: width } = model.settings;
	if (vocab * width > MOST) throw new Error(t("map.norms_too_large", { cells: vocab * width }));
	const norms = new Float32Array(vocab);
	const step = Math.max(1, Math.floor(CELLS / width));
	for (let from = 0; from < vocab; from += step) {
		const at = `${from}:${Math.min(vocab, from + step)},:`;
		const { data } = await getTensor("/look/weight", { model: model.key, checkpoint, name: "embedding.weight", at });
		for (let row = 0; row * width < data.length; row++) norms[from + row] = Math.sqrt(rowOf(data, row, width).reduce((sum, x) => sum + x * x, 0)); // NaN stays NaN
	}
	return norms;
}
