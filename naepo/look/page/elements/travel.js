// A row on its way into a sum: a frame glides from where it stood to where it is added up. Nothing where less motion is asked for.

import { h } from "../core/dom.js";

const MILLISECONDS = 180;

/** @param {DOMRect} box */
const frame = ({ left, top, width, height }) => ({ left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });

/** @param {DOMRect} from @param {DOMRect} to */
export function travel(from, to) {
	if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
	const ghost = h("div", { class: "travel", "aria-hidden": true });
	document.body.append(ghost);
	ghost.animate([frame(from), frame(to)], { duration: MILLISECONDS, easing: "ease-in" }).onfinish = () => ghost.remove();
}
