// Which point is under the pointer, and which labels fit: the geometry of a map, without a screen.

function boundsOf(xy) {
	const bounds = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };
	for (let i = 0; i < xy.length; i += 2) {
		if (!Number.isFinite(xy[i]) || !Number.isFinite(xy[i + 1])) continue;
		if (xy[i] < bounds.left) bounds.left = xy[i];
		if (xy[i] > bounds.right) bounds.right = xy[i];
		if (xy[i + 1] < bounds.bottom) bounds.bottom = xy[i + 1];
		if (xy[i + 1] > bounds.top) bounds.top = xy[i + 1];
	}
	return bounds.left <= bounds.right ? bounds : { left: -1, right: 1, bottom: -1, top: 1 };
}

/** The points in square cells, about two a cell, so that a pointer asks only its neighbourhood. */
export class PointIndex {
	/** @param {Float32Array} xy places, two numbers a point */
	constructor(xy) {
		this.xy = xy;
		this.n = xy.length / 2;
		this.bounds = boundsOf(xy);
		const { left, right, bottom, top } = this.bounds;
		this.columns = Math.max(1, Math.min(1024, Math.ceil(Math.sqrt(this.n / 2))));
		this.step = Math.max(right - left, top - bottom, 1e-12) / this.columns;
		this.starts = new Uint32Array(this.columns ** 2 + 1);
		this.items = new Uint32Array(this.n);
		const cells = new Uint32Array(this.n);
		for (let i = 0; i < this.n; i++) {
			cells[i] = this.line(xy[2 * i + 1] - bottom) * this.columns + this.line(xy[2 * i] - left);
			this.starts[cells[i] + 1]++;
		}
		for (let c = 1; c < this.starts.length; c++) this.starts[c] += this.starts[c - 1];
		const next = this.starts.slice();
		for (let i = 0; i < this.n; i++) this.items[next[cells[i]]++] = i;
	}

	/** The row or column of a distance from the corner. */
	line(away) {
		return Math.max(0, Math.min(this.columns - 1, Math.floor(away / this.step)));
	}

	/** The point nearest to a place, −1 when none is within the radius. */
	nearest(x, y, radius) {
		const [right, up] = [x - this.bounds.left, y - this.bounds.bottom];
		let [best, closest] = [-1, radius * radius];
		for (let row = this.line(up - radius); row <= this.line(up + radius); row++) {
			const to = this.starts[row * this.columns + this.line(right + radius) + 1];
			for (let k = this.starts[row * this.columns + this.line(right - radius)]; k < to; k++) {
				const i = this.items[k];
				const away = (this.xy[2 * i] - x) ** 2 + (this.xy[2 * i + 1] - y) ** 2;
				if (away <= closest) [best, closest] = [i, away];
			}
		}
		return best;
	}
}

/**
 * Labels that do not cover each other, in the order given; the first come, the first placed.
 * @param {Iterable<number>} candidates ids, the most important first
 * @param {(id: number) => {x: number, y: number, width: number} | null} measure null: not on the screen
 * @param {{line: number, most: number, width: number, height: number}} options height of a line, most labels, screen
 */
export function greedyLabels(candidates, measure, { line, most, width, height }) {
	const columns = Math.ceil(width / line) + 1;
	const taken = new Uint8Array(columns * (Math.ceil(height / line) + 2));
	/** @type {{id: number, x: number, y: number}[]} */
	const placed = [];
	for (const id of candidates) {
		const box = measure(id);
		if (!box) continue;
		const first = Math.floor(box.y / line) * columns + Math.max(0, Math.floor(box.x / line));
		const wide = Math.min(columns, Math.floor((box.x + box.width) / line) + 1) - (first % columns);
		const rows = [first, first + columns];
		if (rows.some((from) => taken.subarray(from, from + wide).includes(1))) continue;
		for (const from of rows) taken.fill(1, from, from + wide);
		placed.push({ id, x: box.x, y: box.y });
		if (placed.length >= most) break;
	}
	return placed;
}
