// The words of the page in English and Korean: keys "room.key", one file a room and language; the file leaves the
// room out.

let rooms = ["core", "top", "road", "answer", "changes", "op", "attention", "matrix", "path", "map", "training", "compare", "learn"];

/** @typedef {"en" | "ko"} Language */
/** @type {Record<string, string>} */
let words = {};
/** @type {Language[]} */
let [spoken, asked] = ["en", "en"];

/** @returns {Language} */
export const language = () => spoken;

/** The language that this person's browser asks for. @returns {Language} */
export const preferred = () => (navigator.languages.some((each) => each.startsWith("ko")) ? "ko" : "en");

/** Load a language; the page is to be drawn again afterwards. @param {Language} wanted @param {string[]} needed rooms of this page, also from now on */
export async function setLanguage(wanted, needed = rooms) {
	asked = wanted;
	rooms = needed;
	const files = await Promise.all(rooms.map((room) => load(room, wanted)));
	if (asked !== wanted) return; // another one was asked for meanwhile
	words = Object.assign({}, ...files);
	spoken = wanted;
	document.documentElement.lang = wanted;
}

/** Load the words of one more room, which not every page needs. */
export async function bring(room) {
	if (!rooms.includes(room)) rooms.push(room);
	await setLanguage(asked);
}

/** @param {Language} wanted @returns {Promise<Record<string, string>>} */
async function load(room, wanted) {
	const answer = await fetch(`i18n/${room}.${wanted}.json`);
	if (!answer.ok) throw new Error(`i18n/${room}.${wanted}.json: ${answer.status}`);
	return Object.fromEntries(Object.entries(await answer.json()).map(([key, text]) => [`${room}.${key}`, text]));
}

/** The words for a key, with {name} filled in; the key itself where there are none. @param {string} key @param {Record<string, unknown>} [values] */
export function t(key, values = {}) {
	const text = words[key] ?? key;
	return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Whether there are words for a key. @param {string} key */
export const has = (key) => key in words;
