// Taking things along: any picture as PNG or SVG, any matrix as CSV.

import { h, penOf, SVG, svg } from "./dom.js";

/** Hand a file to the person. @param {string} name @param {Blob} blob */
export function download(name, blob) {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(blob);
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** @returns {Promise<Blob>} */
const blobOf = (canvas, kind) =>
	new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("empty picture"))), kind));

/** Buttons that save files. @param {Record<string, () => any>} acts by what stands on them @param {string | null} [title] */
export const savers = (acts, title) => Object.entries(acts).map(([words, act]) => h("button", { class: "quiet", title, onclick: act }, words));

/** Buttons that save a drawing. @param {() => Element} drawing @param {string} [title] */
export const savePicture = (name, drawing, title) =>
	savers({ PNG: async () => download(`${name}.png`, await pngOf(drawing())), SVG: async () => download(`${name}.svg`, await svgOf(drawing())) }, title);

/** A drawing as a PNG, at twice its size on screen. @param {Element} drawing a canvas or an svg @returns {Promise<Blob>} */
async function pngOf(drawing) {
	if (drawing instanceof HTMLCanvasElement) return blobOf(drawing, "image/png");
	const { width, height } = sizeOf(drawing);
	const image = new Image();
	const source = URL.createObjectURL(await svgOf(drawing));
	try {
		image.src = source;
		await image.decode();
		const canvas = document.createElement("canvas");
		canvas.width = 2 * width;
		canvas.height = 2 * height;
		const pen = penOf(canvas);
		pen.fillStyle = getComputedStyle(document.body).backgroundColor;
		pen.fillRect(0, 0, canvas.width, canvas.height);
		pen.drawImage(image, 0, 0, canvas.width, canvas.height);
		return await blobOf(canvas, "image/png");
	} finally {
		URL.revokeObjectURL(source);
	}
}

function sizeOf(drawing) {
	const box = drawing.getBoundingClientRect();
	return { width: Math.max(1, Math.round(box.width)), height: Math.max(1, Math.round(box.height)) };
}

const STYLED = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "opacity", "fill-opacity", "stroke-opacity",
	"font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline"];

/** A drawing as an SVG that looks the same anywhere: an svg with its styles written out, a canvas as an image in one. @param {Element} drawing */
async function svgOf(drawing) {
	const { width, height } = sizeOf(drawing);
	const isCanvas = drawing instanceof HTMLCanvasElement;
	const root = isCanvas ? svg("svg", {}, svg("image", { href: drawing.toDataURL("image/png"), width, height })) : /** @type {Element} */ (drawing.cloneNode(true));
	if (!isCanvas) {
		const originals = drawing.querySelectorAll("*");
		root.querySelectorAll("*").forEach((copy, i) => writeStyles(originals[i], copy));
	}
	const size = { xmlns: SVG, width, height, viewBox: root.getAttribute("viewBox") ?? `0 0 ${width} ${height}` };
	for (const [name, value] of Object.entries(size)) root.setAttribute(name, String(value));
	return new Blob([new XMLSerializer().serializeToString(root)], { type: "image/svg+xml" });
}

function writeStyles(original, copy) {
	const style = getComputedStyle(original);
	for (const name of STYLED) copy.setAttribute(name, style.getPropertyValue(name));
	copy.removeAttribute("class");
}

/** Rows of cells as comma-separated text. @param {unknown[][]} rows */
function csvText(rows) {
	const quoted = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
	return rows.map((row) => row.map((cell) => quoted(String(cell ?? ""))).join(",")).join("\r\n") + "\r\n";
}

/** Save rows of cells; the mark in front tells spreadsheets that it is UTF-8. @param {string} name @param {unknown[][]} rows */
export const saveCsv = (name, rows) => download(`${name}.csv`, new Blob(["\ufeff", csvText(rows)], { type: "text/csv" }));
