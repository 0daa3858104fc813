"""Time the face network in Chromium beside a rival from npm, which is no part of the book.

Run these two lines in a folder, then `python -m experiments.benchmark.browser FOLDER`:

    npm pack @vladmandic/face-api@1.7.15 @tensorflow/tfjs-backend-wasm@4.22.0
    for it in *.tgz; do mkdir ${it%.tgz} && tar xzf $it -C ${it%.tgz}; done
"""

import gzip
import sys
import tempfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import sync_playwright
from tools.make_pictures import find_browser

from .__main__ import store
from .page import OURS

RIVAL = "@vladmandic/face-api 1.7.15"
ASSETS = Path(__file__).resolve().parents[2] / "book/_static/try-it"
# Both get the same canvas, and one thread: a plain server sends no headers for more.
PAGE = """<!doctype html><canvas width=128 height=128></canvas>
<script src=rival/dist/face-api.js></script>"""
ASK = """async () => {
  const canvas = document.querySelector("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const at = (name) => new URL(name, location).href;
  const ort = await import(at("ort.wasm.min.js"));
  const runtime = at("ort-wasm-simd-threaded");
  ort.env.wasm.wasmPaths = { mjs: `${runtime}.js`, wasm: `${runtime}.wasm` };
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(at("face.onnx"));
  const ours = () => {
    const { data } = pen.getImageData(0, 0, 128, 128);
    const pixels = new Float32Array(data.filter((_, i) => i % 4 < 3));
    return session.run({ [session.inputNames[0]]: new ort.Tensor(pixels, [1, 128, 128, 3]) });
  };
  faceapi.tf.setWasmPaths(at("wasm/"));
  if (!(await faceapi.tf.setBackend("wasm"))) throw new Error("The rival has no WASM.");
  const rival = faceapi.nets.ageGenderNet;
  await rival.loadFromUri("rival/model");
  const ways = [ours, () => rival.predictAgeAndGender(canvas)];
  const times = [[], []];
  for (let round = -5; round < 40; round++) {
    for (const [i, way] of ways.entries()) {
      const start = performance.now();
      await way();
      if (round >= 0) times[i].push(performance.now() - start);
    }
  }
  return times;
}"""


def times(packages):
    """Return the milliseconds of ours and of the rival for a picture, asked in turns."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        for path in ASSETS.rglob("*.gz"):
            (folder / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
        for path in ASSETS.rglob("ort*.js"):
            (folder / path.name).symlink_to(path)
        (folder / "rival").symlink_to(next(packages.glob("*face-api*/package")))
        (folder / "wasm").symlink_to(next(packages.glob("*wasm*/package/dist")))
        (folder / "index.html").write_text(PAGE)
        handler = partial(SimpleHTTPRequestHandler, directory=name)
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=find_browser())
        page = browser.new_page(base_url=f"http://127.0.0.1:{server.server_port}")
        page.goto("/")
        return page.evaluate(ASK)


if __name__ == "__main__":
    store({"browser": dict(zip((OURS, RIVAL), times(Path(sys.argv[1]).resolve())))})
