// The state of the page: one plain object, mirrored in the address so that a link restores it.

/** @typedef {Record<string, any>} State */

/** What each key is when nobody has said anything; its type tells how the address is read. @type {State} */
export const DEFAULTS = {
	model: null,
	checkpoint: null,
	text: null,
	ids: null,
	view: "attention",
	op: null,
	position: null,
	head: 0,
	unit: null,
	row: null,
	col: null,
	id: null,
	changes: [],
	temperature: 1,
	topK: null,
	topP: null,
	minP: null,
	seed: 0,
	other: null,
	voice: null,
	map: { method: "pca", seed: 0, perplexity: 30, neighbours: 15, colour: "script", query: "" },
	lang: null,
	theme: null,
};

const NUMBERS = new Set(["checkpoint", "position", "head", "unit", "row", "col", "id", "temperature", "topK", "topP", "minP", "seed", "voice"]);
const OBJECTS = new Set(["changes", "other", "map", "ids"]);

/** @type {State} */
let current = { ...DEFAULTS };
/** @type {Set<(state: State, changed: Set<string>) => void>} */
const listeners = new Set();

/** @returns {State} */
export const get = () => current;

/** Take over what is in the patch, write it into the address, and tell what has changed. @param {State} patch */
export function set(patch) {
	const changed = new Set(Object.keys(patch).filter((key) => !same(current[key], patch[key])));
	if (!changed.size) return;
	current = { ...current, ...patch };
	history.replaceState(history.state, "", `${location.pathname}${location.search}#${encode(current)}`);
	for (const listener of [...listeners]) listener(current, changed);
}

/** @param {(state: State, changed: Set<string>) => void} listener @returns {() => void} to end it */
export function subscribe(listener) {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

/** @param {unknown} a @param {unknown} b */
const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

/** What differs from the defaults, as the part of the address behind "#". @param {State} state */
export function encode(state) {
	const query = new URLSearchParams();
	for (const [key, value] of Object.entries(state)) {
		if (same(value, DEFAULTS[key])) continue;
		query.set(key, OBJECTS.has(key) ? JSON.stringify(value) : value === null ? "" : String(value));
	}
	return query.toString();
}

/** The state that an address speaks of; what cannot be read is left out. @param {string} hash @returns {State} */
export function decode(hash) {
	/** @type {State} */
	const found = {};
	for (const [key, text] of new URLSearchParams(hash.replace(/^#\/?/, ""))) {
		if (!(key in DEFAULTS)) continue;
		const value = read(key, text);
		if (value !== undefined) found[key] = value;
	}
	return found;
}

function read(key, text) {
	if (NUMBERS.has(key)) {
		const value = Number(text);
		return text !== "" && Number.isFinite(value) ? value : undefined;
	}
	if (!OBJECTS.has(key)) return text;
	try {
		const value = JSON.parse(text);
		if (key === "map") return value && typeof value === "object" ? { ...DEFAULTS.map, ...value } : undefined;
		return (key === "changes" || key === "ids") && !Array.isArray(value) ? undefined : value;
	} catch {
		return undefined;
	}
}
