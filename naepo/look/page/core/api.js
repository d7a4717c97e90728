// Asking the server: JSON for small tables, little-endian float32 for tensors. The key to the page goes along as a header.

import { tell } from "./select.js";

const KEY = "naepo-token";
const KEPT = 64;
const LARGEST_KEPT = 1 << 20; // numbers

/** @typedef {Record<string, string | number | null | undefined>} Params */
/** @typedef {{shape: number[], data: Float32Array, headers: Headers}} Tensor */

/** What the server said no to, with what can be done. */
export class ApiError extends Error {
	/** @param {string} message @param {string | null} hint @param {number} status */
	constructor(message, hint, status) {
		super(message);
		this.hint = hint;
		this.status = status;
	}
}

const token = keyOfThisPage();

/** Take the key out of the address once; it stays with this tab. */
function keyOfThisPage() {
	const given = new URLSearchParams(location.search).get("token");
	try {
		if (given) sessionStorage.setItem(KEY, given);
		return given ?? sessionStorage.getItem(KEY) ?? "";
	} catch {
		return given ?? ""; // a frame in a notebook may have no storage
	}
}

/** @type {Map<string, Promise<any>>} what was asked for and cannot change, newest last */
const kept = new Map();

/** @param {string} path @param {Params} [params] */
function address(path, params = {}) {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(params)) if (value !== null && value !== undefined) query.set(name, String(value));
	const text = query.toString();
	return text ? `${path}?${text}` : path;
}

/** @param {string} url @param {RequestInit} [options] */
async function ask(url, options = {}) {
	/** @type {Response} */
	let answer;
	try {
		answer = await fetch(url, { ...options, headers: { ...options.headers, "X-Naepo-Token": token } });
	} catch (error) {
		if (error instanceof DOMException && error.name === "AbortError") throw error;
		throw new ApiError("core.no_server", null, 0);
	}
	if (answer.ok) return answer;
	const said = await answer.json().catch(() => ({}));
	if (answer.status === 410) tell(document, "naepo-gone"); // the run is posted again, and all follows
	throw new ApiError(said.message ?? `${answer.status} ${answer.statusText}`, said.hint ?? null, answer.status);
}

/** Ask, unless it was asked before: for what cannot change. What failed may be asked again. @template T @param {() => Promise<T>} get @returns {Promise<T>} */
export function once(key, get) {
	const found = kept.get(key);
	if (found) {
		kept.delete(key);
		kept.set(key, found);
		return found;
	}
	const answer = get();
	kept.set(key, answer);
	answer.catch(() => kept.delete(key));
	if (kept.size > KEPT) kept.delete(/** @type {string} */ (kept.keys().next().value));
	return answer;
}

/** @param {Params} params */
const cannotChange = (params) => params.run !== undefined || params.checkpoint !== undefined;

/** @param {string} path @param {Params} [params] @returns {Promise<any>} */
export function getJSON(path, params = {}) {
	const url = address(path, params);
	const get = async () => (await ask(url)).json();
	return cannotChange(params) ? once(url, get) : get();
}

/** @param {unknown} body @param {AbortSignal} [signal] */
const post = (path, body, signal) =>
	ask(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" }, signal });

/** @param {string} path @param {unknown} body @param {AbortSignal} [signal] @returns {Promise<any>} */
export const postJSON = async (path, body, signal) => (await post(path, body, signal)).json();

/** @param {string} path @param {unknown} body @returns {Promise<Tensor>} */
export const postTensor = async (path, body) => tensorOf(await post(path, body));

/** @param {string} path @param {Params} [params] @returns {Promise<Tensor>} */
export async function getTensor(path, params = {}) {
	const url = address(path, params);
	const get = async () => tensorOf(await ask(url));
	if (!cannotChange(params)) return get();
	const found = await once(url, get);
	if (found.data.length > LARGEST_KEPT) kept.delete(url);
	return found;
}

/** @param {Response} answer @returns {Promise<Tensor>} */
async function tensorOf(answer) {
	const sizes = (answer.headers.get("X-Naepo-Shape") ?? "").split(",").filter(Boolean).map(Number);
	const bytes = await answer.arrayBuffer();
	return { shape: sizes, data: new Float32Array(bytes), headers: answer.headers };
}

/** A file that the server writes. @param {string} path @param {Params} params @returns {Promise<Blob>} */
export const getFile = async (path, params) => (await ask(address(path, params))).blob();
