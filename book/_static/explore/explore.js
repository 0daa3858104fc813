/* Puts a figure to play with in the place of each element of the class "explorer": data-figure names it. */

import { convolution } from "./convolution.js";
import { descent } from "./descent.js";

const FIGURES = { convolution, descent };

for (const place of document.querySelectorAll(".explorer")) place.replaceChildren(...FIGURES[place.dataset.figure]());
