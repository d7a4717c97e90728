// What was selected anywhere is told to the whole page, which takes it into its state.

/** @param {EventTarget} from @param {any} detail patch for the state */
export const select = (from, detail) => from.dispatchEvent(new CustomEvent("naepo-select", { bubbles: true, detail }));
