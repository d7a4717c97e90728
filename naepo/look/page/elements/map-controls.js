// The knobs of the map: method, its seed and its one parameter, and what the colours mean.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";

/** @typedef {import("../views/map.js").Choice} Choice */

const METHODS = /** @type {const} */ (["pca", "tsne", "umap"]);
const COLOURS = /** @type {const} */ (["script", "frequency", "norm"]);

/**
 * @param {string} name
 * @param {number} value
 * @param {{min: number, max: number}} range
 * @param {(value: number) => void} tell
 */
function numberField(name, value, { min, max }, tell) {
  const input = h("input", { type: "number", value: String(value), min, max, step: 1 });
  input.addEventListener("change", () => {
    const wanted = Number(input.value);
    if (Number.isFinite(wanted)) tell(Math.max(min, Math.min(max, wanted)));
  });
  return h("label", { class: "field" }, name, input);
}

/** @param {any} reducers @param {Choice} choice @param {(patch: Partial<Choice>) => void} tell */
function methods(reducers, choice, tell) {
  const buttons = METHODS.map((method) =>
    h(
      "button",
      {
        type: "button",
        class: "chip",
        "aria-pressed": String(method === choice.method),
        disabled: !reducers[method],
        title: reducers[method] ? "" : (reducers.hint ?? ""),
        on: { click: () => tell({ method }) },
      },
      t(`map.method_${method}`),
    ),
  );
  const missing = METHODS.some((method) => !reducers[method]);
  const hint = missing && reducers.hint ? h("span", { class: "note" }, t("map.missing"), " ", h("code", {}, reducers.hint)) : null;
  return h("div", { class: "field", role: "group", "aria-label": t("map.method") }, buttons, hint);
}

/** @param {HTMLElement} place @param {any} reducers @param {Choice} choice @param {(patch: Partial<Choice>) => void} tell @param {boolean} hasNotes */
export function mapControls(place, reducers, choice, tell, hasNotes = false) {
  const key = JSON.stringify([reducers, { ...choice, query: "" }, t("map.method"), hasNotes]);
  if (place.dataset.key === key) return; // the same knobs: a hand may be on one of them
  place.dataset.key = key;
  const seeded = choice.method !== "pca";
  const colours = hasNotes ? [...COLOURS, "pitch"] : COLOURS;
  const select = h(
    "select",
    {},
    colours.map((colour) => h("option", { value: colour, selected: colour === choice.colour }, t(`map.colour_${colour}`))),
  );
  select.addEventListener("change", () => tell({ colour: /** @type {Choice["colour"]} */ (select.value) }));
  const knobs = [
    seeded && numberField(t("map.seed"), choice.seed, { min: 0, max: 2 ** 31 - 1 }, (seed) => tell({ seed })),
    choice.method === "tsne" &&
      numberField(t("map.perplexity"), choice.perplexity, { min: 2, max: 200 }, (perplexity) => tell({ perplexity })),
    choice.method === "umap" &&
      numberField(t("map.neighbours_used"), choice.neighbours, { min: 2, max: 200 }, (neighbours) => tell({ neighbours })),
  ].filter((knob) => knob !== false);
  place.replaceChildren(methods(reducers, choice, tell), ...knobs, h("label", { class: "field" }, t("map.colour"), select));
}
