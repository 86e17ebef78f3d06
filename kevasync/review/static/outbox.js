// The browser's half of the queue: every press stays here, and in the browser's storage, until its outcome is told.

const RETRY = 3000, POLL = 5000, LOST = 7000;
const PREFIX = "kevasync-review:";

class Outbox {
  /** `post` sends a message; `hear` is told every answer. One client id a page: a reload never re-uses numbers. */
  constructor(session, post, hear) {
    Object.assign(this, { session, post, hear });
    this.client = Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36).padStart(2, "0")).join("");
    this.number = 0;
    this.asked = 0;
    this.have = 0;
    this.mine = [];
    this.adopted = [];
    this.flying = null;
    this.silentSince = null;
    this.storageFails = false;
    this.clients = new Set([this.client]);
    this.adopt();
    this.timer = setInterval(() => this.tick(), 500);
    this.lastAsked = Date.now();
  }

  get place() { return `${PREFIX}${this.session}:${this.client}`; }
  get unsaved() { return this.mine.length + this.adopted.length; }
  get presses() { return [...this.adopted.map((item) => item.press), ...this.mine]; }
  get offline() { return this.silentSince !== null && Date.now() - this.silentSince > LOST; }

  /** Presses that an earlier page could not deliver: it was closed or reloaded, or the server died. */
  adopt() {
    try {
      const start = `${PREFIX}${this.session}:`;
      for (let place = 0; place < localStorage.length; place++) {
        const name = localStorage.key(place);
        if (!name.startsWith(start)) continue;
        this.clients.add(name.slice(start.length));
        for (const press of JSON.parse(localStorage.getItem(name)) || []) this.adopted.push({ press, name });
      }
    } catch { this.storageFails = true; }
  }

  keep() {
    try {
      if (this.mine.length) localStorage.setItem(this.place, JSON.stringify(this.mine));
      else localStorage.removeItem(this.place);
      this.storageFails = false;
    } catch { this.storageFails = true; }
  }

  key(group) {
    this.number += 1;
    return `${this.client}:${this.number}${group ? `:${group}` : ""}`;
  }

  add(presses) {
    this.mine.push(...presses);
    this.keep();
    this.flush();
  }

  flush() {
    if (this.flying !== null && Date.now() - this.flying.at < RETRY) return;
    if (this.unsaved) this.ask({}, true);
  }

  ask(more, withPresses) {
    this.asked += 1;
    this.lastAsked = Date.now();
    const presses = withPresses ? this.presses : [];
    if (presses.length) this.flying = { n: this.asked, at: Date.now() };
    if (this.silentSince === null) this.silentSince = Date.now();
    this.post({ kind: "ask", page: this.client, n: this.asked, have: this.have, presses, ...more });
  }

  tick() {
    if (this.flying !== null && Date.now() - this.flying.at > RETRY) this.flying = null;
    if (this.unsaved) this.flush();
    else if (document.visibilityState === "visible" && Date.now() - this.lastAsked > POLL) this.ask({}, false);
    if (this.offline) this.hear(null);
  }

  answer(reply) {
    if (reply.page !== this.client) return;
    this.silentSince = null;
    if (this.flying !== null && reply.n >= this.flying.n) this.flying = null;
    for (const [key] of reply.error ? [] : reply.results) this.settle(key);
    if (typeof reply.version === "number") this.have = Math.max(this.have, reply.version);
    this.hear(reply);
    if (!reply.error) this.flush();
  }

  settle(key) {
    const count = this.mine.length;
    this.mine = this.mine.filter((press) => press.key !== key);
    if (this.mine.length !== count) this.keep();
    for (const item of this.adopted.filter((one) => one.press.key === key)) this.forget(item.name, key);
    this.adopted = this.adopted.filter((item) => item.press.key !== key);
  }

  forget(name, key) {
    try {
      const left = (JSON.parse(localStorage.getItem(name)) || []).filter((press) => press.key !== key);
      if (left.length) localStorage.setItem(name, JSON.stringify(left));
      else localStorage.removeItem(name);
    } catch { this.storageFails = true; }
  }

  close() { clearInterval(this.timer); }
}
