// Chance with a seed: splitmix32 (Steele et al. 2014, the mixing function of its 32-bit form), the same on every machine.

/** @param {number} seed @returns {() => number} uniform in [0, 1) */
export function seeded(seed) {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x9e3779b9) >>> 0;
		let mixed = state ^ (state >>> 16);
		mixed = Math.imul(mixed, 0x21f0aaad);
		mixed ^= mixed >>> 15;
		mixed = Math.imul(mixed, 0x735a2d97);
		mixed ^= mixed >>> 15;
		return (mixed >>> 0) / 4294967296;
	};
}

/** Draw one id from probabilities. @param {ArrayLike<number>} probabilities @param {number} uniform in [0, 1) */
export function draw(probabilities, uniform) {
	let left = uniform;
	let last = 0;
	for (let id = 0; id < probabilities.length; id++) {
		if (probabilities[id] === 0) continue;
		last = id;
		left -= probabilities[id];
		if (left < 0) return id;
	}
	return last;
}
