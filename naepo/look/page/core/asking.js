// Waiting for numbers. What one key press asks for is shown in one frame: each frame costs a layout and a painting.

const PATIENCE = 60; // milliseconds that an answer waits for the others

let open = 0;
let timer = 0;
/** @type {(() => void)[]} */
let ready = [];

function show() {
	clearTimeout(timer);
	timer = 0;
	for (const goOn of ready.splice(0)) goOn();
}

/** Wait for an answer, and for all else that is asked now and is not slow. @template T @param {Promise<T>} answer @returns {Promise<T>} */
export async function together(answer) {
	let isSlow = false;
	const leave = () => {
		if (!isSlow) open -= 1;
		isSlow = true;
		if (!open) show();
	};
	open += 1;
	const slow = setTimeout(leave, PATIENCE);
	try {
		return await answer;
	} finally {
		clearTimeout(slow);
		const shown = new Promise((goOn) => ready.push(/** @type {() => void} */ (goOn)));
		timer ||= window.setTimeout(show, PATIENCE);
		leave();
		await shown;
	}
}

/** Do something when what is asked now is shown. @param {() => void} act */
export const along = (act) => together(Promise.resolve()).then(act);

/** What a part of the page asks for: an answer to an older question is dropped, and an element is busy until the newest is answered. */
export class Asking {
	constructor(element) {
		this.element = element;
		this.key = "";
	}

	/**
	 * Ask for what belongs to a key, unless it is already asked for; where that fails, it may be asked again.
	 * @template T @param {string} key what the answer depends on @param {() => Promise<T>} work @param {(found: T) => void} show @param {(error: any) => void} fail
	 */
	async ask(key, work, show, fail) {
		if (key === this.key) return;
		this.key = key;
		this.element.setAttribute("aria-busy", "true");
		try {
			const found = await together(work());
			if (this.key === key) show(found);
		} catch (error) {
			if (this.key !== key) return;
			this.key = "";
			fail(error);
		}
		if (this.key === key || this.key === "") this.element.removeAttribute("aria-busy");
	}
}
