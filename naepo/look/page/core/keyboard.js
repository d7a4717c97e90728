// Keys that work anywhere on the page, but not while somebody types or an element has taken the key.

import { select, tell } from "./select.js";

/** @param {EventTarget | null} target */
const isTyping = (target) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/**
 * @param {() => any} context
 * @param {any} keys the list of keys
 */
export function listen(context, keys) {
	document.addEventListener("keydown", (event) => {
		if (event.isComposing || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
		if (event.key === "Escape" && isTyping(event.target)) return /** @type {HTMLElement} */ (event.target).blur();
		if (isTyping(event.target)) return;
		const patch = patchOf(event.key, context(), keys);
		if (patch === null) return;
		event.preventDefault();
		if (Object.keys(patch).length) select(document, patch);
	});
}

/** What a key changes; null when it means nothing here. @param {string} key */
function patchOf(key, { state, model, run }, keys) {
	if (key === "?") return keys.toggle(), {};
	if (key === "/") return /** @type {any} */ (document.querySelector("#prompt"))?.focus(), {};
	if (key === "n" || key === "b") return tell(document, "naepo-step", key), {};
	if (key === "p") return tell(document, "naepo-play"), {};
	if (key === "ArrowLeft" || key === "ArrowRight") {
		const last = run ? run.tokens.length - 1 : 0;
		const step = key === "ArrowLeft" ? -1 : 1;
		return { position: Math.max(0, Math.min(last, state.position + step)) };
	}
	if (key === "ArrowUp" || key === "ArrowDown") {
		const names = model.ops.map((op) => op.name);
		const next = names.indexOf(state.op) + (key === "ArrowUp" ? -1 : 1);
		return next >= 0 && next < names.length ? { op: names[next] } : {};
	}
	if (key === "[" || key === "]") return otherBlock(state.op, key === "[" ? -1 : 1, model);
	if (/^[0-9]$/.test(key)) return Number(key) < model.settings.n_heads ? { head: Number(key) } : {};
	return null;
}

/** The same op one block up or down. */
function otherBlock(op, step, model) {
	const found = /^blocks\.(\d+)\.(.*)$/.exec(op);
	const block = found ? Number(found[1]) + step : step > 0 ? 0 : model.settings.n_layers - 1;
	if (block < 0 || block >= model.settings.n_layers) return {};
	return { op: `blocks.${block}.${found ? found[2] : "norm_1"}` };
}
