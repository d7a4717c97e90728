// From the page to the chapters: the one that a step of the model belongs to, and all of them.

import { getJSON } from "../core/api.js";
import { h } from "../core/dom.js";
import { language, t } from "../core/i18n.js";

/** @type {Map<string, Promise<any>>} */
const known = new Map();

function contents() {
	const spoken = language();
	if (!known.has(spoken)) known.set(spoken, getJSON("/look/learn/contents", { language: spoken }));
	return /** @type {Promise<any>} */ (known.get(spoken));
}

/** Whether a chapter speaks of a step: by its kind, and by the end of its name where that is given. */
export const speaksOf = (see, op) => see.kind === op.kind && (!see.name || op.name === see.name || op.name.endsWith(`.${see.name}`));

/** A link to the chapters that leads back to what is seen here now. */
function link(words, chapter, title = "") {
	const follow = ({ currentTarget }) => {
		const back = location.hash.slice(1);
		const { lang, theme } = Object.fromEntries(new URLSearchParams(back));
		const query = new URLSearchParams({ ...(chapter && { chapter }), ...(lang && { lang }), ...(theme && { theme }), back });
		currentTarget.href = `learn.html#${query}`;
	};
	return h("a", { class: "chapter-link", href: "learn.html", title, onclick: follow }, words);
}

/** @returns {HTMLElement} filled when the chapters are known */
export function chapterLinks(op) {
	const place = h("p", { class: "op-links" });
	contents()
		.then(({ chapters: all }) => {
			const found = all.filter(({ sees }) => sees.some((see) => speaksOf(see, op)));
			const links = found.map(({ number, title, key, question }) => link(`${number}. ${title}`, key, question));
			if (links.length) place.append(t("learn.read"), ...links);
		})
		.catch(() => {}); // the step is shown all the same
	return place;
}

export const allChapters = () => link(t("learn.chapters"), "");
