// A square of all positions by all positions, for every head, is too much of a long prompt: its rows then come as a window.

const MOST = 1_500_000; // numbers of one tensor

/**
 * The rows from `from` up to `to` that hold a position. Windows overlap, and begin at few places, so that a step aside
 * seldom asks for another.
 * @param {number} heads @param {number} time @param {number} position @returns {{from: number, to: number, isWhole: boolean}}
 */
export function rowWindow(heads, time, position, most = MOST) {
	const rows = Math.max(16, Math.floor(most / (heads * time)));
	if (rows >= time) return { from: 0, to: time, isWhole: true };
	const half = rows >> 1;
	const from = Math.max(0, Math.min(time - rows, Math.floor(position / half) * half - (half >> 1)));
	return { from, to: from + rows, isWhole: false };
}
