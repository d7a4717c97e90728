// Points by WebGL2: one buffer of places, one of colours, one draw call. No blending and no smoothing, because a
// machine without a graphics card paints every covered pixel in software.

/**
 * @typedef {{scale: number, x: number, y: number}} Camera  scale: pixels per unit; (x, y): the place in the middle
 * @typedef {{width: number, height: number, size: number, paper: number[], dim: number}} Frame  in device pixels;
 *   size: diameter of a point; paper: background, 0 to 255; dim: 0 shows the colours, 1 fades them to paper
 * @typedef {{places: (xy: Float32Array) => void, colours: (rgb: Uint8Array) => void,
 *   draw: (camera: Camera, frame: Frame) => void, dispose: () => void, kind: string}} Renderer
 */

const VERTEX = `#version 300 es
layout(location = 0) in vec2 place;
layout(location = 1) in vec3 colour;
uniform vec4 view; // middle, factor
uniform vec4 fade; // paper, dim
uniform float size;
flat out vec3 shade;
void main() {
	gl_Position = vec4((place - view.xy) * view.zw, 0.0, 1.0);
	gl_PointSize = size;
	shade = mix(colour, fade.xyz, fade.w);
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
uniform float roundness;
flat in vec3 shade;
out vec4 pixel;
void main() {
	vec2 away = gl_PointCoord - 0.5;
	if (dot(away, away) * roundness > 0.25) discard;
	pixel = vec4(shade, 1.0);
}`;

/** @param {WebGL2RenderingContext} gl */
function linked(gl) {
	const program = gl.createProgram();
	for (const [kind, source] of /** @type {[number, string][]} */ ([[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]])) {
		const shader = gl.createShader(kind);
		if (!program || !shader) return null;
		gl.shaderSource(shader, source);
		gl.compileShader(shader);
		gl.attachShader(program, shader);
	}
	if (program) gl.linkProgram(program);
	return program && gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}

/** Whether the processor plays the graphics card. @param {WebGL2RenderingContext} gl */
function isEmulated(gl) {
	const named = gl.getExtension("WEBGL_debug_renderer_info");
	const card = named ? String(gl.getParameter(named.UNMASKED_RENDERER_WEBGL)) : "";
	return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(card);
}

/**
 * A WebGL2 renderer on this canvas, or null where the browser has none, or (unless `emulated` is allowed) only one
 * emulated by the processor: there the plain canvas is faster.
 * @param {HTMLCanvasElement} canvas @param {boolean} emulated @returns {Renderer | null}
 */
export function webglRenderer(canvas, emulated) {
	const options = { antialias: false, alpha: false, depth: false, failIfMajorPerformanceCaveat: !emulated };
	const gl = /** @type {WebGL2RenderingContext | null} */ (canvas.getContext("webgl2", options));
	const program = gl && (emulated || !isEmulated(gl)) ? linked(gl) : null;
	if (!gl || !program) return null;
	gl.useProgram(program);
	const [view, fade, size, roundness] = ["view", "fade", "size", "roundness"].map((name) => gl.getUniformLocation(program, name));
	const buffers = [gl.createBuffer(), gl.createBuffer()];
	buffers.forEach((buffer, i) => {
		gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
		gl.enableVertexAttribArray(i);
		gl.vertexAttribPointer(i, 2 + i, i ? gl.UNSIGNED_BYTE : gl.FLOAT, i === 1, 0, 0);
	});
	const fill = (i, /** @type {Float32Array | Uint8Array} */ data) => {
		gl.bindBuffer(gl.ARRAY_BUFFER, buffers[i]);
		gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
	};
	let count = 0;
	return {
		kind: "webgl2",
		places(xy) {
			fill(0, xy);
			count = xy.length / 2;
		},
		colours: (rgb) => fill(1, rgb),
		draw({ scale, x, y }, frame) {
			const [red, green, blue] = frame.paper.map((part) => part / 255);
			gl.viewport(0, 0, frame.width, frame.height);
			gl.clearColor(red, green, blue, 1);
			gl.clear(gl.COLOR_BUFFER_BIT);
			gl.uniform4f(view, x, y, (2 * scale) / frame.width, (2 * scale) / frame.height);
			gl.uniform4f(fade, red, green, blue, frame.dim);
			gl.uniform1f(size, frame.size);
			gl.uniform1f(roundness, frame.size >= 4 ? 1 : 0);
			gl.drawArrays(gl.POINTS, 0, count);
		},
		dispose: () => gl.getExtension("WEBGL_lose_context")?.loseContext(),
	};
}
