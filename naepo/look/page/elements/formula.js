// The formula of each kind of step, written as one reads it and turned into MathML. Letters: x before, y after, W a weight
// [out, in], p a position. "_" and "^" take the next piece, {…} is one piece, "words" are words, ~ is a space.

import { h, math } from "../core/dom.js";

/** @type {Record<string, string>} */
const FORMULAS = {
	embedding: 'y = e_"id" W = W["id"]',
	"position:learned": "y = P[p]",
	"position:sinusoidal": "y_{2j} = sin(frac{p}{10000^frac{2j}{d}}), ~ y_{2j+1} = cos(frac{p}{10000^frac{2j}{d}})",
	"begin:rotary": 'x = E["id"]',
	"begin:learned": 'x = E["id"] + P[p]',
	"begin:sinusoidal": 'x = s · E["id"] + P[p]',
	residual: "y = x + f(x)",
	"norm:rms": "y = frac{x}{sqrt{frac{1}{d} ∑_j x_j^2 + ε}} ⊙ g",
	"norm:layer": "y = frac{x − μ}{sqrt{σ^2 + ε}} ⊙ g + b",
	linear: "y = x · W^⊤",
	"linear:bias": "y = x · W^⊤ + b",
	"heads:split": "y_{h p} = x_p[h d : (h+1) d]",
	"heads:rotary": "rows{y_a;y_b} = (rows{cos(θ_p)&−sin(θ_p);sin(θ_p)&cos(θ_p)}) rows{x_a;x_b}",
	scores: 's_{p j} = frac{q_p · k_j}{sqrt{d_"head"}}',
	masked: "s_{p j} = −∞ ~ (j > p)",
	softmax: "w_{p j} = frac{e^{s_{p j}}}{∑_{m≤p} e^{s_{p m}}}",
	mixed: "y_p = ∑_{j≤p} w_{p j} v_j",
	"activation:swiglu": 'y = silu("gate") ⊙ "up", ~ silu(z) = frac{z}{1+e^{−z}}',
	"activation:gelu": 'y = frac{u}{2} (1 + tanh(sqrt{frac{2}{π}} (u + 0.044715 u^3))), ~ u = "up"',
	"activation:relu2": 'y = {max("up", 0)}^2',
	"begin:plain": 'x = E["id"]',
	taps: "u_p = (x_{p − (k−1) d}, ~ …, ~ x_{p − d}, ~ x_p)",
	shifted: "y_p = h_{p − 1}, ~ y_0 = 0",
	"gate:sigmoid": "y = frac{1}{1 + e^{−x}}",
	"gate:tanh": "y = tanh(x)",
	"gate:bent": "y = x + frac{1}{2} ~ (x ≥ 0), ~ y = frac{1}{1 + e^{−x}} ~ (x < 0)",
	"state:cell": "c_p = f ⊙ c_{p − 1} + i ⊙ g",
	"state:hidden": "h_p = o ⊙ tanh(c_p)",
	"state:mean": "h_p = (1 − z) ⊙ h_{p − 1} + z ⊙ c",
	gated: 'y = "value" ⊙ frac{1}{1 + e^{−"gate"}}',
	prior: 'y = g · ln(p_"n-gram")',
	logits: 'y = "output"',
	"logits:prior": 'y = "output" + "prior"',
	probabilities: 'p_"id" = frac{e^{y_"id"}}{∑_m e^{y_m}}',
};

/** Read formulas: a piece at a time, from the front. */
class Reader {
	constructor(text) {
		/** @type {string[]} */ this.left = text.match(/"[^"]*"|[a-z]{2,}|[\d.]+|\S/g) ?? [];
	}

	/** All pieces up to a closing brace, as one. */
	row() {
		/** @type {Node[]} */
		const parts = [];
		while (this.left.length && !/^[};&]$/.test(String(this.left[0]))) parts.push(this.piece());
		return math("mrow", parts);
	}

	/** A piece with what hangs on it. */
	piece() {
		const isSum = this.left[0] === "∑";
		const base = this.plain();
		const below = this.after("_");
		const above = this.after("^");
		if (below && above) return math("msubsup", base, below, above);
		if (below) return math(isSum ? "munder" : "msub", base, below);
		return above ? math("msup", base, above) : base;
	}

	after(sign) {
		if (this.left[0] !== sign) return null;
		this.left.shift();
		return this.plain();
	}

	plain() {
		const word = this.left.shift() ?? "";
		if (word === "{") return this.closed(() => this.row());
		if (word === "frac") return math("mfrac", this.plain(), this.plain());
		if (word === "sqrt") return math("msqrt", this.plain());
		if (word === "rows") return this.table();
		if (word === "~") return math("mspace", { width: "0.5em" });
		if (word[0] === '"') return math("mtext", word.slice(1, -1));
		if (/\d/.test(word)) return math("mn", word);
		if (word.length > 1) return math("mi", { mathvariant: "normal" }, word);
		return math(/[a-zα-ω]/i.test(word) ? "mi" : "mo", word);
	}

	/** @template T @param {() => T} read */
	closed(read) {
		const found = read();
		this.left.shift(); // the brace
		return found;
	}

	/** Cells between "&", rows between ";". */
	table() {
		this.left.shift();
		const cells = [[math("mtd", this.row())]];
		while (this.left[0] !== "}") (this.left.shift() === ";" ? cells[cells.push([]) - 1] : cells[cells.length - 1]).push(math("mtd", this.row()));
		return this.closed(() => math("mtable", cells.map((row) => math("mtr", row))));
	}
}

export function formula({ formula: own, kind, weights, inputs }) {
	const variant = { linear: weights.length > 1 && "linear:bias", logits: inputs.length > 1 && "logits:prior" }[kind];
	const text = FORMULAS[variant || own] ?? FORMULAS[kind] ?? "";
	return written(text);
}

export const written = (text) => h("div", { class: "formula" }, math("math", { displaystyle: "true" }, new Reader(text).row()));
