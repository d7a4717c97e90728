// Elements tell what happened to them; what was selected anywhere is told to the whole page, which takes it into its state.

/** @param {any} [detail] */
export const tell = (from, event, detail) => from.dispatchEvent(new CustomEvent(event, { bubbles: true, detail }));

/** @param {any} detail patch for the state */
export const select = (from, detail) => tell(from, "naepo-select", detail);

/** Listen to what an element tells. @param {(detail: any) => void} act */
export const on = (element, event, act) => element.addEventListener(event, (/** @type {CustomEvent} */ { detail }) => act(detail));
