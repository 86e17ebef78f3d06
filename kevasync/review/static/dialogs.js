// What opens over the screen: choosing another answer, accepting many at once, the keys, the reviewer's name.

class Dialogs {
  constructor(review, back) {
    Object.assign(this, { review, back });
    this.element = h("div", { class: "kv-veil", hidden: true, onclick: (event) => event.target === this.element && this.close() });
  }

  get isOpen() { return !this.element.hidden; }

  open(name, focus, ...body) {
    const box = h("div", { class: "kv-dialog", role: "dialog", "aria-modal": "true", "aria-label": name, tabindex: "-1" }, body);
    this.element.replaceChildren(box);
    this.element.hidden = false;
    (focus ?? box).focus();
  }

  close() {
    this.element.hidden = true;
    this.element.replaceChildren();
    this.keys = null;
    this.back();
  }

  /** Keys while open: Escape closes, the rest is the dialog's own. True: handled. */
  key(event) {
    if (event.key === "Escape") { this.close(); return true; }
    if (event.key === "Tab") { this.turn(event.shiftKey); return true; }
    return this.keys ? this.keys(event) : false;
  }

  turn(backwards) {
    const stops = [...this.element.querySelectorAll("input, button, [tabindex='0']")];
    if (!stops.length) return;
    const at = stops.indexOf(this.element.getRootNode().activeElement);
    stops[(at + (backwards ? -1 : 1) + stops.length) % stops.length].focus();
  }

  /** Change: search all answers; Enter takes one, Shift+Enter adds it to several. */
  pick(decide) {
    const { review } = this;
    const row = review.row(review.current);
    const several = [];
    let found = [], at = 0;
    const { search, searched, none: without, single } = review.words.change;
    const none = { id: null, label: without, type: "", writable: true };
    const list = h("ul", { class: "kv-options", role: "listbox", id: "kv-options" });
    const field = h("input", { type: "search", placeholder: `Search ${search}`, "aria-label": `Search ${searched}`, role: "combobox", "aria-controls": "kv-options", "aria-expanded": "true", autocomplete: "off", oninput: () => { at = 0; draw(); } });
    const title = h("h3");
    const take = (one, more) => {
      if (one.id !== null && more && !single) { several.push(one.id); field.value = ""; at = 0; return draw(); }
      const targets = one.id === null ? [] : [...several, one.id];
      this.close();
      decide(targets);
    };
    const draw = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      const rank = (one) => (one.text ?? one.id ?? "").toLowerCase().startsWith(words[0] ?? "") ? 0 : 1;
      found = review.page.options.filter((one) => !several.includes(one.id) && words.every((word) => `${one.text ?? ""} ${one.id} ${one.label} ${one.type}`.toLowerCase().includes(word)));
      if (words.length) found.sort((one, other) => rank(one) - rank(other));
      if (!words.length || `${review.page.none} none`.toLowerCase().includes(words.join(" "))) found.push(none);
      at = Math.min(Math.max(at, 0), Math.max(found.length - 1, 0));
      title.replaceChildren(`${row.title} → ${several.length ? `${several.join(" + ")} + …` : "…"}`);
      list.replaceChildren(...found.slice(0, 300).map((one, place) => h("li", {
        role: "option", id: `kv-option-${place}`, "aria-selected": String(place === at), class: place === at ? "current" : "",
        onclick: (event) => take(one, event.shiftKey),
      }, h("b", {}, one.text ?? one.id ?? review.page.none), h("span", {}, one.label), h("i", {}, one.writable ? one.type : `${one.type}, read only`))));
      field.setAttribute("aria-activedescendant", `kv-option-${at}`);
      list.children[at]?.scrollIntoView({ block: "nearest" });
    };
    this.open(`Change ${row.title}`, null, title, field, list,
      h("p", { class: "kv-hint" }, kbd("↑"), kbd("↓"), " move ", kbd("Enter"), " take ", single ? null : [kbd("Shift+Enter"), " add another field "], kbd("Esc"), " leave"));
    this.keys = (event) => {
      if (event.key === "ArrowDown") at += 1;
      else if (event.key === "ArrowUp") at -= 1;
      else if (event.key === "Enter" && found[at]) { take(found[at], event.shiftKey); return true; }
      else return false;
      draw();
      return true;
    };
    draw();
    field.focus();
  }

  /** Accept all above a threshold, with what that was measured to be worth. */
  bulk(decideAll) {
    const { review } = this;
    const { measured } = review.page;
    const verb = review.words.verbs[0];
    const open = review.rows.filter((row) => !review.verdict(row.id) && row.alternatives.length && !review.problems(row.id).some((one) => one.severity === "error"));
    const levels = (measured?.levels ?? []).map((level) => ({ ...level, ids: open.filter((row) => row.alternatives[0].confidence >= level.threshold).map((row) => row.id) }));
    const name = `${verb.label} all above a confidence`;
    if (!levels.length) {
      return this.open(name, null, h("h3", {}, name), h("p", {}, "This model comes without measured precision, so nothing can be said of what such a step would be worth. Decide one by one."), h("p", { class: "kv-hint" }, kbd("Esc"), " leave"));
    }
    let at = Math.max(0, levels.findLastIndex((level) => level.precision >= 0.99));
    const body = h("tbody");
    const act = h("button", { type: "button", class: "kv-main-button", onclick: () => { this.close(); decideAll(levels[at].ids, verb.verdict); } });
    const draw = () => {
      body.replaceChildren(...levels.map((level, place) => h("tr", { class: place === at ? "current" : "", "aria-selected": String(place === at), onclick: () => { at = place; draw(); } },
        h("td", {}, `≥ ${percent(level.threshold)}`), h("td", {}, meter(level.precision, level.precision >= 0.99 ? "good" : "", 1)),
        h("td", {}, level.count ? `of ${level.count.toLocaleString("en")}` : ""), h("td", {}, plural(level.ids.length, review.words.item, review.words.items)))));
      const { ids, precision } = levels[at];
      const wrong = ids.length * (1 - precision);
      act.textContent = `${verb.label} ${plural(ids.length, review.words.item, review.words.items)}`;
      act.disabled = !ids.length;
      foot.textContent = ids.length ? `Expect ${wrong < 0.1 ? "hardly one" : `about ${wrong < 10 ? wrong.toFixed(1) : Math.round(wrong)}`} wrong among them. One u takes all of it back.` : "None of those that wait is so sure.";
    };
    const foot = h("p", { class: "kv-foot" });
    this.open(name, null, h("h3", {}, name), h("p", {}, measured.note),
      h("table", { class: "kv-levels" }, h("thead", {}, h("tr", {}, h("th", {}, "Confidence"), h("th", {}, "Measured precision"), h("th", {}, ""), h("th", {}, "Waiting here"))), body),
      foot, h("p", { class: "kv-actions" }, act, h("span", { class: "kv-hint" }, kbd("↑"), kbd("↓"), " choose ", kbd("Enter"), " do it ", kbd("Esc"), " leave")));
    draw();
    act.focus();
    this.keys = (event) => {
      if (event.key === "ArrowDown" || event.key === "j") at = Math.min(at + 1, levels.length - 1);
      else if (event.key === "ArrowUp" || event.key === "k") at = Math.max(at - 1, 0);
      else if (event.key === "Enter") { if (!act.disabled) act.click(); return true; }
      else return false;
      draw();
      return true;
    };
  }

  help(keys) {
    this.open("Keys", null, h("h3", {}, "Keys"), h("dl", { class: "kv-help" }, keys.map(([names, text]) => [h("dt", {}, names.map(kbd)), h("dd", {}, text)])),
      h("p", { class: "kv-foot" }, "Each press is saved at once; what is not yet saved is kept in this browser and counted above."));
    this.keys = (event) => { if (event.key === "?") this.close(); return true; };
  }

  name(review) {
    const field = h("input", { type: "text", value: review.who, maxlength: "80", "aria-label": "Your name" });
    this.open("Reviewer", null, h("h3", {}, "Who decides here?"), h("p", {}, "The name stands beside each decision you make."), field,
      h("p", { class: "kv-hint" }, kbd("Enter"), " keep ", kbd("Esc"), " leave"));
    this.keys = (event) => {
      if (event.key !== "Enter") return false;
      review.rename(field.value);
      this.close();
      return true;
    };
    field.focus();
    field.select();
  }
}
