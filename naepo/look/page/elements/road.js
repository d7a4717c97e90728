// The model as a road: every step in the order of the data, a line each, with a strip of its real values at the selected
// position. It is laid out from the shape of the model, before any number arrives.

import { getTensor } from "../core/api.js";
import { diverging, sequential } from "../core/colour.js";
import { h } from "../core/dom.js";
import { number, shape } from "../core/format.js";
import { has, language, t } from "../core/i18n.js";
import { maxAbs } from "../core/numeric.js";

const WIDTH = 64;
const OPEN_BLOCKS = 4; // with more blocks, only the selected one is open at first
const SHARES = new Set(["softmax", "probabilities"]);

class Road extends HTMLElement {
  constructor() {
    super();
    this.key = "";
    this.drawn = "";
    /** @type {Map<string, any>} */ this.lines = new Map();
    this.followed = "";
    this.table = h("details", { class: "table-details" });
    this.table.addEventListener("toggle", () => this.#fill());
  }

  /** @param {any} context */
  set context(context) {
    this.now = context;
    const { model, state, run } = context;
    const key = `${model.key} ${language()}`;
    if (key !== this.key) this.#build(model, state);
    this.key = key;
    for (const [name, { line }] of this.lines) line.setAttribute("aria-current", String(name === state.op));
    this.#follow(state.op);
    if (!run) return;
    const drawn = `${run.run} ${state.position} ${state.theme} ${key}`;
    if (drawn !== this.drawn) this.#strips(run, state.position, drawn);
    this.drawn = drawn;
  }

  /** @param {any} model @param {any} state */
  #build(model, state) {
    this.lines.clear();
    const here = /^blocks\.(\d+)/.exec(state.op)?.[1];
    /** @type {any[]} */ const parts = [];
    let block = -1;
    for (const op of model.ops) {
      if (op.block === null) parts.push(this.#line(op));
      else if (op.block === block) parts.at(-1).append(this.#line(op));
      else {
        block = op.block;
        const open = model.settings.n_layers <= OPEN_BLOCKS || String(block) === here || block === 0;
        parts.push(h("details", { class: "block", open, dataset: { block } }, h("summary", {}, t("road.block", { block })), this.#line(op)));
      }
    }
    this.table.replaceChildren(h("summary", {}, t("road.table")));
    this.replaceChildren(h("h2", {}, t("road.title")), ...parts, this.table);
    this.setAttribute("aria-label", t("road.title"));
    this.drawn = "";
  }

  /** @param {any} op */
  #line(op) {
    const last = op.name.split(".").at(-1);
    const canvas = h("canvas", { width: WIDTH, height: 1, role: "img", class: "strip" });
    const range = h("span", { class: "range" });
    const sizes = h("span", { class: "sizes" }, shape(op.sizes.map((/** @type {number | null} */ size) => size ?? "T")));
    const words = has(`road.${last}`) ? h("span", { class: "words" }, t(`road.${last}`)) : null;
    const line = h(
      "button",
      { type: "button", class: `line ${op.kind}`, title: op.name, dataset: { op: op.name } },
      h("span", { class: "name" }, h("code", {}, last), words),
      canvas,
      sizes,
      range,
    );
    line.addEventListener("click", () => this.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail: { op: op.name } })));
    this.lines.set(op.name, { line, canvas, range, sizes, kind: op.kind });
    return line;
  }

  /** Open the block of the selected step, and bring its line into sight when it has changed. @param {string} op */
  #follow(op) {
    if (op === this.followed) return;
    this.followed = op;
    const line = this.lines.get(op)?.line;
    const block = line?.closest("details");
    if (block && !block.open) block.open = true;
    if (line && this.offsetParent) scrollIn(this.parentElement, line);
  }

  /** @param {any} run @param {number} position @param {string} drawn */
  async #strips(run, position, drawn) {
    for (const op of run.ops) {
      const { range, sizes, canvas } = this.lines.get(op.name);
      sizes.textContent = shape(op.shape);
      const strange = op.nan + op.inf && !op.name.endsWith(".masked") ? ` · ${t("road.strange", { nan: op.nan, inf: op.inf })}` : "";
      const words = t("road.range", { norm: number(op.norm ?? NaN), min: number(op.min ?? NaN), max: number(op.max ?? NaN) }) + strange;
      range.textContent = words;
      canvas.setAttribute("aria-label", `${op.name}: ${words}`);
    }
    this.#fill();
    const { data } = await getTensor("/look/strips", { run: run.run, position });
    if (this.drawn !== drawn) return;
    run.ops.forEach((/** @type {any} */ op, /** @type {number} */ i) => {
      const { canvas, kind } = this.lines.get(op.name);
      drawStrip(canvas, data.subarray(i * WIDTH, (i + 1) * WIDTH), SHARES.has(kind));
    });
    this.dataset.drawn = drawn;
  }

  /** The same figures as a real table, when it is open. */
  #fill() {
    const { run } = this.now ?? {};
    if (!this.table.open || !run) return;
    const head = ["name", "shape", "norm", "min", "max", "mean", "std", "nan", "inf"];
    const cells = (/** @type {any} */ op) => head.slice(2).map((name) => h("td", {}, number(op[name] ?? NaN)));
    const rows = run.ops.map((/** @type {any} */ op) => h("tr", {}, h("th", { scope: "row" }, op.name), h("td", {}, shape(op.shape)), cells(op)));
    const titles = h("tr", {}, head.map((name) => h("th", { scope: "col" }, t(`road.column_${name}`)))); // prettier-ignore
    const window_ = h("div", { class: "table-window", tabIndex: 0 }, h("table", {}, h("thead", {}, titles), h("tbody", {}, rows)));
    this.table.replaceChildren(h("summary", {}, t("road.table")), window_);
  }
}

/** @param {HTMLElement | null} column @param {HTMLElement} line */
function scrollIn(column, line) {
  if (!column) return;
  const above = line.getBoundingClientRect().top - column.getBoundingClientRect().top;
  if (above < 40 || above > column.clientHeight - 40) column.scrollTop += above - column.clientHeight / 2;
}

/** @param {HTMLCanvasElement} canvas @param {Float32Array} values padded with NaN @param {boolean} isShare */
function drawStrip(canvas, values, isShare) {
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const n = Math.max(1, values.length - padding(values));
  const limit = maxAbs(values) || 1;
  const image = pen.createImageData(WIDTH, 1);
  for (let x = 0; x < WIDTH; x++) {
    const value = values[Math.floor((x * n) / WIDTH)];
    if (Number.isNaN(value)) continue;
    const colour = isShare ? sequential(value / limit) : diverging(value, limit);
    image.data.set([...colour, 255], 4 * x);
  }
  pen.putImageData(image, 0, 0);
}

/** How many NaN stand at the end. @param {Float32Array} values */
function padding(values) {
  let n = 0;
  while (n < values.length && Number.isNaN(values[values.length - 1 - n])) n += 1;
  return n;
}

customElements.define("naepo-road", Road);
