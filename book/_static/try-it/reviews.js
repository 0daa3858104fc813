/* Reads a review as the chapters do (cnnbook.text), asks the network, and finds out which words mattered. */

import { ask, prepare } from "./network.js";
import { stem } from "./porter.js";

export const FILES = ["sentiment.onnx.gz", "words.json.gz"];
const [NETWORK] = FILES;
const BATCH = 16; // rows at a time: the page answers in between
let words;

/** Fetch what is needed; `report(share)` is told how much has come. */
export async function ready(report) {
  const [bytes] = await prepare(FILES, report);
  if (!words) {
    const { length, stopWords, vocabulary } = JSON.parse(new TextDecoder().decode(bytes));
    const index = new Map(vocabulary.map((known, i) => [known, i + 1]));
    words = { length, stopWords: new Set(stopWords), index };
  }
}

/**
 * Cut a text into pieces {text, kind, index}. The reviews lost their punctuation before they were published: it parts
 * words. All else is as in cnnbook.text.clean. Kinds: known, unknown, late (known, but behind the cut), skipped.
 */
export function read(text) {
  const pieces = [];
  let known = 0;
  // A letter and the marks on it are one, so a word holds its marks.
  for (const part of text.split(/([\p{L}\p{N}][\p{L}\p{N}\p{M}]*)/u)) {
    const word = part.toLowerCase().normalize("NFC");
    if (!/^\p{L}+$/u.test(word) || words.stopWords.has(word)) {
      pieces.push({ text: part, kind: "skipped" });
      continue;
    }
    const index = words.index.get(stem(word));
    const kind = index === undefined ? "unknown" : known++ < words.length ? "known" : "late";
    pieces.push({ text: part, kind, index });
  }
  return pieces;
}

/** Return P(positive) for each list of word numbers. */
async function probabilities(lists, report = () => {}) {
  const found = [];
  for (let start = 0; start < lists.length; start += BATCH) {
    const some = lists.slice(start, start + BATCH);
    const rows = new Int32Array(some.length * words.length);
    some.forEach((list, i) => rows.set(list, i * words.length));
    found.push(...(await ask(NETWORK, rows, [some.length, words.length])).positive);
    report(found.length / lists.length);
  }
  return found;
}

/** Return the probability that a text is positive, and its pieces. */
export async function judge(text) {
  const pieces = read(text);
  const [probability] = await probabilities([numbers(pieces)]);
  return { probability, pieces, length: words.length };
}

/** Return how far each known word pushes the answer: Map from its number to the difference in P(positive). */
export async function influences({ probability, pieces }, report) {
  const all = numbers(pieces);
  const each = [...new Set(all)];
  const without = await probabilities(each.map((left) => all.filter((index) => index !== left)), report);
  return new Map(each.map((index, i) => [index, probability - without[i]]));
}

function numbers(pieces) {
  return pieces.filter((piece) => piece.kind === "known").map((piece) => piece.index);
}
