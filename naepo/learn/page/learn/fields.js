// The numbers of a chapter: a field each, with arrows to step it; a vector can grow and shrink.

import { chooser, h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { tell } from "../core/select.js";
import { joined } from "./state.js";

export class Fields {
	constructor(fields) {
		this.all = fields.map((field) => new One(field, (text) => this.#typed(field.key, text)));
		this.again = h("button", { class: "quiet", onclick: () => tell(document, "naepo-learn", { fields: {} }) }, t("learn.again"));
		this.element = h("div", { class: "fields" }, this.all.map((one) => one.element), this.again);
		this.typed = {};
	}

	#typed(key, text) {
		this.typed = { ...this.typed, [key]: text };
		tell(document, "naepo-learn", { fields: this.typed });
	}

	update(fields, state) {
		this.typed = state.fields;
		this.again.hidden = !Object.keys(state.fields).length;
		fields.forEach((field, i) => this.all[i].update(field));
	}
}

class One {
	/** @param {(text: string) => void} typed */
	constructor(field, typed) {
		this.typed = typed;
		this.rows = h("div", { class: `inputs ${field.kind}` });
		this.wrong = h("p", { class: "trouble", role: "alert", hidden: true });
		this.shape = "";
		this.element = h("fieldset", { class: "field", dataset: { field: field.key } }, h("legend", {}, field.name), this.rows, this.wrong);
	}

	update(field) {
		const shape = field.rows.map((row) => row.length).join();
		if (shape !== this.shape) this.#build(field);
		this.shape = shape;
		const texts = field.rows.flat();
		this.inputs.forEach((input, i) => {
			if (input !== document.activeElement) input.value = texts[i];
			input.setAttribute("aria-invalid", String(Boolean(field.wrong)));
		});
		if (this.slider && this.slider !== document.activeElement) this.slider.value = texts[0];
		this.wrong.textContent = field.wrong ?? "";
		this.wrong.hidden = !field.wrong;
	}

	#build(field) {
		const { low, high, step, name } = field;
		this.slider = null;
		if (field.kind === "choice") {
			this.inputs = [chooser({ "aria-label": name }, field.options, field.rows[0][0], (text) => this.typed(text))];
			return this.rows.replaceChildren(...this.inputs);
		}
		const isText = field.kind === "text";
		const limits = isText ? { type: "text", maxLength: field.most } : { type: "number", min: String(low), max: String(high), step: String(step) };
		const input = (label, text) => h("input", { ...limits, value: text, "aria-label": label, on: { input: () => this.#read() } });
		const labels = (row, r) => row.map((_, c) => (field.rows.length > 1 ? `${name} [${r + 1}, ${c + 1}]` : row.length > 1 ? `${name} [${c + 1}]` : name));
		const grid = field.rows.map((row, r) => h("div", { class: "input-row" }, row.map((text, c) => input(labels(row, r)[c], text))));
		this.inputs = grid.flatMap((row) => [...row.children]);
		if (field.slides) {
			this.slider = h("input", { type: "range", min: String(low), max: String(high), step: String(step), value: field.rows[0][0], "aria-label": name, on: { input: () => this.#slid() } });
			grid[0].prepend(this.slider);
		}
		this.rows.replaceChildren(...grid);
		if (field.kind === "vector" && field.least < field.most) grid[0].append(...this.#sizes(field));
		return undefined;
	}

	/** Buttons for one number less and one more. */
	#sizes({ rows: [row], least, most, name }) {
		const say = (texts) => this.typed(texts.join(","));
		const less = h("button", { class: "quiet", disabled: row.length <= least, "aria-label": t("learn.less", { name }), onclick: () => say(this.#texts().slice(0, -1)) }, "−");
		const more = h("button", { class: "quiet", disabled: row.length >= most, "aria-label": t("learn.more", { name }), onclick: () => say([...this.#texts(), "1"]) }, "+");
		return [less, more];
	}

	#slid() {
		this.inputs[0].value = this.slider.value;
		this.#read();
	}

	#texts() {
		return this.inputs.map((input) => input.value);
	}

	/** Tell what is typed, once there is a number in every place. */
	#read() {
		const empty = this.inputs.some((input) => input.value === "");
		this.wrong.hidden = !empty;
		if (empty) return void (this.wrong.textContent = t("learn.empty"));
		const widths = this.shape.split(",").map(Number);
		const texts = this.#texts();
		this.typed(joined(widths.map((width) => texts.splice(0, width))));
	}
}
