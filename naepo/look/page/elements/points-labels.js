// The sheet above the points: marks, the chosen one, and as many names as fit without covering each other.

import { greedyLabels } from "./points-index.js";

const MOST = 160; // labels on one picture
const TRIED = 6000; // candidates looked at, so that a million points do not delay the hand
const LINE = 16; // pixels: height of a label

/**
 * What the sheet shows.
 * @typedef {{n: number, names: ArrayLike<string>, order: ArrayLike<number> | null, rgb: Uint8Array, selected: number,
 *   marked: Set<number>, size: number, width: number, height: number, ratio: number, style: CSSStyleDeclaration,
 *   onScreen: (id: number) => {x: number, y: number}}} Scene
 */

/** @param {Scene} scene @param {{x: number, y: number}} place */
const inside = (scene, { x, y }) => x >= 0 && x < scene.width && y >= 8 && y < scene.height - 8;

/** Ids to name: the chosen, the marked, then by importance. @param {Scene} scene */
function* candidates(scene) {
  if (scene.selected >= 0 && scene.selected < scene.n) yield scene.selected;
  let tried = 0;
  for (const id of scene.marked) if (id !== scene.selected && tried++ < TRIED) yield id;
  if (scene.marked.size) return;
  for (let k = 0; k < scene.n && tried < TRIED; k++) {
    const id = scene.order ? scene.order[k] : k;
    if (id === scene.selected || !inside(scene, scene.onScreen(id))) continue;
    tried++;
    yield id;
  }
}

/** @param {CanvasRenderingContext2D} context @param {Scene} scene @param {string} accent */
function drawMarks(context, scene, accent) {
  for (const id of scene.marked) {
    const { x, y } = scene.onScreen(id);
    context.fillStyle = `rgb(${scene.rgb.slice(3 * id, 3 * id + 3).join(",")})`;
    context.beginPath();
    context.arc(x, y, scene.size / 2 + 1.5, 0, 2 * Math.PI);
    context.fill();
  }
  if (scene.selected < 0 || scene.selected >= scene.n) return;
  const { x, y } = scene.onScreen(scene.selected);
  context.strokeStyle = accent;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, scene.size / 2 + 5, 0, 2 * Math.PI);
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {Scene} scene @param {string} accent */
function drawNames(context, scene, accent) {
  const measure = (/** @type {number} */ id) => {
    const place = scene.onScreen(id);
    if (!inside(scene, place)) return null;
    const width = context.measureText(scene.names[id] ?? "").width + 6;
    const away = id === scene.selected ? 10 : 6; // the chosen one has a ring
    const left = place.x + away + width > scene.width ? place.x - away - width : place.x + away;
    return { x: Math.max(0, left), y: place.y - LINE / 2, width };
  };
  const options = { height: LINE, most: MOST, width: scene.width, tall: scene.height };
  context.strokeStyle = scene.style.backgroundColor;
  context.lineWidth = 3;
  context.lineJoin = "round";
  for (const { id, x, y } of greedyLabels(candidates(scene), measure, options)) {
    context.fillStyle = id === scene.selected ? accent : scene.style.color;
    context.strokeText(scene.names[id], x, y + 2);
    context.fillText(scene.names[id], x, y + 2);
  }
}

/** Draw the sheet anew. @param {HTMLCanvasElement} canvas @param {Scene} scene */
export function drawSheet(canvas, scene) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const accent = scene.style.getPropertyValue("--accent").trim() || scene.style.color;
  context.setTransform(scene.ratio, 0, 0, scene.ratio, 0, 0);
  context.clearRect(0, 0, scene.width, scene.height);
  context.font = `12px ${scene.style.fontFamily}`;
  context.textBaseline = "top";
  drawMarks(context, scene, accent);
  drawNames(context, scene, accent);
}
