// The prompt as a score: pages that the server engraved from its notes, shown as pictures, which can run nothing.

import { getJSON } from "../core/api.js";
import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";

/** @param {any} run */
export async function score(run) {
	/** @type {{pages: string[]}} */
	const { pages } = await getJSON("/look/score", { run: run.run });
	const alt = t("music.score");
	const picture = (page) => {
		const src = URL.createObjectURL(new Blob([page], { type: "image/svg+xml" }));
		return h("img", { class: "score", src, alt, onload: () => URL.revokeObjectURL(src) });
	};
	return [h("h3", {}, alt), h("div", { class: "scroll", tabIndex: 0 }, pages.map(picture))];
}
