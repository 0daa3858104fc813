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
    const { length, vocabulary } = JSON.parse(new TextDecoder().decode(bytes));
    words = { length, index: new Map(vocabulary.map((known, i) => [known, i + 1])) };
  }
}

/**
 * Cut a text into pieces {text, kind, stem}. The reviews lost their punctuation before they were published: it parts
 * words. All else is as in cnnbook.text.clean. Kinds: known, unknown, late (known, but behind the cut), skipped.
 */
export function read(text) {
  const pieces = [];
  // A letter and the marks on it are one, so a word holds its marks.
  for (const part of text.split(/([\p{L}\p{N}][\p{L}\p{N}\p{M}]*)/u)) {
    const word = part.toLowerCase().normalize("NFC");
    pieces.push(/^\p{L}+$/u.test(word) ? { text: part, stem: stem(word) } : { text: part, kind: "skipped" });
  }
  const heard = pieces.filter((piece) => piece.stem);
  const places = ngrams(heard.map((piece) => piece.stem)).filter(({ index }) => index);
  const last = places[words.length]?.place ?? Infinity; // the first word behind the cut
  for (const [place, piece] of heard.entries()) {
    piece.kind = !words.index.has(piece.stem) ? "unknown" : place < last ? "known" : "late";
  }
  return pieces;
}

/** Return the stems and their pairs in the order of cnnbook.text.ngrams, each with its number and its word's place. */
function ngrams(stems) {
  const found = (ngram, place) => ({ place, index: words.index.get(ngram) });
  return stems.flatMap((one, place) => [found(one, place), found(`${one} ${stems[place + 1]}`, place)]);
}

/** Return the numbers that cnnbook.text.encode makes of these stems, without padding. */
function numbers(stems) {
  const known = ngrams(stems).map(({ index }) => index);
  return known.filter((index) => index).slice(0, words.length);
}

/** Return P(positive) for each list of numbers of words and pairs. */
async function probabilities(lists, report = () => {}) {
  const found = [];
  for (let start = 0; start < lists.length; start += BATCH) {
    const some = lists.slice(start, start + BATCH);
    const width = Math.max(1, ...some.map((list) => list.length)); // zeros behind change nothing
    const rows = new Int32Array(some.length * width);
    some.forEach((list, i) => rows.set(list, i * width));
    found.push(...(await ask(NETWORK, rows, [some.length, width])).positive);
    report(found.length / lists.length);
  }
  return found;
}

/** Return the probability that a text is positive, and its pieces. */
export async function judge(text) {
  const pieces = read(text);
  const [probability] = await probabilities([numbers(stems(pieces))]);
  return { probability, pieces, length: words.length };
}

/** Return how far each known word pushes the answer: Map from its stem to the difference in P(positive). */
export async function influences({ probability, pieces }, report) {
  const all = stems(pieces);
  const each = [...new Set(pieces.filter(({ kind }) => kind === "known").map((piece) => piece.stem))];
  const without = await probabilities(each.map((left) => numbers(all.filter((one) => one !== left))), report);
  return new Map(each.map((one, i) => [one, probability - without[i]]));
}

function stems(pieces) {
  return pieces.filter((piece) => piece.stem).map((piece) => piece.stem);
}
