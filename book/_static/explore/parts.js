/* What both figures need. */

const fill = (made, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
};

/** Return an element of HTML or of a drawing; functions among the attributes listen, strings become text. */
export const html = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

export const button = (text, click) => html("button", { type: "button", click }, text);

/** Write a number with a real minus sign. */
export const signed = (text) => String(text).replace("-", "−");

/** Return a place that only screen readers see, and a function that says something there, once all has come to rest. */
export function announcer() {
  const place = html("p", { class: "visually-hidden", role: "status" });
  let timer;
  const say = (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => (place.textContent = text), 500);
  };
  return [place, say];
}

/** Return a function that repeats a step until it returns false: one by one, or at once for those who want no motion. */
export function repeater(pause) {
  let timer;
  return (step) => {
    clearInterval(timer);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) while (step());
    else timer = setInterval(() => step() || clearInterval(timer), pause);
  };
}
