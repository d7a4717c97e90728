// Numbers as the page writes them: three significant digits at rest, all of them when asked.

const MINUS = "\u2212";

const sign = (x) => (x > 0 ? "+∞" : x < 0 ? `${MINUS}∞` : "NaN");

/** Three significant digits: 0.123, −1.10, 1.23e−5; NaN also for a number that could not be sent. @param {number | null | undefined} x */
export function number(x) {
	if (typeof x !== "number" || !Number.isFinite(x)) return sign(x);
	if (x === 0) return "0";
	const size = Math.abs(x);
	if (size < 1e-3 || size >= 1e5) return minus(x.toExponential(2).replace("e+", "e"));
	return minus(size >= 100 ? String(Math.round(x)) : x.toPrecision(3));
}

/** Every digit that a float32 has. @param {number} x */
export function full(x) {
	if (!Number.isFinite(x)) return sign(x);
	return minus(String(Number(x.toPrecision(9))));
}

/** A number as it stands in a product. @param {number} x */
export const factor = (x) => (x < 0 ? `(${number(x)})` : number(x));

/** A whole number with its thousands apart. @param {number} n */
export const count = (n) => String(Math.round(n)).replace(/\B(?=(\d{3})+(?!\d))/g, ",");

/** A probability: 41.2 %, 0.03 %, < 0.01 %. @param {number} p */
export function percent(p) {
	if (!Number.isFinite(p)) return sign(p);
	if (p > 0 && p < 1e-4) return "< 0.01 %";
	const shown = 100 * p;
	return `${shown >= 10 ? shown.toFixed(1) : shown.toFixed(2)} %`;
}

/** @param {ArrayLike<number>} sizes */
export const shape = (sizes) => Array.from(sizes, count).join(" × ");

const minus = (text) => text.replaceAll("-", MINUS);
