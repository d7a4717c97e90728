// What positions are called on an axis: by their place, so that repeated tokens stay apart; tokens that make one character
// only together share its glyph ("안 1/3").

/** @type {Map<string, string>} */
const SIGNS = new Map([[" ", "␣"], ["\n", "↵"], ["\t", "⇥"], ["\r", "␍"]]);

/** A text on one line. */
export const signed = (text) => [...text].map((each) => SIGNS.get(each) ?? each).join("");

/** The glyph of each token. */
export function glyphsOf({ tokens, groups = [] }) {
	/** @type {string[]} */
	const names = tokens.map((token) => token.label);
	for (const { start, end, text, kind } of groups) {
		if (end - start < 2 || kind !== "text" || text === null) continue;
		for (let at = start; at < end; at++) names[at] = `${signed(text)} ${at - start + 1}/${end - start}`;
	}
	return names;
}

/** One name a position. */
export const positionsOf = (run) => glyphsOf(run).map((glyph, at) => `${at} ${glyph}`);
