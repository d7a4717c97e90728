// The formula of each kind of step, in MathML. Letters: x before, y after, W a weight [out, in], T positions.

import { h, math } from "../core/dom.js";

/** @typedef {import("../core/dom.js").Child} Child */

const i = (/** @type {string} */ name) => math("mi", name);
const n = (/** @type {string | number} */ value) => math("mn", String(value));
const o = (/** @type {string} */ sign) => math("mo", sign);
const text = (/** @type {string} */ words) => math("mtext", words);
const row = (/** @type {Child[]} */ ...parts) => math("mrow", ...parts);
const sub = (/** @type {Child} */ base, /** @type {Child} */ below) => math("msub", base, below);
const sup = (/** @type {Child} */ base, /** @type {Child} */ above) => math("msup", base, above);
const frac = (/** @type {Child} */ above, /** @type {Child} */ below) => math("mfrac", above, below);
const root = (/** @type {Child[]} */ ...inside) => math("msqrt", row(...inside));
const sum = (/** @type {Child} */ over, /** @type {Child} */ to = null) => (to ? math("munderover", o("∑"), over, to) : math("munder", o("∑"), over));
const call = (/** @type {string} */ name, /** @type {Child[]} */ ...inside) => row(math("mi", { mathvariant: "normal" }, name), o("("), ...inside, o(")"));
const turned = () => sup(i("W"), o("⊤"));
const times = () => o("⊙");

const meanSquare = () => [frac(n(1), i("d")), sum(i("j")), math("msubsup", i("x"), i("j"), n(2))];
const angle = () => sub(i("θ"), i("p"));

/** @type {Record<string, () => Child[]>} */
const FORMULAS = {
  embedding: () => [i("y"), o("="), sub(i("e"), text("id")), i("W"), o("="), i("W"), o("["), text("id"), o("]")],
  "position:learned": () => [i("y"), o("="), i("P"), o("["), i("p"), o("]")],
  "position:sinusoidal": () => [
    sub(i("y"), row(n(2), i("j"))), o("="), call("sin", angles()), o(","), math("mspace", { width: "0.5em" }),
    sub(i("y"), row(n(2), i("j"), o("+"), n(1))), o("="), call("cos", angles()),
  ], // prettier-ignore
  "begin:rotary": () => [i("x"), o("="), i("E"), o("["), text("id"), o("]")],
  "begin:learned": () => [i("x"), o("="), i("E"), o("["), text("id"), o("]"), o("+"), i("P"), o("["), i("p"), o("]")],
  "begin:sinusoidal": () => [i("x"), o("="), i("s"), o("·"), i("E"), o("["), text("id"), o("]"), o("+"), i("P"), o("["), i("p"), o("]")],
  residual: () => [i("y"), o("="), i("x"), o("+"), call("f", i("x"))],
  "norm:rms": () => [i("y"), o("="), frac(i("x"), root(...meanSquare(), o("+"), i("ε"))), times(), i("g")],
  "norm:layer": () => [i("y"), o("="), frac(row(i("x"), o("−"), i("μ")), root(sup(i("σ"), n(2)), o("+"), i("ε"))), times(), i("g"), o("+"), i("b")],
  linear: () => [i("y"), o("="), i("x"), o("·"), turned()],
  "linear:bias": () => [i("y"), o("="), i("x"), o("·"), turned(), o("+"), i("b")],
  "heads:split": () => [sub(i("y"), row(i("h"), i("p"))), o("="), sub(i("x"), i("p")), o("["), i("h"), i("d"), o(":"), o("("), i("h"), o("+"), n(1), o(")"), i("d"), o("]")],
  "heads:rotary": () => [math("mtable", math("mtr", math("mtd", sub(i("y"), i("a")))), math("mtr", math("mtd", sub(i("y"), i("b"))))), o("="), turn(), math("mtable", math("mtr", math("mtd", sub(i("x"), i("a")))), math("mtr", math("mtd", sub(i("x"), i("b")))))], // prettier-ignore
  scores: () => [sub(i("s"), row(i("p"), i("j"))), o("="), frac(row(sub(i("q"), i("p")), o("·"), sub(i("k"), i("j"))), root(sub(i("d"), text("head"))))],
  masked: () => [sub(i("s"), row(i("p"), i("j"))), o("="), o("−"), o("∞"), math("mspace", { width: "0.8em" }), text("j > p")],
  softmax: () => [sub(i("w"), row(i("p"), i("j"))), o("="), frac(sup(i("e"), sub(i("s"), row(i("p"), i("j")))), row(sum(row(i("m"), o("≤"), i("p"))), sup(i("e"), sub(i("s"), row(i("p"), i("m"))))))],
  mixed: () => [sub(i("y"), i("p")), o("="), sum(row(i("j"), o("≤"), i("p"))), sub(i("w"), row(i("p"), i("j"))), sub(i("v"), i("j"))],
  "activation:swiglu": () => [i("y"), o("="), call("silu", text("gate")), times(), text("up"), o(","), math("mspace", { width: "0.5em" }), call("silu", i("z")), o("="), frac(i("z"), row(n(1), o("+"), sup(i("e"), row(o("−"), i("z")))))],
  "activation:gelu": () => [i("y"), o("="), frac(i("u"), n(2)), o("("), n(1), o("+"), call("tanh", root(frac(n(2), i("π"))), o("("), i("u"), o("+"), n("0.044715"), sup(i("u"), n(3)), o(")")), o(")"), o(","), math("mspace", { width: "0.5em" }), i("u"), o("="), text("up")],
  "activation:relu2": () => [i("y"), o("="), sup(call("max", text("up"), o(","), n(0)), n(2))],
  prior: () => [i("y"), o("="), i("g"), o("·"), call("ln", sub(i("p"), text("n-gram")))],
  logits: () => [i("y"), o("="), text("output")],
  "logits:prior": () => [i("y"), o("="), text("output"), o("+"), text("prior")],
  probabilities: () => [sub(i("p"), text("id")), o("="), frac(sup(i("e"), sub(i("y"), text("id"))), row(sum(i("m")), sup(i("e"), sub(i("y"), i("m")))))],
}; // prettier-ignore

const angles = () => frac(i("p"), sup(n("10000"), frac(row(n(2), i("j")), i("d"))));

const turn = () => {
  const cell = (/** @type {Child[]} */ ...parts) => math("mtd", row(...parts));
  const [cos, sin] = [() => call("cos", angle()), () => call("sin", angle())];
  return row(o("("), math("mtable", math("mtr", cell(cos()), cell(o("−"), sin())), math("mtr", cell(sin()), cell(cos()))), o(")"));
};

/** Which formula an op has: its own, or that of its kind. @param {{formula: string, kind: string, weights: string[], inputs: string[]}} op */
export function formulaKey(op) {
  if (op.kind === "linear" && op.weights.length > 1) return "linear:bias";
  if (op.kind === "logits" && op.inputs.length > 1) return "logits:prior";
  return op.formula in FORMULAS ? op.formula : op.kind;
}

/** @param {{formula: string, kind: string, weights: string[], inputs: string[]}} op @returns {HTMLElement} */
export function formula(op) {
  const parts = FORMULAS[formulaKey(op)]?.() ?? [];
  return h("div", { class: "formula" }, math("math", { displaystyle: "true" }, row(...parts)));
}
