// Building the page: elements, SVG and MathML from plain calls. Text is only ever a text node.

export const SVG = "http://www.w3.org/2000/svg";
const MATH = "http://www.w3.org/1998/Math/MathML";

/** @typedef {Node | string | number | null | undefined | false | readonly any[]} Child arrays hold children again */
/** @typedef {Record<string, any>} Props */

/**
 * An HTML element. Props: `class`, `on: {event: listener}`, `dataset`, `style: {name: value}`, any attribute with a dash,
 * and any property of the element.
 * @param {string} tag @param {Props | null} [props] @param {...Child} children @returns {any}
 */
export const h = (tag, props, ...children) => make(document.createElement(tag), tag === "button" ? { type: "button", ...props } : props, children, true);

/** Small print. @param {...Child} words */
export const note = (...words) => h("p", { class: "note" }, words);

/** A field to choose from: values and their words. @param {Props} props @param {[string | number, Child][]} options @param {string | number} chosen @param {(value: string) => void} tell */
export function chooser(props, options, chosen, tell) {
	const field = h("select", { onchange: () => tell(field.value), ...props }, options.map(([value, words]) => h("option", { value: String(value) }, words)));
	field.value = String(chosen);
	return field;
}

/** An SVG drawing of so many pixels. @param {number} width @param {number} height @param {string} label @param {Props} [props] @param {...Child} children */
export const drawing = (width, height, label, props, ...children) => svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, ...props }, children);

/** @returns {CanvasRenderingContext2D} */
export const penOf = (canvas, /** @type {any} */ manner) => canvas.getContext("2d", manner);

/** An SVG element; props are attributes. @param {string} tag @param {Props | null} [props] @param {...Child} children */
export const svg = (tag, props, ...children) => make(document.createElementNS(SVG, tag), props, children, false);

/** A MathML element; props are attributes. @param {string} tag @param {...(Child | Props)} children */
export function math(tag, ...children) {
	const element = document.createElementNS(MATH, tag);
	const [first, ...rest] = children;
	if (isProps(first)) return make(element, first, /** @type {Child[]} */ (rest), false);
	return make(element, null, /** @type {Child[]} */ (children), false);
}

/** @returns {value is Props} */
const isProps = (value) => value !== null && typeof value === "object" && !(value instanceof Node) && !Array.isArray(value);

/** @param {Props | null | undefined} props @param {Child[]} children */
function make(element, props, children, isHTML) {
	for (const [name, value] of Object.entries(props ?? {})) set(element, name, value, isHTML);
	append(element, children);
	return element;
}

function set(element, name, value, isHTML) {
	if (value === undefined || value === null) return;
	if (name === "class") element.setAttribute("class", value);
	else if (name === "text") element.textContent = value;
	else if (name === "dataset") Object.assign(element.dataset, value);
	else if (name === "style") Object.assign(element.style, value);
	else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
	else if (name.startsWith("aria-")) element.setAttribute(name, String(value));
	else if (isHTML && !name.includes("-") && name in element) element[name] = value;
	else if (value !== false) element.setAttribute(name, value === true ? "" : String(value));
}

/** @param {Child[]} children */
function append(element, children) {
	for (const child of children) {
		if (child === null || child === undefined || child === false) continue;
		if (Array.isArray(child)) append(element, child);
		else element.append(child instanceof Node ? child : String(child));
	}
}
