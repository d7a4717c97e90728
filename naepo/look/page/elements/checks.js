// What must hold of the numbers on screen, with its error: green within the stated bound, red beyond.

import { h, has, language, note, t, told } from "./stage.js";

class Checks extends HTMLElement {
	set context({ run }) {
		const key = `${run.run} ${language()}`;
		if (key === this.dataset.key) return;
		this.dataset.key = key;
		const lines = run.checks.map((check) => line(check));
		const n = run.checks.filter(({ holds }) => !holds).length;
		const verdict = note(n ? t("answer.checks_fail", { n }) : t("answer.checks_hold", { n: run.checks.length }));
		this.replaceChildren(h("h2", {}, t("answer.checks")), verdict, ...lines);
	}
}

function line({ name, op, error, bound, holds }) {
	const key = `answer.check_${name}`;
	return told(name, (has(key) ? t(key) : name) + (!holds && op ? ` (${op})` : ""), error, bound);
}

customElements.define("naepo-checks", Checks);
