/* Porter's stemmer as NLTK runs it by default, with NLTK's extensions. The tests compare the two word by word.
   A port of nltk.stem.porter (https://www.nltk.org, Apache License 2.0), written anew in another language. */

const IRREGULAR = new Map([
  ["skies", "sky"], ["dying", "die"], ["lying", "lie"], ["tying", "tie"], ["innings", "inning"],
  ["outings", "outing"], ["cannings", "canning"],
  ...["sky", "news", "inning", "outing", "canning", "howe", "proceed", "exceed", "succeed"].map((word) => [word, word]),
]);

/** One sign for each letter: v for a vowel, c for a consonant; y is a vowel after a consonant. */
function signs(word) {
  let found = "";
  for (const letter of word) {
    found += "aeiou".includes(letter) || (letter === "y" && found.endsWith("c")) ? "v" : "c";
  }
  return found;
}

const measure = (word) => signs(word).split("vc").length - 1;
const some = (stem) => measure(stem) > 0;
const several = (stem) => measure(stem) > 1;
const always = () => true;
const endsDouble = (word) => word.length > 1 && word.at(-1) === word.at(-2) && signs(word).endsWith("c");
const endsShort = (word) =>
  signs(word) === "vc" || (signs(word).endsWith("cvc") && !"wxy".includes(word.at(-1)));

/** Rules of one step, written "suffix>replacement suffix>replacement". */
function rules(text, condition) {
  return text.split(" ").map((rule) => [...rule.split(">"), condition]);
}

/** Apply the first rule whose suffix fits; if its condition fails, no other rule is tried. */
function apply(list, word) {
  for (const [suffix, replacement, condition] of list) {
    if (word.endsWith(suffix)) {
      const stem = word.slice(0, word.length - suffix.length);
      return condition(stem) ? stem + replacement : word;
    }
  }
  return word;
}

const PLURAL = rules("sses>ss ies>i ss>ss s>", always);
const MEND = rules("at>ate bl>ble iz>ize", always);
const Y = rules("y>i", (stem) => stem.length > 1 && signs(stem).endsWith("c"));
const SECOND = [
  ...rules(
    "ational>ate tional>tion enci>ence anci>ance izer>ize bli>ble alli>al entli>ent eli>e ousli>ous ization>ize " +
      "ation>ate ator>ate alism>al iveness>ive fulness>ful ousness>ous aliti>al iviti>ive biliti>ble fulli>ful",
    some,
  ),
  ...rules("logi>log", (stem) => some(`${stem}l`)),
];
const THIRD = rules("icate>ic ative> alize>al iciti>ic ical>ic ful> ness>", some);
const FOURTH = [
  ...rules("al> ance> ence> er> ic> able> ible> ant> ement> ment> ent>", several),
  ...rules("ion>", (stem) => several(stem) && /[st]$/.test(stem)),
  ...rules("ou> ism> ate> iti> ous> ive> ize>", several),
];
const E = rules("e>", (stem) => several(stem) || (measure(stem) === 1 && !endsShort(stem)));
const LL = rules("ll>l", (stem) => several(`${stem}l`));

function pastAndGerund(word) {
  if (word.endsWith("ied")) return word.slice(0, word.length === 4 ? -1 : -2);
  if (word.endsWith("eed")) return some(word.slice(0, -3)) ? word.slice(0, -1) : word;
  const stem = word.replace(/(ed|ing)$/, "");
  if (stem === word || !signs(stem).includes("v")) return word;
  const mended = apply(MEND, stem);
  if (mended !== stem) return mended;
  if (endsDouble(stem)) return /[lsz]$/.test(stem) ? stem : stem.slice(0, -1);
  return measure(stem) === 1 && endsShort(stem) ? `${stem}e` : stem;
}

function second(word) {
  return word.endsWith("alli") && some(word.slice(0, -4)) ? second(word.slice(0, -2)) : apply(SECOND, word);
}

/** Return the stem of a word in lower case. */
export function stem(word) {
  if (IRREGULAR.has(word)) return IRREGULAR.get(word);
  if (word.length <= 2) return word;
  let stem = word.length === 4 && word.endsWith("ies") ? word.slice(0, -1) : apply(PLURAL, word);
  stem = apply(Y, pastAndGerund(stem));
  stem = apply(FOURTH, apply(THIRD, second(stem)));
  return apply(LL, apply(E, stem));
}
