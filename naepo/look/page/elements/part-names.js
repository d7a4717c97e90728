// The parts of a model in words: "blocks.2.attention.head.1" → "block 2 · head 1".

import { t } from "../core/i18n.js";

/** @param {string} name of a contribution */
export function partName(name) {
  const head = /^blocks\.(\d+)\.attention\.head\.(\d+)$/.exec(name);
  if (head) return t("path.part_head", { block: head[1], head: head[2] });
  const bias = /^blocks\.(\d+)\.attention\.bias$/.exec(name);
  if (bias) return t("path.part_attention_bias", { block: bias[1] });
  const mlp = /^blocks\.(\d+)\.mlp$/.exec(name);
  if (mlp) return t("path.part_mlp", { block: mlp[1] });
  const known = { embedding: 1, position: 1, prior: 1, "norm.bias": 1, "output.bias": 1 };
  return name in known ? t(`path.part_${name.replace(".", "_")}`) : name;
}

/** Where on the residual stream: "residual" is what block 0 reads. @param {string} name */
export function stageName(name) {
  const after = /^blocks\.(\d+)\.(residual_[12])$/.exec(name);
  if (after) return t(`path.stage_${after[2]}`, { block: after[1] });
  return ["residual", "embedding"].includes(name) ? t("path.stage_residual") : name;
}

/** Block and head of a contribution, null when it is not a head's. @param {string} name */
export function headOf(name) {
  const parts = /^blocks\.(\d+)\.attention\.head\.(\d+)$/.exec(name);
  return parts && { block: Number(parts[1]), head: Number(parts[2]) };
}
