// The run on the other side: the same text, or the same ids where there is no text, through the other model.

import { postJSON } from "../core/api.js";
import { withReach } from "../core/runs.js";

/**
 * @param {any} context
 * @param {any} model
 * @param {number} checkpoint
 */
export async function otherRun({ run, other, state }, model, checkpoint) {
  const text = run.text ?? state.text;
  if (other?.tensor && other.model === model.key && other.checkpoint === checkpoint && other.text === text) return other;
  return withReach(await postJSON("/look/run", { model: model.key, checkpoint, text }), model);
}
