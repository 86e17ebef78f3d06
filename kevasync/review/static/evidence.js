// The pane beside the list: what speaks for and against each answer, and the values on both sides.

function evidencePane(review, act) {
  const id = review.current;
  if (id === null) return [h("p", { class: "kv-empty" }, "Choose a line in the list.")];
  const row = review.row(id), detail = review.details.get(id);
  return [
    h("header", { class: "kv-subject" },
      h("h2", {}, row.title), row.subtitle && h("p", {}, row.subtitle), standing(review, id)),
    detail?.cards ? cards(review, id, detail.cards) : null,
    review.words.numbers === "alternatives" ? alternatives(review, row, act) : null,
    problemsOf(review, row, detail),
    detail ? reasons(review, detail) : h("p", { class: "kv-wait" }, "Reading the evidence…"),
    detail ? valuesOf(review, detail) : null,
    detail?.facts?.length ? h("section", {}, h("h3", {}, "Details"), h("dl", {}, detail.facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]))) : null,
  ];
}

function standing(review, id) {
  const state = review.state(id), flag = review.flags.get(id);
  if (flag) return h("p", { class: "kv-standing warn" }, `${flag}. Press again to overrule.`);
  if (!state?.verdict) return h("p", { class: "kv-standing" }, review.words.open);
  const verb = review.verb(state.verdict);
  return h("p", { class: `kv-standing ${verb.tone}` }, `${verb.sign} ${verb.past}: ${state.text}`, h("span", {}, ` · ${state.who}, ${state.waiting ? "saving…" : ago(state.at)}`));
}

function alternatives(review, row, act) {
  const held = review.state(row.id);
  const lines = row.alternatives.map((one, place) => {
    const chosen = held?.verdict && held.verdict !== "reject" && held.text === one.text;
    return h("li", {},
      h("button", {
        class: `kv-alternative${place === review.choice ? " current" : ""}${chosen ? " chosen" : ""}`, type: "button", tabindex: "-1",
        "aria-pressed": String(Boolean(chosen)), onclick: () => act("number", place),
      }, kbd(place + 1), h("span", { class: "kv-target" }, h("b", {}, one.text), h("i", {}, one.label && one.label !== one.text ? one.label : "")),
      chosen ? h("span", { class: "kv-mark good" }, "✓") : h("span"), meter(one.confidence, place === review.choice ? "" : "quiet")));
  });
  return h("section", {}, h("ol", { class: "kv-alternatives", "aria-label": "Answers" }, lines));
}

function problemsOf(review, row, detail) {
  const found = detail?.alternatives?.[review.choice]?.problems ?? review.problems(row.id);
  if (!found.length) return null;
  return h("section", { class: "kv-problems", "aria-label": "Lint" }, found.map((one) =>
    h("p", { class: one.severity === "error" ? "bad" : "warn" }, h("b", {}, one.severity), h("span", {}, one.message, one.hint && h("i", {}, one.hint)))));
}

/** Signed bars around a middle line, or, with `waterfall`, each from where the last one ended. */
function reasons(review, detail) {
  const bars = detail.bars ?? detail.alternatives?.[review.choice]?.bars ?? [];
  if (!bars.length) return null;
  const title = detail.barsTitle ?? "Why";
  const unit = detail.unit ?? "";
  let sum = 0;
  const spans = bars.map((bar) => {
    const from = detail.waterfall ? sum : 0;
    sum += bar.weight;
    return [from, from + bar.weight];
  });
  const low = Math.min(0, ...spans.flat()), high = Math.max(0, ...spans.flat());
  const reach = detail.waterfall ? [low, high] : [-Math.max(-low, high), Math.max(-low, high)];
  const at = (value) => `${((value - reach[0]) / (reach[1] - reach[0] || 1)) * 100}%`;
  const wide = (one, other) => `${(Math.abs(one - other) / (reach[1] - reach[0] || 1)) * 100}%`;
  const signed = (weight) => `${weight < 0 ? "−" : "+"}${Math.abs(weight).toFixed(1)}`;
  return h("section", {},
    h("h3", {}, title, detail.total && h("span", {}, detail.total)),
    h("ul", { class: "kv-bars" }, bars.map((bar, place) => h("li", {},
      h("span", { class: "kv-reason", title: bar.text }, bar.text),
      h("span", { class: "kv-axis", "aria-hidden": "true" },
        h("span", { class: "kv-zero", style: { left: at(0) } }),
        h("span", { class: `kv-bar ${bar.weight < 0 ? "minus" : "plus"}`, style: { left: at(Math.min(...spans[place])), width: wide(...spans[place]) } })),
      h("span", { class: "kv-weight", title: unit }, signed(bar.weight))))));
}

function valuesOf(review, detail) {
  if (!detail.source) return null;
  const others = detail.alternatives?.[review.choice]?.values ?? [];
  const column = (side, one) => h("div", { class: "kv-values" },
    h("h4", {}, h("span", {}, side), h("b", {}, one.title), one.type && h("i", {}, one.type)),
    one.facts.length ? h("p", {}, one.facts.join(" · ")) : null,
    one.values.length ? h("ul", {}, one.values.map((value) => h("li", {}, value))) : h("p", { class: "kv-none" }, "no values at hand"));
  return h("section", {}, h("h3", {}, "Values"), h("div", { class: "kv-sides" },
    column(review.page.sides?.[0] ?? "File", detail.source), others.map((one) => column(review.page.sides?.[1] ?? "Salesforce", one)),
    others.length ? null : h("div", { class: "kv-values" }, h("h4", {}, h("span", {}, review.page.sides?.[1] ?? "Salesforce")), h("p", { class: "kv-none" }, "no field"))));
}

/** Records side by side; a number key chooses whose value survives in a field where they differ. */
function cards(review, id, one) {
  const { choices, master, without } = review.picksOf(id);
  let number = 0;
  return h("section", { class: "kv-cards" }, h("table", {},
    h("thead", {}, h("tr", {}, h("th"), h("th"), one.records.map((record, place) => h("th", { scope: "col", class: `${place === review.choice ? "marked" : ""}${without.includes(place) ? " without" : ""}` },
      h("span", {}, record.side, place === master ? h("em", {}, "main") : without.includes(place) ? h("em", { class: "out" }, "left out") : null), h("b", {}, record.title), h("i", {}, record.note))))),
    h("tbody", {}, one.fields.map((field) => {
      const chosen = choices[field.name] ?? field.survivor;
      if (field.differs) number += 1;
      return h("tr", { class: field.differs ? "differs" : "" },
        h("td", { class: "kv-number" }, field.differs && number <= 9 ? kbd(number) : ""),
        h("th", { scope: "row" }, field.label ?? field.name),
        field.values.map((value, place) => h("td", { class: `${without.includes(place) ? "without" : ""}${field.differs && chosen === place ? " survives" : ""}` },
          value.parts.length ? value.parts.map(([text, other]) => (other ? h("mark", {}, text) : text)) : h("span", { class: "kv-none" }, "—"))));
    }))), one.note && h("p", { class: "kv-cards-note" }, one.note));
}
