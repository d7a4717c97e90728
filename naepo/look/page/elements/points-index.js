// Which point is under the pointer, and which labels fit: the geometry of a map, without a screen.

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
    this.starts = new Uint32Array(this.columns * this.columns + 1);
    this.items = new Uint32Array(this.n);
    this.#sort();
  }

  /** @param {number} x @param {number} y */
  #cell(x, y) {
    /** @param {number} part */
    const clamp = (part) => Math.max(0, Math.min(this.columns - 1, Math.floor(part / this.step)));
    return [clamp(x - this.bounds.left), clamp(y - this.bounds.bottom)];
  }

  #sort() {
    const cells = new Uint32Array(this.n);
    for (let i = 0; i < this.n; i++) {
      const [column, row] = this.#cell(this.xy[2 * i], this.xy[2 * i + 1]);
      cells[i] = row * this.columns + column;
      this.starts[cells[i] + 1]++;
    }
    for (let c = 0; c < this.columns * this.columns; c++) this.starts[c + 1] += this.starts[c];
    const next = this.starts.slice();
    for (let i = 0; i < this.n; i++) this.items[next[cells[i]]++] = i;
  }

  /**
   * The point nearest to a place, or −1 when none is within the radius.
   * @param {number} x
   * @param {number} y
   * @param {number} radius
   */
  nearest(x, y, radius) {
    const [left, bottom] = this.#cell(x - radius, y - radius);
    const [right, top] = this.#cell(x + radius, y + radius);
    let best = -1;
    let closest = radius * radius;
    for (let row = bottom; row <= top; row++) {
      const from = this.starts[row * this.columns + left];
      const to = this.starts[row * this.columns + right + 1];
      for (let k = from; k < to; k++) {
        const i = this.items[k];
        const away = (this.xy[2 * i] - x) ** 2 + (this.xy[2 * i + 1] - y) ** 2;
        if (away <= closest) [best, closest] = [i, away];
      }
    }
    return best;
  }
}

/** @param {Float32Array} xy */
export function boundsOf(xy) {
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

/**
 * Labels that do not cover each other, in the order given; the first come, the first placed.
 * @param {Iterable<number>} candidates ids, the most important first
 * @param {(id: number) => {x: number, y: number, width: number} | null} measure null: not on the screen
 * @param {{height: number, most: number, width: number, tall: number}} options height of a line, most labels, screen
 */
export function greedyLabels(candidates, measure, options) {
  const cell = options.height;
  const columns = Math.ceil(options.width / cell) + 1;
  const taken = new Uint8Array(columns * (Math.ceil(options.tall / cell) + 2));
  /** @type {{id: number, x: number, y: number}[]} */
  const placed = [];
  for (const id of candidates) {
    const box = measure(id);
    if (!box) continue;
    const row = Math.floor(box.y / cell);
    const first = Math.max(0, Math.floor(box.x / cell));
    const last = Math.min(columns - 1, Math.floor((box.x + box.width) / cell));
    let free = true;
    for (let r = row; r <= row + 1 && free; r++)
      for (let c = first; c <= last && free; c++) free = !taken[r * columns + c];
    if (!free) continue;
    for (let r = row; r <= row + 1; r++) taken.fill(1, r * columns + first, r * columns + last + 1);
    placed.push({ id, x: box.x, y: box.y });
    if (placed.length >= options.most) break;
  }
  return placed;
}
