// Points by WebGL2: one buffer of places, one of colours, one draw call. No blending and no smoothing, because a
// machine without a graphics card paints every covered pixel in software.

/**
 * What a renderer needs to know to draw one picture.
 * @typedef {{scale: number, x: number, y: number}} Camera  scale: pixels per unit; (x, y): the place in the middle
 * @typedef {{width: number, height: number, size: number, paper: number[], dim: number}} Frame  in device pixels;
 *   size: diameter of a point; paper: background, 0 to 255; dim: 0 shows the colours, 1 fades them to paper
 * @typedef {{places: (xy: Float32Array) => void, colours: (rgb: Uint8Array) => void,
 *   draw: (camera: Camera, frame: Frame) => void, dispose: () => void, kind: string}} Renderer
 */

const VERTEX = `#version 300 es
in vec2 place;
in vec3 colour;
uniform vec2 middle;
uniform vec2 factor;
uniform float size;
uniform vec3 paper;
uniform float dim;
flat out vec3 shade;
void main() {
  gl_Position = vec4((place - middle) * factor, 0.0, 1.0);
  gl_PointSize = size;
  shade = mix(colour, paper, dim);
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
flat in vec3 shade;
uniform bool round_points;
out vec4 pixel;
void main() {
  if (round_points) {
    vec2 away = gl_PointCoord - 0.5;
    if (dot(away, away) > 0.25) discard;
  }
  pixel = vec4(shade, 1.0);
}`;

/**
 * @param {WebGL2RenderingContext} gl
 * @param {number} kind
 * @param {string} source
 */
function compiled(gl, kind, source) {
  const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  return shader;
}

/** @param {WebGL2RenderingContext} gl */
function linked(gl) {
  const program = /** @type {WebGLProgram} */ (gl.createProgram());
  gl.attachShader(program, compiled(gl, gl.VERTEX_SHADER, VERTEX));
  gl.attachShader(program, compiled(gl, gl.FRAGMENT_SHADER, FRAGMENT));
  gl.bindAttribLocation(program, 0, "place");
  gl.bindAttribLocation(program, 1, "colour");
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}

/** @param {WebGL2RenderingContext} gl @param {WebGLProgram} program */
function uniformsOf(gl, program) {
  /** @param {string} name */
  const at = (name) => gl.getUniformLocation(program, name);
  return {
    middle: at("middle"),
    factor: at("factor"),
    size: at("size"),
    paper: at("paper"),
    dim: at("dim"),
    round: at("round_points"),
  };
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
 * @param {HTMLCanvasElement} canvas
 * @param {{emulated: boolean}} options
 * @returns {Renderer | null}
 */
export function webglRenderer(canvas, { emulated }) {
  const options = { antialias: false, alpha: false, depth: false, failIfMajorPerformanceCaveat: !emulated };
  const gl = /** @type {WebGL2RenderingContext | null} */ (canvas.getContext("webgl2", options));
  if (!gl || (!emulated && isEmulated(gl))) return null;
  const program = linked(gl);
  if (!program) return null;
  const uniforms = uniformsOf(gl, program);
  const places = gl.createBuffer();
  const colours = gl.createBuffer();
  let count = 0;
  gl.useProgram(program);
  gl.disable(gl.BLEND);
  gl.disable(gl.DITHER);
  gl.bindBuffer(gl.ARRAY_BUFFER, places);
  gl.enableVertexAttribArray(0);
  gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
  gl.bindBuffer(gl.ARRAY_BUFFER, colours);
  gl.enableVertexAttribArray(1);
  gl.vertexAttribPointer(1, 3, gl.UNSIGNED_BYTE, true, 0, 0);
  return {
    kind: "webgl2",
    places(xy) {
      gl.bindBuffer(gl.ARRAY_BUFFER, places);
      gl.bufferData(gl.ARRAY_BUFFER, xy, gl.DYNAMIC_DRAW);
      count = xy.length / 2;
    },
    colours(rgb) {
      gl.bindBuffer(gl.ARRAY_BUFFER, colours);
      gl.bufferData(gl.ARRAY_BUFFER, rgb, gl.STATIC_DRAW);
    },
    draw(camera, frame) {
      const [red, green, blue] = frame.paper.map((part) => part / 255);
      gl.viewport(0, 0, frame.width, frame.height);
      gl.clearColor(red, green, blue, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform2f(uniforms.middle, camera.x, camera.y);
      gl.uniform2f(uniforms.factor, (2 * camera.scale) / frame.width, (2 * camera.scale) / frame.height);
      gl.uniform1f(uniforms.size, frame.size);
      gl.uniform3f(uniforms.paper, red, green, blue);
      gl.uniform1f(uniforms.dim, frame.dim);
      gl.uniform1i(uniforms.round, frame.size >= 4 ? 1 : 0);
      gl.drawArrays(gl.POINTS, 0, count);
    },
    dispose() {
      gl.getExtension("WEBGL_lose_context")?.loseContext();
    },
  };
}
