// Points on a plain canvas: pixels written straight into one ImageData. For browsers without WebGL2, and for those whose
// WebGL2 is emulated by the processor, where this is several times faster than the emulation.

/** @typedef {import("./points-webgl.js").Renderer} Renderer */
/** @typedef {import("./points-webgl.js").Frame} Frame */

/** Little-endian pixel of three bytes. @param {number} red @param {number} green @param {number} blue */
const pixel = (red, green, blue) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** The colours as pixels, faded towards the paper. @param {Uint8Array} rgb @param {Frame} frame */
function pixelsOf(rgb, { paper, dim }) {
  const pixels = new Uint32Array(rgb.length / 3);
  const [red, green, blue] = paper.map((part) => part * dim);
  const kept = 1 - dim;
  for (let i = 0, k = 0; i < pixels.length; i++, k += 3)
    pixels[i] = pixel(rgb[k] * kept + red, rgb[k + 1] * kept + green, rgb[k + 2] * kept + blue);
  return pixels;
}

/**
 * The rows of a disc of `size` pixels as [from, to); a square where it is too small to be round.
 * @param {number} size
 */
function discRows(size) {
  const middle = (size - 1) / 2;
  return Array.from({ length: size }, (_, row) => {
    const half = size < 4 ? size : Math.sqrt((size / 2) ** 2 - (row - middle) ** 2);
    return [Math.max(0, Math.ceil(middle - half)), Math.min(size, Math.floor(middle + half) + 1)];
  });
}

/**
 * Write every point as a disc of `size` pixels.
 * @param {Uint32Array} target
 * @param {Frame} frame
 * @param {Float32Array} xy
 * @param {Uint32Array} pixels
 * @param {import("./points-webgl.js").Camera} camera
 */
function scatter(target, frame, xy, pixels, camera) {
  const { width, height } = frame;
  const size = Math.max(1, Math.round(frame.size));
  const [across, down] = [width / 2 - camera.x * camera.scale, height / 2 + camera.y * camera.scale];
  const half = size / 2 - 0.5;
  const disc = discRows(size);
  for (let i = 0, k = 0; i < pixels.length; i++, k += 2) {
    const left = Math.round(across + xy[k] * camera.scale - half);
    const top = Math.round(down - xy[k + 1] * camera.scale - half);
    if (!(left >= 0 && top >= 0 && left + size <= width && top + size <= height)) continue;
    const colour = pixels[i];
    for (let row = 0, from = top * width + left; row < size; row++, from += width)
      for (let at = from + disc[row][0]; at < from + disc[row][1]; at++) target[at] = colour;
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Renderer}
 */
export function canvasRenderer(canvas) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  let xy = new Float32Array(0);
  let rgb = new Uint8Array(0);
  /** @type {{pixels: Uint32Array, key: string}} */
  let coloured = { pixels: new Uint32Array(0), key: "" };
  /** @type {ImageData | null} */
  let image = null;
  return {
    kind: "canvas",
    places(next) {
      xy = next;
    },
    colours(next) {
      rgb = next;
      coloured.key = "";
    },
    draw(camera, frame) {
      const key = `${frame.paper} ${frame.dim}`;
      if (coloured.key !== key) coloured = { pixels: pixelsOf(rgb, frame), key };
      if (image?.width !== frame.width || image.height !== frame.height)
        image = context.createImageData(frame.width, frame.height);
      const target = new Uint32Array(image.data.buffer);
      target.fill(pixel(frame.paper[0], frame.paper[1], frame.paper[2]));
      scatter(target, frame, xy, coloured.pixels, camera);
      context.putImageData(image, 0, 0);
    },
    dispose() {
      image = null;
    },
  };
}
