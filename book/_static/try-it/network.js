/* Fetches the runtime and the networks when they are first needed, and asks the networks one after another. */

import { BYTES } from "./facts.js";

const RUNTIME = Object.keys(BYTES).filter((name) => name.startsWith("onnxruntime/"));
const [GLUE, WASM, ORT] = RUNTIME; // in the order of their names
const parts = new Map();
const sessions = new Map();
let turn = Promise.resolve();

/** An error whose message is written for the reader. */
export class Trouble extends Error {}

/** Bytes that a demo downloads on its first use. */
export function downloadSize(files) {
  return [...RUNTIME, ...files].reduce((sum, name) => sum + BYTES[name], 0);
}

/** Return the unpacked bytes of files of this folder; `report(share)` is told how much has come. */
async function load(files, report) {
  const wanted = files.map(part);
  const coming = wanted.filter(({ done }) => !done);
  if (coming.length) {
    const sum = (key) => coming.reduce((total, one) => total + one[key], 0);
    const tell = () => report(Math.min(1, sum("come") / sum("size")));
    for (const { listeners } of coming) listeners.add(tell);
    await Promise.all(coming.map(({ bytes }) => bytes));
    tell();
  }
  return Promise.all(wanted.map(({ bytes }) => bytes));
}

/** Return a file's part of the downloads: begun once, however often it is asked for. What failed begins anew. */
function part(name) {
  if (!parts.has(name)) {
    const begun = { size: BYTES[name], come: 0, done: false, listeners: new Set() };
    begun.bytes = download(name, begun).then(unpack);
    begun.bytes.then(
      () => (begun.done = true),
      () => parts.delete(name),
    );
    parts.set(name, begun);
  }
  return parts.get(name);
}

/** Fetch a file of this folder. */
export async function request(name) {
  try {
    const response = await fetch(new URL(name, import.meta.url));
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return response;
  } catch (error) {
    throw unfetched(name, error);
  }
}

async function download(name, begun) {
  const { body } = await request(name);
  const pieces = [];
  try {
    for (let reader = body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return new Blob(pieces);
      pieces.push(value);
      begun.come += value.length;
      for (const tell of begun.listeners) {
        try {
          tell();
        } catch {
          begun.listeners.delete(tell); // this reader has asked again; the download goes on
        }
      }
    }
  } catch (error) {
    throw unfetched(name, error);
  }
}

function unfetched(name, { message }) {
  return new Trouble(`A part of the demo could not be fetched (${name}: ${message}). Please try again.`);
}

/** Some servers unpack .gz files on their own: look before unpacking. */
async function unpack(blob) {
  const [first, second] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  const packed = first === 0x1f && second === 0x8b;
  const stream = packed ? blob.stream().pipeThrough(new DecompressionStream("gzip")) : blob.stream();
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Make a network ready, from the page's own files, and return what stands in the other files that it comes with. */
export async function prepare([network, ...others], report) {
  for (const name of ["WebAssembly", "DecompressionStream"]) {
    if (!(name in globalThis)) throw new Error(`it has no ${name}, or it is switched off`);
  }
  // All in one go: the downloads run side by side, and fill one bar.
  const [wasm, graph, ...rest] = await load([WASM, network, ...others], report);
  await started(network, wasm, graph);
  return rest;
}

/** Return a network's session: begun once, however often it is asked for. What failed begins anew. */
function started(network, wasm, graph) {
  if (!sessions.has(network)) {
    const begun = start(wasm, graph);
    begun.catch(() => sessions.delete(network));
    sessions.set(network, begun);
  }
  return sessions.get(network);
}

async function start(wasm, graph) {
  const [ort] = await Promise.all([ORT, GLUE].map((name) => import(`./${name}`))).catch(() => {
    // A browser remembers that an import failed, so to ask again does not help.
    throw new Trouble("A part of the demo could not be fetched. Please reload the page.");
  });
  ort.env.wasm.wasmBinary = wasm;
  ort.env.wasm.wasmPaths = { mjs: new URL(GLUE, import.meta.url).href };
  ort.env.wasm.numThreads = 1; // more than one needs headers that a plain web server does not send
  const session = await inTurn(() => ort.InferenceSession.create(graph, { executionProviders: ["wasm"] }));
  return { ort, session };
}

/** Return the answers of a network that is ready, by name, to `values` of the given shape. */
export async function ask(network, values, shape) {
  const { ort, session } = await sessions.get(network);
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
