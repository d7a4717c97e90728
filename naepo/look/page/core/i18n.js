// The words of the page in English and Korean: flat keys "room.key", one file a room and language.

const ROOMS = ["core", "top", "road", "answer", "changes", "op", "attention", "matrix", "path", "map", "training", "compare"];

/** @typedef {"en" | "ko"} Language */
/** @type {Record<string, string>} */
let words = {};
/** @type {Language} */
let spoken = "en";

/** @returns {Language} */
export const language = () => spoken;

/** The language that this person's browser asks for. @returns {Language} */
export const preferred = () => (navigator.languages.some((each) => each.startsWith("ko")) ? "ko" : "en");

/** Load a language; the page is to be drawn again afterwards. @param {Language} wanted */
export async function setLanguage(wanted) {
  const files = await Promise.all(ROOMS.map((room) => load(`i18n/${room}.${wanted}.json`)));
  words = Object.assign({}, ...files);
  spoken = wanted;
  document.documentElement.lang = wanted;
}

/** @param {string} path @returns {Promise<Record<string, string>>} */
async function load(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

/** The words for a key, with {name} filled in; the key itself where there are none. @param {string} key @param {Record<string, unknown>} [values] */
export function t(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Whether there are words for a key. @param {string} key */
export const has = (key) => key in words;
