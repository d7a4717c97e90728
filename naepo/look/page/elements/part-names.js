// The parts of a model in words: "blocks.2.attention.head.1" → "block 2 · head 1".

import { has, t } from "../core/i18n.js";

/** @param {string | null} name of an op or a part; NaN outside the blocks */
export const blockOf = (name) => Number(/^blocks\.(\d+)\./.exec(name ?? "")?.[1] ?? NaN);

/** Block and head of a contribution, null when it is not a head's. */
export function headOf(name) {
	const head = /\.head\.(\d+)$/.exec(name);
	return head && { block: blockOf(name), head: Number(head[1]) };
}

/** @param {Record<string, any>} values */
const words = (key, name, values) => (has(key) ? t(key, values) : name);

/** @param {string} name of a contribution */
export function partName(name) {
	const kind = name.replace(/^blocks\.\d+\./, "").replace(/\.\d+$/, "").replaceAll(".", "_");
	return words(`path.part_${kind}`, name, { block: blockOf(name), head: headOf(name)?.head });
}

/** Where on the residual stream: "residual" is what block 0 reads. @param {boolean} [hasHeads] whether it is attention that adds to it */
export const stageName = (name, hasHeads = true) => {
	const last = name.split(".").pop();
	return words(`path.stage_${!hasHeads && last === "residual_1" ? "mixer_" : ""}${last}`, name, { block: blockOf(name) });
};
