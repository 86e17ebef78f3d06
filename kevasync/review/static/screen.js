// The screen itself: draws what the review knows, and passes keys and answers on.

class Screen {
  constructor(model, el) {
    const page = model.get("page");
    const post = (message) => model.send(message);
    this.outbox = new Outbox(page.session, post, (reply) => this.review.hear(reply));
    this.review = new Review(page, this.outbox, (again) => this.changed(again));
    this.page = page;
    this.build();
    this.dialogs = new Dialogs(this.review, () => this.list.element.focus({ preventScroll: true }));
    this.root.append(this.dialogs.element);
    el.replaceChildren(this.root);
    this.stops = [watchTheme(this.root), () => this.outbox.close()];
    this.listen(model);
    this.draw();
    this.outbox.ask({ want: this.wanted() }, true);
    requestAnimationFrame(() => { this.list.element.focus({ preventScroll: true }); this.draw(); });
  }

  listen(model) {
    const hear = (message) => message?.kind === "answer" && this.outbox.answer(message);
    model.on("msg:custom", hear);
    const key = (event) => this.key(event);
    document.addEventListener("keydown", key, true);
    const leave = (event) => { if (this.outbox.unsaved && this.outbox.storageFails) event.preventDefault(); };
    addEventListener("beforeunload", leave);
    const size = new ResizeObserver(() => this.list.draw());
    size.observe(this.list.element);
    this.stops.push(() => model.off("msg:custom", hear), () => document.removeEventListener("keydown", key, true),
      () => removeEventListener("beforeunload", leave), () => size.disconnect());
  }

  close() { for (const stop of this.stops) stop(); }

  key(event) {
    const path = event.composedPath();
    const inside = path.includes(this.root);
    if (!inside && path[0] !== document.body && path[0] !== document.documentElement) return;
    const writes = path[0].matches?.("input, textarea, select");
    let ours;
    if (this.dialogs.isOpen) ours = this.dialogs.key(event);
    else if (writes) ours = this.searchKey(event);
    else ours = pressed(event, this.review, this.does());
    if (!ours) { if (inside) event.stopPropagation(); return; }
    event.preventDefault();
    event.stopPropagation();
    this.redraw(true);
  }

  searchKey(event) {
    if (event.key !== "Escape" && event.key !== "Enter" && event.key !== "ArrowDown") return false;
    if (event.key === "Escape") { this.search.value = ""; this.review.query = ""; this.review.apply(); }
    this.list.element.focus();
    return true;
  }

  does() {
    const { review, dialogs } = this;
    const at = () => review.current;
    return {
      move: (by) => review.go(Number.isFinite(by) ? review.index + by : by > 0 ? review.view.length - 1 : 0),
      look: (by) => { const most = (review.words.numbers === "fields" ? review.details.get(at())?.cards.records.length ?? 1 : review.row(at())?.alternatives.length ?? 1) - 1; review.choice = Math.min(Math.max(review.choice + by, 0), most); },
      verdict: (verdict) => at() !== null && this.decide(verdict),
      number: (place) => at() !== null && this.number(place),
      change: () => at() !== null && dialogs.pick((targets) => { this.change(targets); this.redraw(true); }),
      undo: () => review.undo(),
      bulk: () => dialogs.bulk((ids, verdict) => { review.decideAll(ids, verdict); this.redraw(true); }),
      search: () => { this.search.focus(); this.search.select(); },
      filter: (by) => this.filter(by),
      order: () => { const names = this.page.orders.map(([name]) => name); review.order = names[(names.indexOf(review.order) + 1) % names.length]; review.apply(); },
      save: () => { if (this.outbox.unsaved) this.outbox.flush(); this.outbox.ask({ action: "save", who: review.who }, true); },
      help: () => dialogs.help(keysOf(review.words, this.page)),
      main: () => this.record("main"), leave: () => this.record("leave"),
      calm: () => { review.notice = null; },
    };
  }

  decide(verdict) {
    const { review } = this;
    const row = review.row(review.current);
    if (review.words.numbers === "fields") {
      const { choices = {}, master = 0, without = [] } = review.picks.get(row.id) ?? {};
      return review.decide(row.id, verdict, { choices, master, without }, row.alternatives[0]?.text ?? "");
    }
    const one = row.alternatives[review.choice];
    if (!one) return;
    const changed = verdict === "accept" && review.choice > 0 ? review.words.change.verdict : verdict;
    review.decide(row.id, changed, { targets: one.targets }, one.text);
  }

  number(place) {
    const { review } = this;
    if (review.words.numbers === "fields") return this.survivor(place);
    const row = review.row(review.current), one = row.alternatives[place];
    if (one) review.decide(row.id, place ? review.words.change.verdict : "accept", { targets: one.targets }, one.text);
  }

  survivor(place) {
    const { review } = this;
    const table = review.details.get(review.current)?.cards;
    const field = table?.fields.filter((one) => one.differs)[place];
    if (!field) return;
    const picks = review.picksOf(review.current);
    let next = picks.choices[field.name] ?? field.survivor;
    do next = (next + 1) % field.values.length; while (picks.without.includes(next));
    review.picks.set(review.current, { ...picks, choices: { ...picks.choices, [field.name]: next } });
    review.say(`${field.label ?? field.name}: value of record ${next + 1} survives`);
  }

  /** The marked record of a group becomes the main one, or is left out of the merge. */
  record(what) {
    const { review } = this;
    if (review.words.numbers !== "fields" || review.current === null) return;
    const picks = review.picksOf(review.current), place = review.choice;
    if (what === "main") review.picks.set(review.current, { ...picks, master: place, without: picks.without.filter((one) => one !== place) });
    else if (place === picks.master) review.notice = { tone: "info", text: "The main record cannot be left out: choose another one with p first." };
    else if (!picks.without.includes(place) && review.row(review.current).size - picks.without.length < 3) review.notice = { tone: "info", text: "A merge needs two records: say that it is not a duplicate, or skip." };
    else review.picks.set(review.current, { ...picks, without: picks.without.includes(place) ? picks.without.filter((one) => one !== place) : [...picks.without, place] });
  }

  change(targets) {
    const { review } = this;
    const row = review.row(review.current);
    const named = (id) => this.page.options.find((one) => one.id === id)?.text ?? id;
    const text = targets.map(named).join(" + ") || this.page.none;
    const best = row.alternatives[0];
    review.decide(row.id, best?.text === text && String(best.targets) === String(targets) ? "accept" : review.words.change.verdict, { targets }, text);
  }

  filters() {
    const { words } = this.review;
    return [["all", "All", ""], ["open", words.open, "○"], ...this.review.verbs.map((verb) => [verb.verdict, verb.past, verb.sign]),
      ["problems", "Lint", "!"], ["others", "Decided by others", "⇄"]];
  }

  filter(by) {
    const { review } = this;
    const counts = review.counts();
    const names = this.filters().map(([name]) => name).filter((name) => name === "all" || counts[name]);
    review.filter = names[(names.indexOf(review.filter) + by + names.length) % names.length];
    review.apply();
  }

  wanted() {
    const { review } = this;
    if (review.current === null) return [];
    return review.view.slice(Math.max(0, review.index - 1), review.index + 4).filter((id) => !review.details.has(id));
  }

  build() {
    const { page, review } = this;
    this.search = h("input", { type: "search", placeholder: "Search  /", "aria-label": "Search the list", oninput: () => { review.query = this.search.value.trim(); review.apply(); this.redraw(true); } });
    this.list = new List(review, (id) => { review.go(review.view.indexOf(id)); this.redraw(false); });
    const button = (text, key, run, more) => h("button", { type: "button", ...more, onclick: () => { run(); this.redraw(true); } }, text, key && kbd(key));
    this.progress = h("div", { class: "kv-progress", role: "progressbar", "aria-label": "Decided", "aria-valuemin": "0" }, h("span"));
    this.counted = h("span", { class: "kv-counted" });
    this.saved = h("span", { class: "kv-saved" });
    this.reviewer = h("button", { type: "button", class: "kv-quiet", title: "Change your name", onclick: () => this.dialogs.name(review) });
    this.chips = h("div", { class: "kv-chips", role: "group", "aria-label": "Filter" });
    this.ordered = button("", "o", () => this.does().order(), { class: "kv-quiet" });
    this.notice = h("div", { class: "kv-notice", hidden: true });
    this.side = h("aside", { class: "kv-side", "aria-label": "Evidence" });
    this.live = h("div", { class: "kv-live", role: "status", "aria-live": "polite" });
    const verbs = review.words.verbs.map((verb) => button(verb.label, verb.key, () => review.current !== null && this.decide(verb.verdict), { class: verb.tone }));
    const change = review.words.change && button(review.words.change.label, review.words.change.key, () => this.does().change());
    this.root = h("div", { class: `kv${review.words.numbers === "fields" ? " cards" : ""}`, "data-theme": "light" },
      h("header", { class: "kv-head" },
        h("div", { class: "kv-title" }, h("h1", {}, page.title), h("p", {}, page.subtitle)),
        h("div", { class: "kv-status" }, this.counted, this.progress, this.saved), this.reviewer,
        page.save ? button(page.save.label, "Ctrl+S", () => this.does().save(), { class: "kv-main-button" }) : null),
      h("div", { class: "kv-tools" }, this.search, this.chips, h("span", { class: "kv-gap" }), this.ordered),
      this.notice,
      h("div", { class: "kv-main" }, this.list.element, this.side),
      h("footer", { class: "kv-foot-bar" }, verbs, change, button("Undo", "u", () => review.undo()), h("span", { class: "kv-gap" }),
        button(`${review.words.verbs[0].label} many`, "A", () => this.does().bulk()), button("Keys", "?", () => this.does().help())),
      this.live);
  }

  redraw(reveal) {
    this.wantsReveal ||= reveal;
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => { this.frame = null; this.draw(); });
  }

  changed(again) {
    if (again && this.review.filter !== "all") this.review.apply();
    this.redraw(false);
  }

  draw() {
    const { review, outbox } = this;
    if (this.wantsReveal) this.list.reveal();
    this.wantsReveal = false;
    this.list.draw();
    this.side.replaceChildren(...evidencePane(review, (_, place) => { this.number(place); this.redraw(true); }).filter(Boolean));
    const counts = review.counts(), done = counts.all - counts.open;
    this.counted.textContent = `${done.toLocaleString("en")} of ${counts.all.toLocaleString("en")} decided${review.words.expects ? `, about ${Math.round(review.expected()).toLocaleString("en")} ${review.words.expects}` : ""}`;
    this.progress.setAttribute("aria-valuemax", counts.all);
    this.progress.setAttribute("aria-valuenow", done);
    this.progress.firstChild.style.width = `${counts.all ? (done / counts.all) * 100 : 0}%`;
    this.drawSaved(outbox);
    this.reviewer.textContent = review.who;
    this.ordered.firstChild.textContent = this.page.orders.find(([name]) => name === review.order)[1];
    this.chips.replaceChildren(...this.filters().filter(([name]) => name === "all" || name === "open" || counts[name] || review.filter === name).map(([name, text, sign]) =>
      h("button", { type: "button", "aria-pressed": String(review.filter === name), onclick: () => { review.filter = name; review.apply(); this.redraw(true); } },
        sign && h("span", { "aria-hidden": "true" }, sign), text, h("b", {}, (counts[name] ?? 0).toLocaleString("en")))));
    this.drawNotice();
    if (this.live.textContent !== review.said) this.live.textContent = review.said;
    clearTimeout(this.wanting);
    this.wanting = setTimeout(() => { const want = this.wanted(); if (want.length) outbox.ask({ want }, false); }, 60);
  }

  drawSaved(outbox) {
    const { unsaved } = outbox;
    const text = unsaved ? `${unsaved} unsaved` : "All saved";
    this.saved.className = `kv-saved ${unsaved ? (outbox.offline ? "bad" : "busy") : "good"}`;
    this.saved.textContent = text;
    this.saved.title = unsaved ? "Kept in this browser until the server has them." : "Every decision is in the workspace.";
  }

  drawNotice() {
    const { review, outbox } = this;
    let shown = review.notice;
    if (review.error) shown = { tone: "bad", text: `Not saved: ${review.error.what} ${review.error.next?.[0] ?? ""} Your presses are kept here and sent again.` };
    else if (outbox.offline) shown = { tone: "warn", text: `The server does not answer. ${outbox.unsaved ? `${plural(outbox.unsaved, "decision is", "decisions are")} kept in this browser and sent` : "Go on: decisions are kept in this browser and sent"} as soon as it does. If it was started anew, reload this page.` };
    else if (outbox.storageFails && outbox.unsaved) shown = { tone: "warn", text: "This browser stores nothing for this page: leave it open until all is saved." };
    this.notice.hidden = !shown;
    this.notice.className = `kv-notice ${shown?.tone ?? ""}`;
    this.notice.textContent = shown?.text ?? "";
  }
}

export default {
  render({ model, el }) {
    const screen = new Screen(model, el);
    return () => screen.close();
  },
};
