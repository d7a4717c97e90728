// Every head of every layer as a cell: what it added to the logit directly, and how the logit changes without it.

import { getJSON, postTensor } from "../core/api.js";
import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { figure } from "./figure.js";
import "./heat.js";
import { headOf } from "./part-names.js";
import { trouble } from "./part.js";

const AT_ONCE = 64; // heads up to which the change is computed without asking: one run each

/** What was switched off already, by run, position and id; one answer is kept. */
const known = { key: "", values: /** @type {Promise<Float32Array> | null} */ (null) };

/** The change of a logit without each head, (layers, heads). @param {string} run @param {number} position @param {number} id */
function ablatedHeads(run, position, id) {
  const key = `${run} ${position} ${id}`;
  if (known.key !== key || !known.values) {
    known.key = key;
    known.values = postTensor("/look/ablate_heads", { run, position, id }).then(({ data }) => data);
    known.values.catch(() => (known.key = ""));
  }
  return known.values;
}

/**
 * @param {{title: string, name: string, note: string, values: ArrayLike<number>, layers: number, heads: number}} grid
 * @param {{block: number, head: number} | null} chosen
 */
function grid({ title, name, note, values, layers, heads }, chosen) {
  const picture = /** @type {import("./heat.js").NaepoHeat} */ (h("naepo-heat", {}));
  const rows = Array.from({ length: layers }, (_, block) => t("path.block", { block }));
  const columns = Array.from({ length: heads }, (_, head) => String(head));
  const selected = chosen && { row: chosen.block, column: chosen.head };
  picture.data = { rows, columns, values, kind: "signed", label: title, selected, width: 52 };
  picture.addEventListener("naepo-cell", (event) => {
    const { row, col } = /** @type {CustomEvent} */ (event).detail;
    const detail = { head: col, op: `blocks.${row}.attention.mixed`, view: "path" };
    picture.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail }));
  });
  const cells = (/** @type {number} */ row) => Array.from(values).slice(row * heads, (row + 1) * heads);
  const table = () => ({ head: [t("path.head_axis"), ...columns], rows: rows.map((row, i) => [row, ...cells(i)]) });
  return figure({ title, name, note, picture, table });
}

/** @param {any} context @param {number} position @param {number} id */
export async function headGrids({ run, model, state }, position, id) {
  const { n_layers: layers, n_heads: heads } = model.settings;
  const block = /^blocks\.(\d+)\./.exec(state.op ?? "");
  const chosen = block && Number.isInteger(state.head) ? { block: Number(block[1]), head: state.head } : null;
  const { parts } = await getJSON("/look/contributions", { run: run.run, position, id });
  const direct = new Float64Array(layers * heads).fill(NaN);
  for (const { name, value } of parts) {
    const at = headOf(name);
    if (at) direct[at.block * heads + at.head] = value;
  }
  const added = grid(
    { title: t("path.heads_added"), name: `heads-${position}-${id}`, note: t("path.heads_added_note"), values: direct, layers, heads },
    chosen,
  );
  const without = h("div", { class: "without" });
  const show = async () => {
    without.replaceChildren(h("p", { class: "note", role: "status" }, t("path.switching_off", { n: layers * heads })));
    try {
      const values = await ablatedHeads(run.run, position, id);
      const told = { title: t("path.heads_without"), name: `heads-off-${position}-${id}`, note: t("path.heads_without_note") };
      without.replaceChildren(grid({ ...told, values, layers, heads }, chosen));
    } catch (error) {
      without.replaceChildren(trouble(error));
    }
  };
  if (layers * heads <= AT_ONCE && run.tokens.length <= AT_ONCE) show();
  else without.append(h("button", { type: "button", on: { click: show } }, t("path.switch_off", { n: layers * heads })));
  return h("div", { class: "pair" }, added, without);
}
