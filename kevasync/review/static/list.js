// The list: only the rows in sight are in the document, so a thousand columns scroll like ten.

const ROW = 38, MARGIN = 8;

class List {
  constructor(review, choose) {
    this.review = review;
    this.space = h("div", { class: "kv-space" });
    this.element = h("div", {
      class: "kv-list", role: "listbox", tabindex: "0", "aria-label": `All ${review.words.items}`,
      onscroll: () => this.draw(),
      onclick: (event) => {
        const line = event.target.closest?.("[data-id]");
        if (line) choose(line.dataset.id);
      },
    }, this.space);
  }

  /** Bring the current row into sight; `middle` keeps some lines before and after it. */
  reveal() {
    const { element, review } = this;
    const top = review.index * ROW;
    const room = Math.min(3 * ROW, element.clientHeight / 3);
    if (top < element.scrollTop + room) element.scrollTop = Math.max(0, top - room);
    else if (top + ROW > element.scrollTop + element.clientHeight - room) element.scrollTop = top + ROW + room - element.clientHeight;
  }

  draw() {
    const { element, review, space } = this;
    const { view } = review;
    space.style.height = `${view.length * ROW}px`;
    const first = Math.max(0, Math.floor(element.scrollTop / ROW) - MARGIN);
    const last = Math.min(view.length, Math.ceil((element.scrollTop + (element.clientHeight || 600)) / ROW) + MARGIN);
    const lines = [];
    for (let place = first; place < last; place++) lines.push(this.line(view[place], place));
    if (!view.length) lines.push(h("p", { class: "kv-empty" }, review.query ? `Nothing here matches “${review.query}”.` : "Nothing here."));
    space.replaceChildren(...lines);
    if (review.current !== null) element.setAttribute("aria-activedescendant", `kv-row-${review.place.get(review.current)}`);
    else element.removeAttribute("aria-activedescendant");
  }

  line(id, place) {
    const { review } = this;
    const row = review.row(id), state = review.state(id), verb = review.verb(state?.verdict);
    const best = row.alternatives[0];
    const worst = review.problems(id).some((one) => one.severity === "error") ? "bad" : "warn";
    const tone = verb ? verb.tone : "";
    return h("div", {
      class: `kv-row ${tone}${id === review.current ? " current" : ""}${state?.waiting ? " waiting" : ""}`,
      id: `kv-row-${review.place.get(id)}`, "data-id": id, role: "option", "aria-selected": String(id === review.current),
      "aria-setsize": review.view.length, "aria-posinset": place + 1, style: { top: `${place * ROW}px` },
      "aria-label": `${row.title}, ${verb ? `${verb.past} ` : "to decide, "}${review.answerOf(id)}${best ? `, ${percent(best.confidence)}` : ""}`,
    },
    h("span", { class: `kv-sign ${tone}`, title: verb?.past ?? review.words.open }, verb?.sign ?? "○"),
    h("span", { class: "kv-name" }, h("b", {}, row.title), row.subtitle && h("i", {}, row.subtitle)),
    h("span", { class: "kv-answer" }, review.answerOf(id)),
    review.flags.has(id) ? h("span", { class: "kv-mark warn", title: review.flags.get(id) }, "⇄")
      : review.problems(id).length ? h("span", { class: `kv-mark ${worst}`, title: review.problems(id)[0].message }, "!") : h("span", { class: "kv-mark" }),
    best ? meter(best.confidence, "") : h("span"));
  }
}
