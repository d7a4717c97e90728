// The nearest ids, measured in the full space: the honest view beside any picture in the plane.

import { getJSON } from "../core/api.js";
import { h } from "../core/dom.js";
import { full, number } from "../core/format.js";
import { t } from "../core/i18n.js";
import { select } from "./matrix-of.js";

/** @typedef {{id: number, label: string, cosine: number, distance: number}} Neighbour */

/** @param {Neighbour} neighbour */
function line({ id, label, cosine, distance }) {
  const click = () => select(button, { id });
  const button = h("button", { type: "button", class: "quiet token-name", on: { click } }, label);
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, button),
    h("td", {}, String(id)),
    h("td", { title: full(cosine) }, number(cosine)),
    h("td", { title: full(distance) }, number(distance)),
  );
}

/** @param {string} model @param {number} checkpoint @param {number | null | undefined} id */
export async function neighbourList(model, checkpoint, id) {
  const heading = h("h3", {}, t("map.neighbours"));
  if (id === null || id === undefined) return [heading, h("p", { class: "note" }, t("map.choose_id"))];
  /** @type {{neighbours: Neighbour[]}} */
  const { neighbours } = await getJSON("/look/neighbours", { model, checkpoint, id, top: 20 });
  const names = [t("map.text"), t("path.id"), t("map.cosine"), t("map.distance")];
  const head = h(
    "tr",
    {},
    names.map((name) => h("th", { scope: "col" }, name)),
  );
  return [
    heading,
    h("p", { class: "note" }, t("map.neighbours_note", { id })),
    h("table", { class: "neighbours" }, h("thead", {}, head), h("tbody", {}, neighbours.map(line))),
  ];
}
