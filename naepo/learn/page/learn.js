// The chapters: what is typed goes to Python, and all that is seen comes back computed. Nothing is calculated here.

import { getJSON, postJSON } from "./core/api.js";
import { forgetTheme } from "./core/colour.js";
import { h } from "./core/dom.js";
import { language, preferred, setLanguage, t } from "./core/i18n.js";
import { on } from "./core/select.js";
import { trouble } from "./elements/part.js";
import { Contents } from "./learn/contents.js";
import { Keys, listen } from "./learn/keys.js";
import { Sheet } from "./learn/sheet.js";
import { asked, decode, encode, moved } from "./learn/state.js";
import { Top } from "./learn/top.js";

/** @typedef {import("./learn/state.js").State} State */

const ROOMS = ["core", "top", "matrix", "path", "learn"]; // whose words are spoken here

const place = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

class Room {
	/** @param {State} state */
	constructor(state) {
		this.state = state;
		this.top = new Top();
		this.keys = new Keys();
		/** @type {any} */ this.sheet = null;
		/** @type {any[]} */ this.contents = [];
		this.hasModel = false;
		/** @type {Sheet | null} */ this.page = null;
		this.isAsking = false;
		this.isOld = false;
		this.drawn = ""; // chapter and language
	}

	start() {
		place("top").replaceChildren(this.top.element);
		document.body.append(this.keys.element);
		on(document, "naepo-learn", (patch) => this.take(patch));
		on(document, "naepo-moved", ({ moves, x, y }) => this.take({ fields: moved(this.state, this.sheet, moves, x, y) }));
		addEventListener("hashchange", () => this.follow(decode(location.hash)));
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
		listen({ turn: (by) => this.turn(by), keys: this.keys });
		this.paint();
	}

	/** Take over an address; what it leaves open stays as it is. @param {State} found */
	follow(found) {
		const { lang, theme, chapter } = this.state;
		this.take({ ...found, lang: found.lang ?? lang, theme: found.theme ?? theme, chapter: found.chapter || chapter }, true);
	}

	/** Take over what was typed or chosen; the address follows, unless it led here. @param {Partial<State>} patch */
	async take(patch, isThere = false) {
		const before = this.state;
		const isOther = patch.chapter !== undefined && patch.chapter !== before.chapter;
		const fresh = isOther ? { ...decode(""), lang: before.lang, theme: before.theme } : before;
		this.state = { ...fresh, ...patch };
		const hash = `#${encode(this.state)}`;
		if (isOther && !isThere) history.pushState(null, "", hash);
		else history.replaceState(history.state, "", hash);
		if (this.state.theme !== before.theme) this.paint();
		if (this.state.lang !== before.lang) await setLanguage(this.state.lang ?? preferred());
		await this.ask();
		if (isOther) this.arrive();
	}

	/** Ask for the sheet, one question at a time; what was typed meanwhile is asked afterwards. */
	async ask() {
		this.isOld = true;
		if (this.isAsking) return;
		this.isAsking = true;
		place("chapter").setAttribute("aria-busy", "true");
		try {
			while (this.isOld) {
				this.isOld = false;
				const [sheet, contents] = await Promise.all([postJSON("/look/learn/sheet", asked(this.state, language())), contentsOf(language())]);
				this.sheet = sheet;
				this.contents = contents.chapters;
				this.hasModel = contents.has_model;
			}
			this.show();
		} catch (error) {
			place("chapter").replaceChildren(trouble(error));
			this.drawn = "";
		} finally {
			this.isAsking = false;
			place("chapter").removeAttribute("aria-busy");
		}
	}

	show() {
		const { state, sheet } = this;
		const key = `${sheet.key} ${language()}`;
		if (key !== this.drawn) {
			this.drawn = key;
			document.title = `${sheet.title} · naepo`;
			this.page = new Sheet(sheet, this.hasModel);
			place("chapter").replaceChildren(...this.page.parts);
			place("contents").replaceChildren(...Contents(this.contents, sheet.key));
			place("contents").setAttribute("aria-label", t("learn.contents"));
			this.keys.draw();
		}
		this.top.draw(state);
		this.page?.update(sheet, state);
	}

	/** To the next chapter or the one before. */
	turn(by) {
		const next = this.contents.findIndex(({ key }) => key === this.sheet.key) + by;
		if (this.contents[next]) this.take({ chapter: this.contents[next].key });
	}

	arrive() {
		scrollTo(0, 0);
		place("chapter").focus({ preventScroll: true });
	}

	paint() {
		const isDark = this.state.theme ? this.state.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
		document.documentElement.dataset.theme = isDark ? "dark" : "light";
		forgetTheme();
		this.top.draw(this.state);
		this.page?.repaint();
	}
}

/** @type {Map<string, Promise<any>>} */
const known = new Map();

function contentsOf(spoken) {
	if (!known.has(spoken)) known.set(spoken, getJSON("/look/learn/contents", { language: spoken }));
	return known.get(spoken);
}

async function begin() {
	const state = decode(location.hash);
	state.lang ??= preferred();
	try {
		const [{ chapters: contents }] = await Promise.all([contentsOf(state.lang), setLanguage(state.lang, ROOMS)]);
		const isKnown = contents.some(({ key }) => key === state.chapter);
		const room = new Room({ ...state, chapter: isKnown ? state.chapter : contents[0].key });
		room.start();
		await room.ask();
	} catch (error) {
		place("chapter").replaceChildren(h("div", {}, trouble(error)));
	}
}

begin();
