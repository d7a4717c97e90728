// What the embedding, every head and every feed-forward added to one logit: signed bars that sum to it.

import { getJSON } from "../core/api.js";
import { h } from "../core/dom.js";
import { number } from "../core/format.js";
import { t } from "../core/i18n.js";
import { figure } from "./figure.js";
import { headOf, partName } from "./part-names.js";
import { check } from "./part.js";

/** @typedef {{id: number, logit: number, parts: {name: string, value: number}[], sum: number, error: number}} Sums */

let bySize = false; // kept while the page is open: a manner of reading, not a part of the state

/** @param {Sums} sums @param {any} state */
function bars({ parts }, state) {
  const shown = bySize ? [...parts].sort((one, other) => Math.abs(other.value) - Math.abs(one.value)) : parts;
  const block = Number(/^blocks\.(\d+)\./.exec(state.op ?? "")?.[1] ?? NaN);
  const picture = /** @type {import("./bars.js").NaepoBars} */ (h("naepo-bars", { class: "tall" }));
  picture.data = {
    label: t("path.contributions"),
    bars: shown.map(({ name, value }) => {
      const head = headOf(name);
      return { name: partName(name), value, title: name, chosen: head?.block === block && head?.head === state.head };
    }),
  };
  picture.addEventListener("naepo-bar", (event) => {
    const { name } = shown[/** @type {CustomEvent} */ (event).detail.index];
    const detail = selection(name);
    if (!detail) return;
    picture.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail: { ...detail, view: "path" } }));
  });
  return picture;
}

/** What choosing a part means for the state. @param {string} name */
function selection(name) {
  const head = headOf(name);
  if (head) return { head: head.head, op: `blocks.${head.block}.attention.mixed` };
  const mlp = /^blocks\.(\d+)\.mlp$/.exec(name);
  if (mlp) return { op: `blocks.${mlp[1]}.mlp.down` };
  return ["embedding", "position", "prior"].includes(name) ? { op: name } : null;
}

/** The sums over kinds of parts: embedding, all heads, all feed-forwards. @param {Sums} sums */
function groups({ parts }) {
  const total = (/** @type {RegExp} */ kind) => parts.filter(({ name }) => kind.test(name)).reduce((sum, { value }) => sum + value, 0);
  return t("path.groups", {
    embedding: number(total(/^(embedding|position)$/)),
    heads: number(total(/attention/)),
    mlps: number(total(/\.mlp$/)),
    rest: number(total(/^(prior|norm|output)/)),
  });
}

/** @param {any} run @param {number} position @param {number} id @param {any} state */
export async function contributions(run, position, id, state) {
  /** @type {Sums} */
  const sums = await getJSON("/look/contributions", { run: run.run, position, id });
  const holder = h("div", {}, bars(sums, state));
  const order = h("button", { type: "button", class: "quiet", "aria-pressed": String(bySize) }, t("path.by_size"));
  order.addEventListener("click", () => {
    bySize = !bySize;
    order.setAttribute("aria-pressed", String(bySize));
    holder.replaceChildren(bars(sums, state));
  });
  const size = sums.parts.reduce((sum, { value }) => sum + Math.abs(value), 0);
  const table = () => ({
    head: [t("path.part"), t("path.contribution")],
    rows: [...sums.parts.map(({ name, value }) => [name, value]), [t("path.sum"), sums.sum], [t("path.logit"), sums.logit]],
  });
  const words = t("path.sum_is_logit", { sum: number(sums.sum), logit: number(sums.logit) });
  return [
    figure({
      title: t("path.contributions"),
      name: `contributions-${position}-${id}`,
      picture: holder,
      note: t("path.contributions_note"),
      tools: [order],
      table,
    }),
    h("p", { class: "finding" }, groups(sums)),
    check(words, sums.error, 1e-5 * Math.max(1, size), number),
  ];
}
