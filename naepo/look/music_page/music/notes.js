// The notes of a prompt: each once, with the positions of the ids that write it.

/**
 * @typedef {import("./sound.js").Note} Note
 * @typedef {Note & {at: number[]}} Written  at: positions, in order
 */

/** @param {{note?: Note | null}[]} tokens @returns {Written[]} */
export function notesOf(tokens) {
	/** @type {Map<string, Written>} */
	const found = new Map();
	tokens.forEach(({ note }, at) => {
		if (!note) return;
		const key = JSON.stringify([note.onset, note.voice, note.pitch]);
		const known = found.get(key) ?? { ...note, at: [] };
		known.at.push(at);
		found.set(key, known);
	});
	return [...found.values()];
}
