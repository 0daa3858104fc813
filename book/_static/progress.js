/* Remembers which chapters are read and how each self-test went at the first try, in the reader's own browser. */
(() => {
  const chapterOf = ({ pathname }) => /\/book\/(\d\d-[\w-]+)\.html$/.exec(pathname)?.[1];
  const here = chapterOf(location);
  const links = [...document.querySelectorAll("nav.bd-docs-nav a")].filter(chapterOf);
  const key = `progress of ${new URL(document.documentElement.dataset.content_root, location).pathname}`;
  let unstored; // what the browser would not store: remembered until the page is left

  function load() {
    if (unstored) return unstored;
    try {
      return Object(JSON.parse(localStorage.getItem(key)));
    } catch {
      return {};
    }
  }

  /* Return what is known of a chapter. Others may have written what was stored, so trust neither form nor content. */
  function known(chapter) {
    const { read, score, answers } = Object(load()[chapter]);
    return {
      read: read === true,
      score: typeof score === "string" && /^\d\/\d$/.test(score) ? score : "", // such as 4/5
      answers: Array.isArray(answers) ? answers : [], // to each question, the text of the answer given
    };
  }

  function note(change) {
    const all = { ...load(), [here]: { ...known(here), ...change } };
    try {
      localStorage.setItem(key, JSON.stringify(all));
    } catch {
      unstored = all;
    }
    show();
  }

  function add(place, tag, properties) {
    const element = Object.assign(document.createElement(tag), properties);
    place.append(element);
    return element;
  }

  const marks = links.map((link) => add(link, "span", { className: "progress-mark", role: "img" }));
  let showHere = () => {};

  function show() {
    for (const [i, mark] of marks.entries()) {
      const { read, score } = known(chapterOf(links[i]));
      const told = [read && "read", score && `self-test ${score.replace("/", " of ")}`].filter(Boolean).join(", ");
      const textContent = [read && "✓", score].filter(Boolean).join(" ");
      Object.assign(mark, { textContent, ariaLabel: told, hidden: !told });
    }
    showHere();
  }

  function setUp(article) {
    const questions = []; // each a list of answers: those that follow one another
    for (const answer of article.querySelectorAll("details:is(.right, .wrong)")) {
      if (answer.previousElementSibling?.matches(".right, .wrong")) questions.at(-1).push(answer);
      else questions.push([answer]);
    }
    const textOf = (answer) => answer?.firstElementChild.textContent;
    const given = () => questions.map((all, i) => all.find((answer) => textOf(answer) === known(here).answers[i]));
    const rightOf = (answers) => answers.filter((answer) => answer?.matches(".right")).length;

    const test = add(questions[0]?.[0].parentElement ?? article, "div", { className: "progress-box" });
    const result = add(test, "p", { role: "status" });
    const clear = add(test, "button", { type: "button", textContent: "Clear my answers" });
    const end = add(article, "div", { className: "progress-box" });
    const read = add(end, "button", { type: "button", textContent: "Mark this chapter as read" });
    add(end, "p", { textContent: "Your browser alone remembers this mark and your answers to the self-test." });

    function choose(i, answer) {
      const answers = given();
      if (answers[i]) return; // only the first try counts
      answers[i] = answer;
      const score = answers.every(Boolean) ? `${rightOf(answers)}/${answers.length}` : "";
      note({ answers: answers.map(textOf), score });
    }
    for (const [i, all] of questions.entries()) {
      for (const answer of all) answer.firstElementChild.addEventListener("click", () => choose(i, answer));
    }
    clear.addEventListener("click", () => {
      note({ answers: [], score: "" });
      for (const answer of questions.flat()) answer.open = false;
      questions[0][0].firstElementChild.focus();
    });
    read.addEventListener("click", () => note({ read: !known(here).read }));

    showHere = () => {
      const answers = given().filter(Boolean);
      const [count, of] = [answers.length, `of ${questions.length}`];
      test.hidden = count === 0;
      result.textContent =
        count < questions.length ? `Answered: ${count} ${of}.` : `You had ${rightOf(answers)} ${of} at first try.`;
      read.ariaPressed = known(here).read;
    };
    for (const answer of given()) if (answer) answer.open = true;
  }

  if (here) setUp(document.querySelector("article"));
  show();
  addEventListener("pageshow", show); // after a way back, or a change in another tab
  addEventListener("storage", show);
})();
