/* Brings a picture to the size of the training pictures, asks the network, and finds out where it looked. */

import { ask, prepare, request, Trouble } from "./network.js";

export const FILES = ["face.onnx.gz"];
const [NETWORK] = FILES;
export const SIZE = 128;
const MOST_PIXELS = 65e6; // a browser needs four bytes for each, and phones run out
const PATCH = 32;
const STEP = 16;

/** Fetch what is needed; `report(share)` is told how much has come. */
export async function ready(report) {
  checkReading();
  await prepare(FILES, report);
}

/** Return one of the ready faces: all stand side by side in one picture. */
export async function readyFace(row, column) {
  const all = await open(await (await request("faces.webp")).blob());
  const one = blank(SIZE, SIZE);
  one.getContext("2d").drawImage(all, -column * SIZE, -row * SIZE);
  return one;
}

/** Return an empty canvas of this size. */
export const blank = (width, height) => Object.assign(document.createElement("canvas"), { width, height });

/** Return a picture as an image that can be drawn, or say why not. */
export async function open(blob) {
  const address = URL.createObjectURL(blob);
  try {
    // Only the size is known after this; a huge picture is refused before it is unpacked.
    // A server can forbid images from such addresses, but not the other way to unpack one.
    const image = await load(address).catch(() => createImageBitmap(blob));
    const { width, height } = image;
    if (width * height > MOST_PIXELS) {
      const millions = Math.ceil((width * height) / 1e5) / 10; // never the limit itself
      throw new Trouble(`This picture has ${millions} million pixels; please take one of at most ${MOST_PIXELS / 1e6} million.`);
    }
    if (!width || !height) throw new Error("no size");
    await image.decode?.();
    return image;
  } catch (error) {
    if (error instanceof Trouble) throw error;
    throw new Trouble("This file is not a picture that your browser can read. A JPEG or PNG file will do.");
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function load(address) {
  const image = new Image();
  image.src = address;
  await new Promise((done, fail) => Object.assign(image, { onload: done, onerror: fail }));
  return image;
}

/** Draw the middle square of an image, or a part of it, onto a canvas of SIZE x SIZE. */
export function crop(image, canvas, zoom) {
  const { width, height } = image;
  const side = Math.min(width, height) / zoom;
  let area = [(width - side) / 2, (height - side) / 2, side, side];
  // Halving step by step averages all pixels; one big step would skip most of them.
  let source = image;
  for (let small = 2 ** Math.floor(Math.log2(side / SIZE)) * SIZE; small > SIZE; small /= 2) {
    const step = blank(small, small);
    paint(step, source, area);
    source = step;
    area = [0, 0, small, small];
  }
  paint(canvas, source, area);
}

function paint(canvas, source, [left, top, width, height]) {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white"; // behind transparent pictures
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, left, top, width, height, 0, 0, canvas.width, canvas.height);
}

/** Return the pixels of a canvas as the network reads them: red, green and blue, 0 to 255. */
function pixels(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, SIZE, SIZE);
  return Float32Array.from({ length: SIZE * SIZE * 3 }, (_, i) => data[Math.floor(i / 3) * 4 + (i % 3)]);
}

/** Some browsers alter what a page reads of a canvas, to hide who one is: even a little moves the age by years. */
function checkReading() {
  const canvas = blank(SIZE, SIZE);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const colour = (line) => [2 * line, 255 - 2 * line, line];
  for (let line = 0; line < SIZE; line++) {
    context.fillStyle = `rgb(${colour(line)})`;
    context.fillRect(0, line, SIZE, 1);
  }
  if (pixels(canvas).some((value, i) => value !== colour(Math.floor(i / 3 / SIZE))[i % 3])) {
    throw new Trouble(
      "Your browser alters the pixels that this page reads, as a protection against tracking, so the network " +
        "would see another picture: please allow this page to read them, or take another browser.",
    );
  }
}

async function answers(values) {
  const { age, gender } = await ask(NETWORK, values, [1, SIZE, SIZE, 3]);
  return { age: age[0], gender: gender[0] };
}

/** Return age and P(female) for the picture on a canvas. */
export const guess = (canvas) => answers(pixels(canvas));

/**
 * Return how much the age changes, in years, when a square of the picture is covered with its mean colour:
 * one {left, top, size, change} for each square. `report(share)` is told how far it is.
 */
export async function lookedAt(canvas, report) {
  const whole = pixels(canvas);
  const { age } = await answers(whole);
  const mean = [0, 1, 2].map((band) => whole.reduce((sum, v, i) => (i % 3 === band ? sum + v : sum), 0) / SIZE ** 2);
  const places = Array.from({ length: (SIZE - PATCH) / STEP + 1 }, (_, i) => i * STEP);
  const squares = places.flatMap((top) => places.map((left) => ({ left, top, size: PATCH })));
  for (const [done, square] of squares.entries()) {
    const covered = whole.slice();
    for (let y = square.top; y < square.top + PATCH; y++) {
      for (let x = square.left; x < square.left + PATCH; x++) covered.set(mean, (y * SIZE + x) * 3);
    }
    square.change = (await answers(covered)).age - age;
    report((done + 1) / squares.length);
  }
  return squares;
}
