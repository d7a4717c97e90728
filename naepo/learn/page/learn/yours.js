// The same operation in the reader's own model, or how to make one.

import { getJSON } from "../core/api.js";
import { h } from "../core/dom.js";
import { language, t } from "../core/i18n.js";
import { trouble } from "../elements/part.js";
import { speaksOf } from "./links.js";

/** @type {Promise<any> | null} */
let about = null; // models do not change while the page is open

const HOW = "naepo train python-docs --minutes 2 --out runs/first\nnaepo learn --run runs/first";

/** @param {HTMLElement} place */
export async function yours(place, sees, state, hasModel) {
	const heading = h("h2", {}, t("learn.yours"));
	if (!hasModel) return place.replaceChildren(heading, h("p", {}, t("learn.no_model")), h("pre", { tabIndex: 0 }, HOW));
	place.replaceChildren(heading, h("p", { class: "note" }, t("learn.opening")));
	try {
		about ??= getJSON("/look/about");
		const { models } = await about;
		return place.replaceChildren(heading, h("p", {}, t("learn.yours_says")), ...models.map((model) => linksOf(model, sees, state)));
	} catch (error) {
		about = null;
		return place.replaceChildren(heading, trouble(error));
	}
}

function linksOf(model, sees, state) {
	const found = sees.map((see) => ({ see, op: model.ops.find((op) => speaksOf(see, op)) })).filter(({ op, see }) => op || !see.kind);
	const link = ({ see, op }) => {
		const query = new URLSearchParams({ view: see.view, ...(op && { op: op.name }), model: model.key, lang: language(), ...(state.theme && { theme: state.theme }) });
		return h("li", {}, h("a", { href: `./#${query}`, class: "see" }, h("code", {}, op?.name ?? see.view)));
	};
	return h("div", {}, h("p", { class: "note" }, model.name), h("ul", { class: "sees" }, found.map(link)));
}
