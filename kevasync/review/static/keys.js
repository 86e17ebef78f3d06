// Which key does what, and the list of them for the help.

function keysOf(words, page) {
  const numbers = words.numbers === "alternatives"
    ? [[["1", "…", "9"], "take that answer"], [["←", "→"], "look at the other answers"], [["Enter"], "take the answer that is marked"]]
    : words.numbers === "fields" ? [[["1", "…", "9"], "whose value survives, field by field"], [["←", "→"], "mark a record"], [["p"], "the marked record is the main one"], [["x"], "leave the marked record out, or take it in again"]] : [];
  return [
    [["j", "k", "↓", "↑"], "next, previous"],
    ...words.verbs.map((verb) => [[verb.key], verb.label.toLowerCase() + (verb.help ? `: ${verb.help}` : "")]),
    ...numbers,
    ...(words.change ? [[[words.change.key], `${words.change.label.toLowerCase()}: search all ${words.change.searched ?? "fields"}`]] : []),
    [["u"], "undo, also after a reload"],
    [["A"], `${words.verbs[0].label.toLowerCase()} all above a confidence`],
    [["/"], "search"], [["f", "F"], "next, previous filter"], [["o"], `order: ${page.orders.map(([, text]) => text).join(", ")}`],
    ...(page.save ? [[["Ctrl+S"], page.save.help]] : []),
    [["?"], "these keys"],
  ];
}

/** The handler of one key press; `does` has what each can do. True: the press was ours. */
function pressed(event, review, does) {
  const { key } = event;
  if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "s" && review.page.save) { does.save(); return true; }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  const { words } = review;
  const verb = words.verbs.find((one) => one.key === key);
  if (verb) { does.verdict(verb.verdict); return true; }
  if (words.change?.key === key) { does.change(); return true; }
  if (/^[1-9]$/.test(key) && words.numbers) { does.number(Number(key) - 1); return true; }
  if (words.numbers === "fields" && (key === "p" || key === "x")) { does[key === "p" ? "main" : "leave"](); return true; }
  const table = {
    j: () => does.move(1), ArrowDown: () => does.move(1), k: () => does.move(-1), ArrowUp: () => does.move(-1),
    PageDown: () => does.move(12), PageUp: () => does.move(-12), Home: () => does.move(-Infinity), End: () => does.move(Infinity),
    ArrowRight: () => does.look(1), ArrowLeft: () => does.look(-1), u: does.undo, A: does.bulk, "/": does.search,
    f: () => does.filter(1), F: () => does.filter(-1), o: does.order, "?": does.help, Escape: does.calm,
  };
  if (key === "Enter" && words.numbers === "alternatives" && !event.composedPath()[0].closest?.("button, input, a")) { does.number(review.choice); return true; }
  if (!(key in table)) return false;
  table[key]();
  return true;
}
