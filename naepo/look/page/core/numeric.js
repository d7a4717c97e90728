// Arithmetic on what the page shows. Sums are kept in float64, so that what it recomputes is at least as exact as the model.

/** @typedef {ArrayLike<number>} Numbers */

/** @param {Numbers} a @param {Numbers} b */
export function dot(a, b) {
	let sum = 0;
	for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
	return sum;
}

/**
 * x · Wᵀ (+ b): x is rows × inner, W is [out, in] = cols × inner, as a linear map keeps it.
 * @param {Numbers} x @param {Numbers} w @param {number} rows @param {number} inner @param {number} cols @param {Numbers | null} [b]
 */
export function linear(x, w, rows, inner, cols, b = null) {
	const y = new Float64Array(rows * cols);
	for (let r = 0; r < rows; r++) {
		for (let c = 0; c < cols; c++) {
			let sum = b ? b[c] : 0;
			for (let i = 0; i < inner; i++) sum += x[r * inner + i] * w[c * inner + i];
			y[r * cols + c] = sum;
		}
	}
	return y;
}

/** @param {Numbers} logits */
export function softmax(logits) {
	const found = new Float64Array(logits.length);
	let largest = -Infinity;
	for (let i = 0; i < logits.length; i++) largest = Math.max(largest, logits[i]);
	let sum = 0;
	for (let i = 0; i < logits.length; i++) sum += found[i] = Math.exp(logits[i] - largest);
	for (let i = 0; i < logits.length; i++) found[i] /= sum;
	return found;
}

/** The largest finite size. @param {Numbers} values */
export function maxAbs(values) {
	let largest = 0;
	for (let i = 0; i < values.length; i++) {
		const size = Math.abs(values[i]);
		if (size > largest && size < Infinity) largest = size;
	}
	return largest;
}

/** The length of a vector; what is no number is left out. @param {Numbers} x */
export const lengthOf = (x) => Math.sqrt(Array.from(x).reduce((sum, each) => (Number.isFinite(each) ? sum + each * each : sum), 0));

/** Where a signed scale ends: three standard deviations around 0, or the largest size if that is less. @param {Numbers} values */
export function threeSigma(values) {
	let [squares, n] = [0, 0];
	for (let i = 0; i < values.length; i++) {
		if (!Number.isFinite(values[i])) continue;
		squares += values[i] * values[i];
		n += 1;
	}
	return Math.min(maxAbs(values), 3 * Math.sqrt(squares / Math.max(1, n))) || 1;
}

/** The largest difference of two arrays. @param {Numbers} a @param {Numbers} b */
export function farthest(a, b) {
	let largest = 0;
	for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
	return largest;
}

/** The indices of all, the largest size first; of equal ones the lower index first. @param {Numbers} values */
export const bySize = (values) => Array.from(values, (_, i) => i).sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b);

/** The indices of the n largest values, largest first; of equal ones the lower index first. @param {Numbers} values @param {number} n */
export function largest(values, n) {
	/** @type {number[]} */
	const order = [];
	for (let i = 0; i < values.length; i++) {
		if (order.length === n && !(values[i] > values[order[n - 1]])) continue;
		let place = order.length;
		while (place > 0 && values[i] > values[order[place - 1]]) place -= 1;
		order.splice(place, 0, i);
		if (order.length > n) order.pop();
	}
	return order;
}
