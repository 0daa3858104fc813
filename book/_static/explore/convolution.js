/* A window of 3 x 3 weights that moves over a picture: what it adds up at each place is the output. */

import { announcer, button, html, repeater, signed } from "./parts.js";

const PICTURE = `
  111111111111
  111688886111
  117999988611
  179999998851
  189009900861
  189009900861
  189999988761
  189997798761
  179299882751
  117922227611
  111688775111
  111111111111`;
const PIXELS = PICTURE.trim().split(/\s+/).map((row) => [...row].map(Number));
const PRESETS = {
  "Vertical edge": [-1, 0, 1, -1, 0, 1, -1, 0, 1],
  "Horizontal edge": [-1, -1, -1, 0, 0, 0, 1, 1, 1],
  Blur: [0.1, 0.1, 0.1, 0.1, 0.2, 0.1, 0.1, 0.1, 0.1],
  Sharpen: [0, -1, 0, -1, 5, -1, 0, -1, 0],
  Identity: [0, 0, 0, 0, 1, 0, 0, 0, 0],
};
const SIZE = PIXELS.length;
const PLACES = SIZE - 2;
const ALL = PLACES ** 2;
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const LIMIT = 9; // of a weight, to either side

const tenths = (number) => Math.round(number * 10) / 10;
const within = (number, most) => Math.max(0, Math.min(most, number));

/** Return rows of cells, and all cells. */
function table(size, role) {
  const cells = Array.from({ length: size * size }, () => html("span", role ? { role: "cell" } : {}));
  const rows = cells.flatMap((_, i) => (i % size ? [] : [html("div", role ? { role: "row" } : {}, ...cells.slice(i, i + size))]));
  return [rows, cells];
}

export function convolution() {
  let weights = PRESETS["Vertical edge"];
  let at = 3 * PLACES; // the place of the window, counted along the rows
  let filling = ALL; // how far "Fill all" has come
  const seen = new Set(Array.from({ length: at + 1 }, (_, i) => i));
  const [announcement, say] = announcer();
  const repeat = repeater(20);

  /** Return the nine products at a place, as pairs of a weight and a pixel. */
  const pairs = (place) => {
    const [top, left] = [Math.floor(place / PLACES), place % PLACES];
    return weights.map((weight, i) => [weight, PIXELS[top + Math.floor(i / 3)][left + (i % 3)]]);
  };
  const total = (place) => tenths(pairs(place).reduce((sum, [weight, pixel]) => sum + weight * pixel, 0));

  // What is to be seen

  const [pictureRows, pixels] = table(SIZE);
  pixels.forEach((cell, i) => {
    const value = PIXELS.flat()[i];
    cell.textContent = value;
    cell.style.background = `rgb(${Array(3).fill(Math.round((255 * value) / 9))})`;
    cell.style.color = value < 5 ? "#fff" : "#000";
  });
  const frame = html("div", { class: "frame" });
  const picture = html(
    "div",
    {
      class: "cells picture",
      tabindex: 0,
      role: "application",
      "aria-label": "Picture of a face, 12 by 12 pixels from 0, black, to 9, white. The arrow keys move the window.",
      keydown: byKey,
    },
    ...pictureRows,
    frame,
  );
  const inputs = PRESETS.Identity.map((_, i) =>
    html("input", {
      type: "number",
      step: "any",
      min: -LIMIT,
      max: LIMIT,
      "aria-label": `Weight in row ${Math.floor(i / 3) + 1}, column ${(i % 3) + 1}`,
      input: () => change(inputs.map((input) => tenths(Math.max(-LIMIT, Math.min(LIMIT, input.valueAsNumber || 0))))),
      change: () => show(),
    }),
  );
  const presets = Object.entries(PRESETS).map(([name, values]) => button(name, () => (change(values), show())));
  const terms = weights.map(() => html("span"));
  const result = html("strong");
  const [outputRows, outputs] = table(PLACES, true);
  const output = html("div", { class: "cells outputs", role: "table", "aria-label": "Output" }, ...outputRows);
  const count = html("span");
  const [least, most] = [html("span"), html("span")];
  const relu = html("input", { type: "checkbox", change: update });

  // What moves

  function move(place) {
    at = place;
    seen.add(at);
    update();
  }

  function byKey(event) {
    const step = MOVES[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault(); // the page stays where it is
    filling = ALL;
    const row = within(Math.floor(at / PLACES) + step[0], PLACES - 1);
    move(row * PLACES + within((at % PLACES) + step[1], PLACES - 1));
  }

  /** The window follows the pointer: in the picture its middle, in the output the place that it fills. */
  function byPointer(element, size, margin) {
    const follow = (event) => {
      if (filling < ALL && event.type === "pointermove") return; // a pointer on its way to somewhere else
      const box = element.getBoundingClientRect();
      const index = (part) => within(Math.floor(part * size) - margin, PLACES - 1);
      const row = index((event.clientY - box.top) / box.height);
      const place = row * PLACES + index((event.clientX - box.left) / box.width);
      filling = ALL;
      if (place !== at || !seen.has(at)) move(place);
    };
    for (const kind of ["pointerdown", "pointermove"]) element.addEventListener(kind, follow);
  }
  byPointer(picture, SIZE, 1);
  byPointer(output, PLACES, 0);

  function change(values) {
    weights = values;
    update();
  }

  function fillAll() {
    filling = 0;
    repeat(() => {
      if (filling < ALL) move(filling++);
      return filling < ALL;
    });
  }

  function clear() {
    filling = ALL;
    seen.clear();
    move(at);
  }

  /** Write the weights into their boxes, where a reader may have left something else. */
  function show() {
    inputs.forEach((input, i) => (input.value = weights[i]));
  }

  function colour(cell, share) {
    cell.classList.toggle("negative", share < 0);
    cell.style.setProperty("--share", Math.abs(share));
  }

  function draw() {
    const sums = outputs.map((_, i) => total(i));
    const largest = Math.max(...sums.map(Math.abs)) || 1;
    const tenth = largest < 10 && !sums.every(Number.isInteger); // more does not fit; the sum says all
    const kept = (sum) => (relu.checked ? Math.max(0, sum) : sum);
    const texts = sums.map((sum) => signed(tenth ? kept(sum).toFixed(1) : Math.round(kept(sum)) + 0));
    output.style.setProperty("--length", Math.max(...texts.map((text) => text.length)));
    outputs.forEach((cell, i) => {
      cell.textContent = seen.has(i) ? texts[i] : "";
      cell.classList.toggle("seen", seen.has(i));
      cell.classList.toggle("here", i === at);
      colour(cell, kept(sums[i]) / largest);
    });
    const strongest = Math.max(...weights.map(Math.abs)) || 1;
    inputs.forEach((input, i) => colour(input, weights[i] / strongest));
    presets.forEach((one) => one.setAttribute("aria-pressed", String(PRESETS[one.textContent]) === String(weights)));
    frame.style.setProperty("--row", Math.floor(at / PLACES));
    frame.style.setProperty("--column", at % PLACES);
    pairs(at).forEach(([weight, pixel], i) => {
      const sign = i ? (weight < 0 ? "− " : "+ ") : weight < 0 ? "−" : "";
      terms[i].textContent = `${sign}${Math.abs(weight)} × ${pixel} `;
      terms[i].classList.toggle("nothing", weight * pixel === 0);
    });
    const cut = kept(sums[at]) !== sums[at] ? ", with ReLU 0" : "";
    result.textContent = `= ${signed(sums[at])}${cut}`;
    count.textContent = `${seen.size} filled`;
    [least.textContent, most.textContent] = [signed(-largest), largest];
  }

  function update() {
    draw();
    say(`Output, row ${Math.floor(at / PLACES) + 1}, column ${(at % PLACES) + 1}: ${result.textContent.slice(2)}`);
  }

  draw();
  show();
  return [
    html("div", { class: "controls", role: "group", "aria-label": "Ready-made weights" }, ...presets),
    html(
      "div",
      { class: "panels" },
      html("div", {}, html("p", { class: "title" }, html("b", {}, "Picture"), " 12 × 12"), picture),
      html(
        "div",
        { class: "middle" },
        html("div", {}, html("p", { class: "title" }, html("b", {}, "Weights"), " 3 × 3"), html("div", { class: "weights" }, ...inputs)),
        html("p", { class: "sum" }, ...terms, result),
      ),
      html(
        "div",
        {},
        html("p", { class: "title" }, html("b", {}, "Output"), " 10 × 10, ", count),
        output,
        html("p", { class: "scale" }, least, html("span", { class: "bar" }), most),
      ),
    ),
    html("div", { class: "controls" }, button("Fill all", fillAll), button("Clear", clear), html("label", {}, relu, " ReLU: negatives become 0")),
    html("p", { class: "hint" }, "Point at the picture or the output: the window follows. Once the picture is selected, the arrow keys move it too. The weights are yours to change."),
    announcement,
  ];
}
