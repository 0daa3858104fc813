/* The page "Try it": connects its forms with the two networks. What a reader types is only ever set as text. */

import { FIGURES, READY_AGES } from "./facts.js";
import * as faces from "./faces.js";
import { downloadSize, Trouble } from "./network.js";
import * as reviews from "./reviews.js";

const MOST_LISTED = 12;
const FAINT = 0.02; // of the strongest word: weaker ones are not coloured

const find = (id) => document.getElementById(id);
const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)}%`;

/** Return an element with a class and children; strings become text, never HTML. */
function element(tag, name, ...children) {
  const made = document.createElement(tag);
  made.className = name;
  made.append(...children);
  return made;
}

const strong = (text) => element("strong", "", text);

/**
 * Return a function that runs the work of one demo. The work yields answers {nodes, more, data}, each better than
 * the one before; until the first one comes, the progress bar stands in their place.
 */
function runner(demo, result, more) {
  let newest = 0;
  let shownNodes = [];
  return async (work) => {
    const mine = ++newest;
    const label = element("p", "", "Working …");
    const bar = element("progress", "");
    bar.setAttribute("aria-label", "Progress");
    const progress = element("div", "", label, bar);
    const report = (text, share) => {
      if (mine !== newest) throw new Error("asked again");
      if (label.textContent !== text) label.textContent = text;
      bar.value = share;
    };
    const paint = ({ nodes, more: rest = [], data = {} }) => {
      // Said once is enough: a screen reader reads out what is put there.
      if (nodes !== shownNodes) result.replaceChildren(...(shownNodes = nodes));
      more?.replaceChildren(...rest);
      for (const key of Object.keys(result.dataset)) delete result.dataset[key];
      Object.assign(result.dataset, data);
    };
    paint({ nodes: [progress] });
    demo.setAttribute("aria-busy", "true");
    try {
      for await (const answer of work(report, progress)) {
        if (mine !== newest) return; // the reader has asked again meanwhile
        paint(answer);
      }
    } catch (error) {
      if (mine !== newest) return;
      paint({ nodes: [element("p", "try-trouble", explain(error))] });
    }
    demo.removeAttribute("aria-busy");
  };
}

function explain(error) {
  if (error instanceof Trouble) return error.message;
  const needed = find("try-browsers").textContent;
  return `The network could not be run in this browser, which should be ${needed} (${error.message}).`;
}

const fetching = (report) => (share) => report(share < 1 ? "Fetching the network …" : "Starting the network …", share);

// The review

const review = find("try-review");
const judge = runner(review, find("review-result"), find("review-words"));

review.addEventListener("submit", (event) => {
  event.preventDefault();
  judge(async function* (report, progress) {
    const text = find("review-input").value;
    await reviews.ready(fetching(report));
    const answer = await reviews.judge(text);
    const first = { nodes: verdict(answer), data: { probability: answer.probability } };
    yield { ...first, more: [progress] };
    const effects = await reviews.influences(answer, (share) => report("Reading it without each word …", share));
    yield { ...first, more: [coloured(answer, effects), reasons(answer, effects)] };
  });
});

for (const button of review.querySelectorAll("[data-text]")) {
  button.addEventListener("click", () => {
    find("review-input").value = button.dataset.text;
    review.requestSubmit();
  });
}

function verdict({ probability, pieces }) {
  if (!pieces.some(({ kind }) => kind === "known")) {
    const text = "There is no word here that the network knows, so it cannot tell: it gives ";
    return [element("p", "", text, strong(percent(probability)), " to praise.")];
  }
  const side = probability > 0.5 ? "praise" : "complaint";
  const meter = element("div", "try-meter", element("div", ""));
  meter.firstChild.style.width = `${100 * probability}%`;
  const text = ["This reads like ", strong(side), ": the network gives ", strong(percent(probability, 1)), " to praise."];
  return [element("p", "", ...text), meter];
}

/** Return the text with its words coloured by how far they push the answer. */
function coloured({ pieces }, effects) {
  const largest = Math.max(...[...effects.values()].map(Math.abs));
  const shown = element("p", "try-text");
  shown.tabIndex = 0; // a long text scrolls, with the keyboard too
  for (const { text, kind, stem } of pieces) {
    const effect = kind === "known" ? effects.get(stem) / largest : 0;
    if (Math.abs(effect) > FAINT) {
      const mark = element("mark", effect > 0 ? "for" : "against", text);
      mark.style.setProperty("--strength", Math.abs(effect).toFixed(2));
      shown.append(mark);
    } else {
      shown.append(kind === "unknown" || kind === "late" ? element("span", kind, text) : text);
    }
  }
  return shown;
}

/** Return the same as a list, for those who see no colours, and what the network did not read. */
function reasons({ pieces, length }, effects) {
  const of = (wanted) => pieces.filter(({ kind }) => kind === wanted);
  const spelling = new Map(of("known").map(({ text, stem }) => [stem, text]));
  const ranked = (sign) =>
    [...effects]
      .map(([stem, effect]) => [spelling.get(stem), 100 * sign * effect])
      .filter(([, points]) => points > 0)
      .sort(([, a], [, b]) => b - a)
      .slice(0, MOST_LISTED)
      .map(([word, points]) => `${word} ${points.toFixed(1)}`)
      .join(", ");
  const unknown = [...new Set(of("unknown").map(({ text }) => text.normalize("NFC")))];
  const rest = unknown.length > MOST_LISTED ? ` … (${unknown.length} in all)` : "";
  const late = of("late").length;
  const lines = {
    "Towards praise, in percentage points: ": ranked(1),
    "Towards complaint, in percentage points: ": ranked(-1),
    "Words that it does not know: ": unknown.slice(0, MOST_LISTED).join(", ") + rest,
    "The text is cut: ":
      late && `it reads the first ${length} words and pairs that it knows; ${late} more words stand behind, in grey.`,
  };
  const told = Object.entries(lines).filter(([, line]) => line);
  return element("ul", "", ...told.map(([head, line]) => element("li", "", strong(head), line)));
}

// The face

const face = find("try-face");
const input = find("face-input");
const canvas = find("face-canvas");
const overlay = find("face-overlay");
const zoom = find("face-zoom");
const shown = find("face-shown");
const look = find("face-look");
const guess = runner(face, find("face-result"));
let picture = null;
let truth = ""; // what is known about the face that was chosen
let last = null;

/** Show the picture that `source` gives, and ask the network about it. */
function show(source) {
  return guess(async function* (report) {
    look.disabled = true; // until there is an answer about this picture
    shown.hidden = true;
    const image = await source();
    report("Asking the network …", 0); // stops here if the reader has asked about another picture meanwhile
    picture = image;
    overlay.getContext("2d").clearRect(0, 0, faces.SIZE, faces.SIZE);
    faces.crop(image, canvas, zoom.value);
    shown.hidden = false;
    await faces.ready(fetching(report));
    const data = await faces.guess(canvas);
    const answer = { nodes: told(data), data };
    yield answer; // and go on only if nothing else was asked meanwhile
    last = answer;
    look.disabled = false;
  });
}

/** A new picture starts without zoom. */
function showNew(source, known = "") {
  refusal.replaceChildren(); // its advice has been taken
  truth = known;
  zoom.value = 1;
  return show(source);
}

function told({ age, gender }) {
  const label = gender > 0.5 ? "female" : "male";
  const answer = ["The network guesses ", strong(`${age.toFixed(0)} years`), " and the label ", strong(label)];
  const missed = percent(1 - FIGURES.genderAccuracy);
  const quality = `On the book's ${FIGURES.faces} unseen faces it is ${FIGURES.ageError.toFixed(1)} years off on average, `;
  return [
    element("p", "", ...answer, ` (P(female) = ${gender.toFixed(2)}). ${truth}`),
    element("p", "", `${quality}and for ${missed} of them it misses the label that an annotator gave.`),
  ];
}

function takeFile() {
  const [file] = input.files;
  input.value = ""; // so that the same file can be chosen again
  if (file) showNew(() => faces.open(file));
}

input.addEventListener("change", takeFile);
zoom.addEventListener("change", () => show(() => picture));

for (const [row, label] of ["male", "female"].entries()) {
  for (const [column, ages] of READY_AGES.entries()) {
    const button = element("button", "");
    button.type = "button";
    const labels = `labelled ${label} and ${ages} years old`;
    button.setAttribute("aria-label", `Average face, ${labels}`);
    button.style.backgroundPosition = `${(100 * column) / (READY_AGES.length - 1)}% ${100 * row}%`;
    const known = `The people in this average are ${labels}.`;
    button.addEventListener("click", () => showNew(() => faces.readyFace(row, column), known));
    find("face-ready").append(button);
  }
}

for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  face.addEventListener(kind, (event) => {
    event.preventDefault();
    face.classList.toggle("try-over", kind === "dragenter" || kind === "dragover");
    const [file] = kind === "drop" ? event.dataTransfer.files : [];
    if (file) showNew(() => faces.open(file));
  });
}

look.addEventListener("click", () =>
  guess(async function* (report) {
    const squares = await faces.lookedAt(canvas, (share) => report("Covering one part after another …", share));
    colour(squares);
    const most = Math.max(...squares.map(({ change }) => Math.abs(change)));
    const line = `The stronger the colour, the more the age changes when this part is covered: by up to ${most.toFixed(1)} years.`;
    yield { nodes: [...last.nodes, element("p", "", line)], data: last.data };
  }),
);

/** Colour each place by the mean change of the squares that cover it. */
function colour(squares) {
  const context = overlay.getContext("2d");
  const image = context.createImageData(faces.SIZE, faces.SIZE);
  const sums = new Float32Array(faces.SIZE ** 2);
  const counts = new Float32Array(faces.SIZE ** 2);
  for (const { left, top, size, change } of squares) {
    for (let y = top; y < top + size; y++) {
      for (let x = left; x < left + size; x++) {
        sums[y * faces.SIZE + x] += Math.abs(change);
        counts[y * faces.SIZE + x] += 1;
      }
    }
  }
  const means = sums.map((sum, i) => sum / counts[i]);
  const largest = Math.max(...means) || 1;
  means.forEach((mean, i) => image.data.set([213, 94, 0, 200 * (mean / largest)], 4 * i));
  context.putImageData(image, 0, 0);
}

// The camera

const video = find("face-video");
const live = find("face-live");
const camera = find("face-camera");
const refusal = find("camera-result"); // of its own: an answer about a picture stands, or is still to come
const REFUSED = { NotFoundError: "none was found", NotAllowedError: "you or your browser did not allow it" };

camera.addEventListener("click", async () => {
  camera.disabled = true; // a second stream would hide the first, which nobody could then switch off
  refusal.replaceChildren();
  try {
    if (!navigator.mediaDevices) throw new Trouble("browsers allow it only over https");
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user" } });
    await video.play();
    live.hidden = false;
    find("face-take").focus();
  } catch (error) {
    stopCamera();
    const reason = REFUSED[error.name] ?? error.message;
    refusal.append(element("p", "try-trouble", `No camera: ${reason}. You can choose a picture instead.`));
  }
});

find("face-take").addEventListener("click", () =>
  showNew(async () => {
    try {
      const still = faces.blank(video.videoWidth, video.videoHeight);
      still.getContext("2d").drawImage(video, 0, 0);
      return still;
    } finally {
      stopCamera();
    }
  }),
);

find("face-stop").addEventListener("click", stopCamera);

function stopCamera() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  live.hidden = true;
  camera.disabled = false;
  camera.focus();
}

// Everything is in place: say what the downloads weigh, and open the forms.

for (const [name, { FILES }] of Object.entries({ review: reviews, face: faces })) {
  find(`${name}-size`).textContent = `${(downloadSize(FILES) / 1e6).toFixed(1)} MB`;
}
find("review-quality").textContent = `${percent(FIGURES.reviewAccuracy)} of the book's ${FIGURES.reviews} test reviews`;
for (const set of document.querySelectorAll(".try-it fieldset")) set.disabled = false;
find("try-not-started").hidden = true;
takeFile(); // chosen before the page was ready
