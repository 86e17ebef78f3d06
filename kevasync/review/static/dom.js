// Building elements, times and percentages; joined with the other scripts of this folder into one module.

/** An element: h("div", {class: "x", onclick: f}, "text", child, null). */
function h(tag, props, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, one] of Object.entries(value)) made.style.setProperty(key, one);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(3)) if (child !== null && child !== undefined && child !== false) made.append(child);
  return made;
}

const percent = (share) => {
  const whole = share * 100;
  if (whole > 99 && whole < 100) return `${(Math.floor(whole * 10) / 10).toFixed(1)} %`;
  return share > 0 && whole < 0.5 ? "<1 %" : `${Math.round(whole)} %`;
};

const plural = (count, one, many) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

function ago(moment) {
  const seconds = Math.max(0, (Date.now() - Date.parse(moment)) / 1000);
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return moment.slice(0, 10);
}

const kbd = (key) => h("kbd", {}, key);

/** A confidence as bar and number; the bar says nothing the number does not. */
function meter(share, tone, digits) {
  return h("span", { class: "kv-meter" },
    h("span", { class: "kv-track", "aria-hidden": "true" }, h("span", { class: `kv-fill ${tone || ""}`, style: { width: `${share * 100}%` } })),
    h("span", { class: "kv-pct" }, digits ? `${(share * 100).toFixed(digits)} %` : percent(share)));
}

/** marimo's theme where the page has one, else the system's. */
function watchTheme(root) {
  const media = matchMedia("(prefers-color-scheme: dark)");
  const look = () => {
    const marks = [document.documentElement, document.body];
    const named = (word) => marks.some((one) => one.classList.contains(word) || one.dataset.theme === word || one.dataset.colorMode === word);
    root.dataset.theme = named("dark") ? "dark" : named("light") ? "light" : media.matches ? "dark" : "light";
  };
  look();
  const watcher = new MutationObserver(look);
  for (const one of [document.documentElement, document.body]) watcher.observe(one, { attributes: true });
  media.addEventListener("change", look);
  return () => { watcher.disconnect(); media.removeEventListener("change", look); };
}
