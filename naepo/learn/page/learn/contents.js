// The list of chapters; where there is little room, a field to choose from.

import { chooser, h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { tell } from "../core/select.js";

/** @param {any[]} all @param {string} chosen @returns {Node[]} */
export function Contents(all, chosen) {
	const entry = ({ key, number, title }) => {
		const open = () => tell(document, "naepo-learn", { chapter: key });
		return h("li", { value: number }, h("button", { class: "entry", dataset: { chapter: key }, "aria-current": key === chosen ? "page" : undefined, onclick: open }, h("span", { class: "number" }, number), title));
	};
	const options = all.map(({ key, number, title }) => /** @type {[string, string]} */ ([key, `${number}. ${title}`]));
	return [h("h2", {}, t("learn.contents")), h("ol", {}, all.map(entry)), chooser({ class: "contents-field", "aria-label": t("learn.contents") }, options, chosen, (chapter) => tell(document, "naepo-learn", { chapter }))];
}
