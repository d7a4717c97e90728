// What a reader has typed and seen, mirrored in the address, so that a teacher can send it.

/**
 * @typedef {{chapter: string, fields: Record<string, string>, guess: string | null, shown: boolean, step: number, knob: number | null,
 *   answers: Record<string, string>, lang: any, theme: string | null, back: string | null}} State
 *   step: how many steps are open; back: the state of the page that one came from
 */

const OWN = new Set(["back", "chapter", "guess", "knob", "lang", "shown", "step", "theme"]);
const ANSWER = "answer."; // before the keys of exercises, so that they are no fields

/** @param {State} state */
export function encode(state) {
	const query = new URLSearchParams({ chapter: state.chapter });
	for (const [key, text] of Object.entries(state.fields)) query.set(key, text);
	for (const [key, text] of Object.entries(state.answers)) query.set(ANSWER + key, text);
	for (const key of /** @type {const} */ (["guess", "knob", "lang", "theme", "back"])) if (state[key] !== null) query.set(key, String(state[key]));
	if (state.shown) query.set("shown", "1");
	if (state.step > 1) query.set("step", String(state.step));
	return query.toString().replaceAll("%2C", ",").replaceAll("%3B", ";");
}

/** @param {string} hash @returns {State} */
export function decode(hash) {
	const query = new URLSearchParams(hash.replace(/^#\/?/, ""));
	/** @type {State} */
	const state = { chapter: "", fields: {}, guess: null, shown: query.get("shown") === "1", step: 1, knob: null, answers: {}, lang: null, theme: null, back: null };
	for (const [key, text] of query) {
		if (key.startsWith(ANSWER)) state.answers[key.slice(ANSWER.length)] = text;
		else if (!OWN.has(key)) state.fields[key] = text;
		else if (key === "step") state.step = whole(text) ?? 1;
		else if (key === "knob") state.knob = whole(text);
		else if (key === "lang") state.lang = text === "ko" ? "ko" : "en";
		else if (key !== "shown") state[/** @type {"guess"} */ (key)] = text;
	}
	return state;
}

const whole = (text) => (/^\d{1,3}$/.test(text) ? Number(text) : null);

/** The request for what is seen now. @param {State} state */
export const asked = ({ chapter, fields, guess, shown, knob, answers }, language) => ({ chapter, language, fields, guess, is_shown: shown, knob, answers });

/** The fields after a tip was moved by hand: "x" is a vector of two, "A.0" the first column of a matrix. @param {State} state */
export function moved(state, sheet, moves, x, y) {
	const [key, column] = moves.split(".");
	const rows = sheet.fields.find((field) => field.key === key).rows.map((row) => [...row]);
	if (column === undefined) rows[0] = [String(x), String(y)];
	else [rows[0][column], rows[1][column]] = [String(x), String(y)];
	return { ...state.fields, [key]: joined(rows) };
}

/** A field as it stands in the address. @param {string[][]} rows */
export const joined = (rows) => rows.map((row) => row.join(",")).join(";");
