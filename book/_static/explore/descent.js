/* Gradient descent with one weight: a ball on the curve of the loss, and beside it the line that the weight draws. */

import { announcer, button, html, repeater, signed, svg } from "./parts.js";

const X = [1, 2, 3, 4];
const Y = [2.1, 3.9, 6.2, 7.8];
const START = 0;
const FAR = 1000; // where the ball stops flying
const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
const loss = (w) => mean(X.map((x, i) => (w * x - Y[i]) ** 2));
const slope = (w) => mean(X.map((x, i) => 2 * x * (w * x - Y[i])));
const three = (number) => signed(number.toFixed(3));

/** Return a drawing with axes, the part of it where things are drawn, and functions from values to places in it. */
function plot(width, [left, right], [bottom, top], ticks, [xName, yName], label) {
  const [inset, below, above, height] = [36, 34, 8, 230];
  const x = (value) => ((value - left) / (right - left)) * (width - inset - 4);
  const y = (value) => ((top - value) / (top - bottom)) * (height - above - below);
  const base = y(bottom);
  const text = (at, down, anchor, content) => svg("text", { x: at, y: down, "text-anchor": anchor }, content);
  const area = svg("svg", { x: inset, y: above, width: width - inset - 4, height: base });
  const marks = [
    ...ticks[0].map((tick) => text(inset + x(tick), above + base + 15, "middle", tick)),
    ...ticks[1].map((tick) => text(inset - 6, above + y(tick) + 4, "end", tick)),
    text(inset + x((left + right) / 2), height - 3, "middle", xName),
    text(0, 0, "middle", yName),
  ];
  marks.at(-1).setAttribute("transform", `translate(10 ${above + base / 2}) rotate(-90)`);
  const axes = svg("path", { class: "axes", d: `M${inset} ${above}v${base}h${width - inset - 4}` });
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, axes, ...marks, area);
  return { drawing, area, x, y };
}

export function descent() {
  let past = [START];
  let left = 0; // steps that are still to come
  const [announcement, say] = announcer();
  const repeat = repeater(250);
  const rate = html("input", { type: "range", min: 0.01, max: 0.15, step: 0.005, value: 0.02, input: draw });
  const rateShown = html("span");
  const now = html("p", { class: "now" });
  const next = html("p", { class: "next" });
  const told = html("p", { class: "told" });

  // The curve

  const curve = plot(
    320,
    [-0.6, 4.6],
    [-4, 52],
    [[0, 1, 2, 3, 4], [0, 20, 40]],
    ["weight w", "loss"],
    "The loss over the weight w: a valley that is deepest near w = 2. A ball lies where w is now.",
  );
  const onCurve = (w) => `${curve.x(w).toFixed(1)} ${curve.y(loss(w)).toFixed(1)}`;
  const line = Array.from({ length: 81 }, (_, i) => onCurve(-1 + i / 13));
  const ball = svg("circle", { class: "ball", r: 7 });
  const ghost = svg("circle", { class: "ghost", r: 6 });
  const tangent = svg("path", { class: "tangent" });
  const trail = svg("path", { class: "trail" });
  const dots = svg("g", { class: "dots" });
  const away = svg("text", { class: "away", y: curve.y(24) });
  curve.area.append(svg("path", { class: "curve", d: `M${line.join("L")}` }), trail, dots, tangent, ghost, ball, away);
  const key = [
    [svg("circle", { class: "ball", r: 5 }), "now"],
    [svg("circle", { class: "ghost", r: 5 }), "next"],
    [svg("path", { class: "tangent", d: "M-9 0h18" }), "slope"],
  ];
  key.forEach(([sign, name], i) => {
    const text = svg("text", { x: 14, y: 4 }, name);
    curve.area.append(svg("g", { transform: `translate(${curve.x(1.75)} ${14 + 17 * i})` }, sign, text));
  });

  // The data

  const data = plot(
    190,
    [0, 4.6],
    [-0.6, 9.5],
    [[0, 1, 2, 3, 4], [0, 2, 4, 6, 8]],
    ["x", "y"],
    "Four points of data, and the line y = w x with its errors.",
  );
  const fitted = svg("path", { class: "fitted" });
  const errors = svg("path", { class: "errors" });
  const points = X.map((x, i) => svg("circle", { class: "point", cx: data.x(x), cy: data.y(Y[i]), r: 4 }));
  data.area.append(errors, fitted, ...points);

  function step() {
    const w = past.at(-1);
    if (Math.abs(w) > FAR) return false;
    past.push(w - rate.value * slope(w));
    update();
    return true;
  }

  function oneStep() {
    left = 0;
    step();
  }

  function tenSteps() {
    left += 10;
    repeat(() => left > 0 && (left--, step()));
  }

  function reset() {
    left = 0;
    past = [START];
    update();
  }

  function draw() {
    const w = past.at(-1);
    const then = w - rate.value * slope(w);
    const place = ([x, y]) => `translate(${x}px, ${y}px)`;
    const clamp = (number) => Math.max(-1e4, Math.min(1e4, number)); // browsers draw no further
    const at = (value) => [clamp(curve.x(value)), clamp(curve.y(loss(value)))];
    ball.style.transform = place(at(w));
    ghost.style.transform = place(at(then));
    const [run, rise] = [curve.x(1) - curve.x(0), slope(w) * (curve.y(1) - curve.y(0))];
    const scale = 42 / Math.hypot(run, rise);
    tangent.setAttribute("d", `M${-run * scale} ${-rise * scale}L${run * scale} ${rise * scale}`);
    tangent.style.transform = place(at(w));
    trail.setAttribute("d", `M${past.map(at).join("L")}`);
    dots.replaceChildren(...past.slice(0, -1).map((old) => svg("circle", { cx: at(old)[0], cy: at(old)[1], r: 3.5 })));
    const outside = Math.abs(w - 2) > 2.6;
    const right = w > 2;
    away.textContent = outside ? (right ? "The ball is out here →" : "← The ball is out here") : "";
    away.setAttribute("x", right ? curve.x(4.5) : curve.x(-0.5));
    away.setAttribute("text-anchor", right ? "end" : "start");
    const height = (x) => clamp(data.y(w * x));
    fitted.setAttribute("d", `M${data.x(0)} ${data.y(0)}L${data.x(4.6)} ${height(4.6)}`);
    errors.setAttribute("d", X.map((x, i) => `M${data.x(x)} ${data.y(Y[i])}V${height(x)}`).join(""));

    const value = (name, number) => html("span", {}, `${name} = `, html("b", {}, three(number)));
    const shown = Number(rate.value).toFixed(3);
    rateShown.textContent = shown;
    now.replaceChildren(value("w", w), " ", value("loss", loss(w)), " ", value("slope", slope(w)));
    const slopeShown = slope(w) < 0 ? `(${three(slope(w))})` : three(slope(w));
    next.textContent = `next w = w − rate × slope = ${three(w)} − ${shown} × ${slopeShown} = ${three(then)}`;
    told.textContent = summary(w);
  }

  function update() {
    draw();
    say(`${told.textContent} w = ${three(past.at(-1))}`);
  }

  function summary(w) {
    const steps = past.length - 1;
    if (!steps) return "Step 0: where it starts.";
    if (Math.abs(w) > FAR) return `Step ${steps}: it has flown off. Choose a smaller rate, and reset.`;
    const [before, after] = [loss(past.at(-2)), loss(w)];
    if (three(before) === three(after)) return `Step ${steps}: the loss stays at ${three(after)}.`;
    return `Step ${steps}: the loss ${after < before ? "fell" : "rose"} from ${three(before)} to ${three(after)}.`;
  }

  draw();
  return [
    html("div", { class: "plots" }, curve.drawing, data.drawing),
    html(
      "div",
      { class: "controls" },
      html("label", {}, "Learning rate ", rate),
      rateShown,
      button("Step", oneStep),
      button("Ten steps", tenSteps),
      button("Reset", reset),
    ),
    told,
    now,
    next,
    announcement,
  ];
}
