/* Fetches the runtime and the networks when they are first needed, and asks the networks one after another. */

import { BYTES } from "./facts.mjs";

const RUNTIME = Object.keys(BYTES).filter((name) => name.startsWith("onnxruntime/"));
const WASM = RUNTIME.find((name) => name.endsWith(".wasm.gz"));
const fetched = new Map();
const sessions = new Map();
let turn = Promise.resolve();

/** An error whose message is written for the reader. */
export class Trouble extends Error {}

/** Bytes that a demo downloads on its first use. */
export function downloadSize(files) {
  return [...RUNTIME, ...files].reduce((sum, name) => sum + BYTES[name], 0);
}

/** Return the unpacked bytes of files of this folder; `report(share)` is told how much has come. */
export async function load(files, report) {
  const missing = files.filter((name) => !fetched.has(name));
  const total = missing.reduce((sum, name) => sum + BYTES[name], 0);
  let come = 0;
  await Promise.all(
    missing.map(async (name) => {
      const bytes = await download(name, (count) => report(Math.min(1, (come += count) / total)));
      fetched.set(name, await unpack(bytes));
    }),
  );
  return files.map((name) => fetched.get(name));
}

async function download(name, count) {
  try {
    const response = await fetch(new URL(name, import.meta.url));
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    const parts = [];
    for (let reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return new Blob(parts);
      parts.push(value);
      count(value.length);
    }
  } catch (error) {
    throw new Trouble(`A part of the demo could not be fetched (${name}: ${error.message}). Please try again.`);
  }
}

/** Some servers unpack .gz files on their own: look before unpacking. */
async function unpack(blob) {
  const [first, second] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  const packed = first === 0x1f && second === 0x8b;
  const stream = packed ? blob.stream().pipeThrough(new DecompressionStream("gzip")) : blob.stream();
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Make the network ready, from the page's own files. */
export async function prepare(network, report) {
  if (typeof WebAssembly !== "object") {
    throw new Trouble("This browser cannot run the network: it has no WebAssembly, or it is switched off.");
  }
  if (!sessions.has(network)) {
    const [wasm, graph] = await load([WASM, network], report);
    const ort = await import("./onnxruntime/ort.wasm.min.mjs");
    ort.env.wasm.wasmBinary = wasm;
    ort.env.wasm.wasmPaths = { mjs: new URL("./onnxruntime/ort-wasm-simd-threaded.mjs", import.meta.url).href };
    ort.env.wasm.numThreads = 1; // more than one needs headers that a plain web server does not send
    const session = await inTurn(() => ort.InferenceSession.create(graph, { executionProviders: ["wasm"] }));
    sessions.set(network, { ort, session });
  }
}

/** Return the answers of a network that is ready, by name, to `values` of the given shape. */
export function ask(network, values, shape) {
  const { ort, session } = sessions.get(network);
  const kind = values instanceof Int32Array ? "int32" : "float32";
  return inTurn(async () => {
    const answers = await session.run({ [session.inputNames[0]]: new ort.Tensor(kind, values, shape) });
    return Object.fromEntries(session.outputNames.map((name) => [name, answers[name].data]));
  });
}

/** The runtime does one thing at a time. The pause lets the page draw and answer in between. */
function inTurn(work) {
  const result = turn.then(() => new Promise((go) => setTimeout(go))).then(work);
  turn = result.catch(() => {});
  return result;
}
