// Elements from data. Whatever comes from outside becomes text, never markup.

/** An element: attributes by name, `on…` for listeners, `style` as an object; children are nodes or texts. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  add(element, children);
  return element;
}

/** An SVG element. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Put new content in the place of old, keeping focus, scroll positions and what is unfolded. */
export function replace(container, ...content) {
  const focused = container.contains(document.activeElement) ? placeOf(document.activeElement) : null;
  const open = new Set([...container.querySelectorAll("details[open][data-key]")].map((each) => each.dataset.key));
  const scrolled = new Map();
  for (const each of container.querySelectorAll("[data-scroll]")) {
    if (each.scrollTop || each.scrollLeft) scrolled.set(each.dataset.scroll, [each.scrollLeft, each.scrollTop]);
  }
  const fresh = document.createDocumentFragment();
  add(fresh, content);
  container.replaceChildren(fresh);
  if (open.size) for (const each of container.querySelectorAll("details[data-key]")) each.open = open.has(each.dataset.key);
  if (scrolled.size) {
    for (const each of container.querySelectorAll("[data-scroll]")) each.scrollTo(...(scrolled.get(each.dataset.scroll) ?? [0, 0]));
  }
  if (focused) container.querySelector(focused)?.focus({ preventScroll: true });
}

/** How an element is found again among new ones. */
function placeOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const href = element.getAttribute("href");
  if (href) return `a[href="${CSS.escape(href)}"]`;
  const scroll = element.dataset.scroll;
  return scroll ? `[data-scroll="${CSS.escape(scroll)}"]` : null;
}

/** Append contents one by one: there may be more than a call takes arguments. */
function add(element, content) {
  for (const each of content) {
    if (Array.isArray(each)) add(element, each);
    else if (each !== null && each !== undefined && each !== false) element.append(each);
  }
}

/** A table; rows are lists of cells, or `{ href, cells, selected }` for one that leads somewhere. */
export function table(caption, headings, rows, empty = "Nothing yet") {
  if (!rows.length) return h("p", { class: "empty" }, empty);
  const head = h("tr", {}, headings.map((each) => h("th", { scope: "col" }, each)));
  const body = rows.map((row) => {
    const cells = Array.isArray(row) ? row : row.cells;
    const [first, ...others] = cells;
    const lead = row.href ? h("a", { href: row.href, class: "row-link" }, first) : first;
    return h(
      "tr",
      { class: row.href ? "leads" : null, "aria-current": row.selected ? "true" : null },
      h("td", {}, lead),
      others.map((each) => h("td", {}, each)),
    );
  });
  const caption_ = h("caption", { class: "unseen" }, caption);
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption, "data-scroll": caption },
    h("table", {}, caption_, h("thead", {}, head), h("tbody", {}, body)));
}

const MOST_COLOURED = 100_000; // characters

/** JSON as people read it, coloured unless there is very much of it. */
export function json(value, key = "json") {
  const text = JSON.stringify(value, null, 2) ?? "null";
  const most = 20 * MOST_COLOURED;
  const shown = text.length <= MOST_COLOURED ? coloured(text) : text.slice(0, most);
  const rest = text.length > most ? h("p", { class: "dim" }, `The first ${most} of ${text.length} characters; the rest is in /_dev/api.`) : null;
  return [h("pre", { class: "json", tabindex: "0", "data-scroll": key }, shown), rest];
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g;

function coloured(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const kind = match[2] ? "j-name" : match[1] ? "j-text" : "j-word";
    found.push(text.slice(end, match.index), h("span", { class: kind }, match[1] ?? match[0]), match[2] ?? "");
    end = match.index + match[0].length;
  }
  found.push(text.slice(end));
  return found;
}

/** How something went, in colour and in words. */
export function status(text) {
  const kind = { OK: "good", complete: "good", FAILED: "bad", failed: "bad", running: "busy", inProgress: "busy" }[text];
  return h("span", { class: `status ${kind ?? "plain"}` }, text);
}

/** Milliseconds, as short as they can be told. */
export function ms(value) {
  if (value === null || value === undefined) return "–";
  if (value < 1000) return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
  return `${(value / 1000).toFixed(value < 10000 ? 2 : 1)} s`;
}

/** Bytes, likewise. */
export function bytes(value) {
  const units = ["B", "KB", "MB", "GB"];
  let unit = 0;
  let left = value;
  while (left >= 1000 && unit < units.length - 1) [left, unit] = [left / 1000, unit + 1];
  return `${unit && left < 10 ? left.toFixed(1) : Math.round(left)} ${units[unit]}`;
}

/** A moment (ISO 8601 or epoch milliseconds) in this browser's time zone; the whole of it on hovering. */
export function when(moment) {
  if (moment === null || moment === undefined) return "–";
  const date = new Date(moment);
  const today = date.toDateString() === new Date().toDateString();
  const time = `${date.toLocaleTimeString([], { hour12: false })}.${String(date.getMilliseconds()).padStart(3, "0")}`;
  return h("time", { datetime: date.toISOString(), title: date.toISOString() },
    today ? time : `${date.toLocaleDateString()} ${time.slice(0, 8)}`);
}

/** One thing after the other, with something between. */
export function joined(items, between = " ") {
  return items.flatMap((each, index) => (index ? [between, each] : [each]));
}

/** A list of names and values. */
export function facts(...pairs) {
  return h("dl", { class: "facts" },
    pairs.filter((each) => each && each[1] !== null && each[1] !== undefined)
      .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}
