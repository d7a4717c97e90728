// Put into the page before its own scripts: tells when the last picture was redrawn after an event.
//
// Every stroke on a canvas and every change of the document leads to a mark, taken after the frame
// that shows it. Nothing of the page knows of this.

(() => {
  const QUIET = 250; // milliseconds without a change after which a picture counts as drawn
  const STROKES = ["putImageData", "drawImage", "fillRect", "clearRect", "fill", "stroke", "fillText"];
  const ready = new MessageChannel();
  let isWaiting = false;
  const watch = { began: 0, last: 0, asking: 0, since: 0, frame: 0, times: [] };

  ready.port1.onmessage = () => {
    watch.last = performance.now();
  };

  function mark() {
    watch.since = performance.now();
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      ready.port2.postMessage(0);
    });
  }

  function wrap(type, names) {
    for (const name of names) {
      const plain = type.prototype[name];
      type.prototype[name] = function (...values) {
        mark();
        return plain.apply(this, values);
      };
    }
  }

  wrap(CanvasRenderingContext2D, STROKES);
  wrap(WebGL2RenderingContext, ["drawArrays", "drawElements", "drawArraysInstanced"]);
  const plainFetch = window.fetch;
  window.fetch = async (...values) => {
    watch.asking += 1;
    try {
      return await plainFetch(...values);
    } finally {
      watch.asking -= 1;
    }
  };
  new MutationObserver(mark).observe(document, {
    subtree: true,
    childList: true,
    attributes: true,
    characterData: true,
  });
  addEventListener("keydown", (event) => (watch.began = event.timeStamp), true);

  watch.reset = () => Object.assign(watch, { began: 0, last: 0, since: performance.now() });
  watch.isQuiet = () => {
    const isBusy = document.querySelector("[aria-busy=true]");
    return !isWaiting && !isBusy && !watch.asking && performance.now() - watch.since > QUIET;
  };

  // From now on until `stop`: the time that each frame took, in milliseconds.
  watch.start = () => {
    watch.times = [];
    let before = performance.now();
    const step = (now) => {
      watch.times.push(now - before);
      before = now;
      watch.frame = requestAnimationFrame(step);
    };
    watch.frame = requestAnimationFrame(step);
  };
  watch.stop = () => {
    cancelAnimationFrame(watch.frame);
    return watch.times.slice(1);
  };
  window.naepoWatch = watch;
})();
