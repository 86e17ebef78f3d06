// What the screen knows: rows, what holds on each, what was pressed and is not answered yet, and what can be undone.

class Review {
  constructor(page, outbox, changed) {
    Object.assign(this, { page, outbox, changed });
    this.words = page.words;
    this.rows = page.rows;
    this.place = new Map(this.rows.map((row, index) => [row.id, index]));
    this.held = new Map(Object.entries(page.states));
    this.local = new Map();
    this.arrived = new Set();
    this.known = new Map();
    this.flags = new Map();
    this.details = new Map();
    this.history = page.steps.map((step) => ({ presses: step.presses }));
    this.filter = "all";
    this.query = "";
    this.order = page.orders[0][0];
    this.current = null;
    this.choice = 0;
    this.picks = new Map();
    this.notice = null;
    this.error = null;
    this.said = "";
    this.who = Review.reviewer(page);
    for (const { press } of outbox.adopted) this.show(press);
    this.apply();
    const first = this.view.find((id) => !this.verdict(id));
    this.current = first ?? this.view[0] ?? null;
  }

  static reviewer(page) {
    try { return localStorage.getItem("kevasync-reviewer") || page.who; } catch { return page.who; }
  }

  rename(name) {
    this.who = name.trim().slice(0, 80) || this.page.who;
    try { localStorage.setItem("kevasync-reviewer", this.who); } catch { /* kept for this page */ }
    this.outbox.ask({ who: this.who }, false);
  }

  row(id) { return this.rows[this.place.get(id)]; }
  state(id) { return this.local.get(id) ?? this.held.get(id) ?? null; }
  verdict(id) { return this.state(id)?.verdict ?? null; }

  get verbs() { return [...this.words.verbs, ...(this.words.change ? [this.words.change] : [])]; }
  verb(verdict) { return this.verbs.find((verb) => verb.verdict === verdict); }

  /** How many rows each filter has; one pass. */
  counts() {
    const found = { all: this.rows.length, open: 0, problems: 0, others: this.flags.size };
    for (const row of this.rows) {
      const verdict = this.verdict(row.id) ?? "open";
      found[verdict] = (found[verdict] ?? 0) + 1;
      if (this.problems(row.id).length) found.problems += 1;
    }
    return found;
  }

  /** Lint results: those of the decision where there is one, else of the suggestion. */
  problems(id) { return this.state(id)?.problems ?? this.row(id).problems ?? []; }

  keeps(row) {
    const verdict = this.verdict(row.id);
    if (this.filter === "open" && verdict) return false;
    if (this.filter === "problems" && !this.problems(row.id).length) return false;
    if (this.filter === "others" && !this.flags.has(row.id)) return false;
    if (!["all", "open", "problems", "others"].includes(this.filter) && verdict !== this.filter) return false;
    if (!this.query) return true;
    const text = `${row.title} ${row.subtitle} ${row.more} ${this.answerOf(row.id)} ${row.alternatives.map((one) => one.label).join(" ")}`;
    return this.query.toLowerCase().split(/\s+/).every((word) => text.toLowerCase().includes(word));
  }

  apply() {
    const rows = this.rows.filter((row) => this.keeps(row));
    const sure = (row) => row.alternatives[0]?.confidence ?? 0;
    const by = { unsure: (row) => -sure(row), sure, gain: (row) => -Math.abs(sure(row) - 0.5), size: (row) => row.size ?? 0 }[this.order];
    if (by) rows.sort((one, other) => by(other) - by(one));
    const before = this.index;
    this.view = rows.map((row) => row.id);
    if (this.view.length && !this.view.includes(this.current)) this.go(Math.min(Math.max(before, 0), this.view.length - 1));
    if (!this.view.length) this.current = null;
  }

  get index() { return this.view ? this.view.indexOf(this.current) : -1; }

  go(index) {
    if (!this.view.length) return;
    const id = this.view[Math.min(Math.max(index, 0), this.view.length - 1)];
    if (id !== this.current) { this.current = id; this.choice = 0; }
  }

  /** The next row after this one that waits for a decision, round the end. */
  next() {
    const at = this.index;
    for (let step = 1; step <= this.view.length; step++) {
      const id = this.view[(at + step) % this.view.length];
      if (!this.verdict(id)) return this.go((at + step) % this.view.length);
    }
    if (at + 1 < this.view.length) this.go(at + 1);
  }

  /** What is chosen in a group: whose value survives, the main record, records left out. */
  picksOf(id) {
    const held = this.state(id)?.verdict ? this.state(id).answer : null;
    return this.picks.get(id) ?? { choices: held?.choices ?? {}, master: held?.master ?? 0, without: held?.without ?? [] };
  }

  /** How many of those that wait are expected to be what they are taken for. */
  expected() {
    return this.rows.reduce((sum, row) => sum + (this.verdict(row.id) ? 0 : (row.alternatives[0]?.confidence ?? 0) * (row.surplus ?? 1)), 0);
  }

  answerOf(id) {
    const state = this.state(id);
    if (state?.verdict && state.text) return state.text;
    return this.row(id).alternatives[0]?.text ?? "";
  }

  /** Put a press on the screen before it is answered. */
  show(press, before) {
    const none = press.verdict === "undo";
    const state = none
      ? { ...(before ?? { verdict: null, text: "" }), names: [press.key] }
      : { verdict: press.verdict, text: press.text, answer: press.answer, names: [press.key] };
    this.local.set(press.subject, { ...state, who: press.who, at: new Date().toISOString(), waiting: press.key });
    this.flags.delete(press.subject);
  }

  isMine(state) { return (state?.names ?? []).some((name) => this.outbox.clients.has(name.split(":")[0])); }

  /** Somebody else's decision that came while this page was open: told first, overruled by a second press. */
  hesitates(id) {
    const state = this.held.get(id);
    if (this.local.has(id) || !state?.verdict || !this.arrived.has(id) || this.isMine(state)) return false;
    if (this.known.get(id) === state.names[0]) return false;
    this.known.set(id, state.names[0]);
    this.flags.set(id, `${state.who} decided: ${this.verb(state.verdict)?.past ?? state.verdict} ${state.text}`);
    this.notice = { tone: "warn", text: `${this.row(id).title}: ${this.flags.get(id)}. Press again to overrule.` };
    return true;
  }

  press(id, verdict, answer, text, group) {
    const state = this.state(id);
    const press = { key: this.outbox.key(group), who: this.who, subject: id, verdict, answer, text, saw: state?.names?.[0] ?? null };
    const before = state;
    this.show(press);
    return { press, before };
  }

  decide(id, verdict, answer, text) {
    this.notice = null;
    if (this.hesitates(id)) return false;
    const { press, before } = this.press(id, verdict, answer, text);
    this.history.push({ presses: [[id, press.key]], before: [before] });
    this.outbox.add([press]);
    const left = this.counts().open;
    this.say(`${this.verb(verdict)?.past ?? verdict}: ${this.row(id).title}${text ? `, ${text}` : ""}. ${left} to decide.`);
    this.next();
    this.apply();
    return true;
  }

  /** Accept the best answer of several rows as one step. */
  decideAll(ids, verdict) {
    const group = `g${this.outbox.number + 1}`;
    const made = ids.map((id) => {
      const best = this.row(id).alternatives[0];
      return this.press(id, verdict, best.answer ?? { targets: best.targets }, best.text, group);
    });
    if (!made.length) return;
    this.history.push({ presses: made.map(({ press }) => [press.subject, press.key]), before: made.map((one) => one.before) });
    this.outbox.add(made.map((one) => one.press));
    this.say(`${this.verb(verdict).past}: ${plural(ids.length, this.words.item, this.words.items)} at once. u takes it back.`);
    this.notice = { tone: "good", text: this.said };
    this.next();
    this.apply();
  }

  undo() {
    const step = this.history.pop();
    if (!step) { this.notice = { tone: "info", text: "Nothing to undo." }; return; }
    const group = step.presses.length > 1 ? `g${this.outbox.number + 1}` : "";
    const made = step.presses.filter(([subject]) => this.place.has(subject)).map(([subject, undoes], index) => {
      const saw = this.state(subject)?.names?.[0] ?? null;
      const press = { key: this.outbox.key(group), who: this.who, subject, verdict: "undo", answer: {}, undoes, saw };
      this.show(press, step.before?.[index]);
      return press;
    });
    if (!made.length) return this.undo();
    this.outbox.add(made);
    const last = made[made.length - 1].subject;
    this.apply();
    if (!this.view.includes(last)) { this.filter = "all"; this.query = ""; this.apply(); }
    this.go(this.view.indexOf(last));
    this.notice = { tone: "info", text: `Taken back: ${made.length > 1 ? plural(made.length, "decision", "decisions") : this.row(last).title}.` };
    this.say(this.notice.text);
  }

  say(text) { this.said = text; }

  /** An answer of the server; null: there is none for a while. */
  hear(reply) {
    if (reply === null) return this.changed();
    for (const [id, state] of Object.entries(reply.states ?? {})) {
      this.held.set(id, state);
      this.arrived.add(id);
    }
    for (const [key, status, text] of reply.error ? [] : reply.results) this.outcome(key, status, text);
    for (const [id, detail] of Object.entries(reply.details ?? {})) this.details.set(id, detail);
    if (reply.steps) this.history = reply.steps.map((step) => ({ presses: step.presses }));
    if (reply.done) this.notice = { tone: reply.done.ok ? "good" : "bad", text: reply.done.text };
    this.error = reply.error;
    if (reply.error) this.say(reply.error.what);
    this.changed(Object.keys(reply.states ?? {}).length > 0);
  }

  outcome(key, status, text) {
    for (const [id, state] of this.local) {
      if (state.waiting !== key) continue;
      this.local.delete(id);
      if (status === "saved") continue;
      const now = this.held.get(id);
      if (now) this.known.set(id, now.names[0]);
      if (status === "overtaken") this.flags.set(id, text);
      const rest = status === "overtaken" ? " Your press was not recorded: press again to overrule." : "";
      this.notice = { tone: status === "overtaken" ? "warn" : "bad", text: `${this.row(id)?.title ?? id}: ${text}.${rest}` };
      this.say(this.notice.text);
    }
    if (status !== "saved") {
      for (const step of this.history) step.presses = step.presses.filter(([, name]) => name !== key);
      this.history = this.history.filter((step) => step.presses.length);
    }
  }
}
