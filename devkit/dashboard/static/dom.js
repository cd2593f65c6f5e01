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
  element.append(...children.flat(Infinity).filter(isContent));
  return element;
}

const isContent = (each) => each !== null && each !== undefined && each !== false;

/** An SVG element. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Put new content in the place of old, keeping focus, scroll positions and what is unfolded. */
export function replace(container, ...content) {
  const focused = container.contains(document.activeElement) ? document.activeElement.id : "";
  const open = new Set([...container.querySelectorAll("details[open][data-key]")].map((each) => each.dataset.key));
  const scrolled = [...container.querySelectorAll("[data-scroll]")].map((each) => [each.dataset.scroll, each.scrollTop]);
  container.replaceChildren(...content.flat(Infinity).filter(isContent));
  for (const each of container.querySelectorAll("details[data-key]")) if (open.has(each.dataset.key)) each.open = true;
  for (const [key, top] of scrolled) {
    const found = container.querySelector(`[data-scroll="${CSS.escape(key)}"]`);
    if (found) found.scrollTop = top;
  }
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
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
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, caption_, h("thead", {}, head), h("tbody", {}, body)));
}

/** JSON as people read it: coloured, objects that are large folded. */
export function json(value, key = "json") {
  return h("pre", { class: "json", tabindex: "0", "data-scroll": key }, coloured(value, ""));
}

function coloured(value, indent) {
  if (value === null) return [h("span", { class: "j-word" }, "null")];
  if (typeof value === "string") return [h("span", { class: "j-text" }, JSON.stringify(value))];
  if (typeof value !== "object") return [h("span", { class: "j-word" }, String(value))];
  const list = Array.isArray(value);
  const entries = list ? value.map((each) => [null, each]) : Object.entries(value);
  if (!entries.length) return [list ? "[]" : "{}"];
  const inner = `${indent}  `;
  const lines = entries.map(([name, each], index) => [
    inner,
    name === null ? "" : [h("span", { class: "j-name" }, JSON.stringify(name)), ": "],
    coloured(each, inner),
    index < entries.length - 1 ? ",\n" : "\n",
  ]);
  return [list ? "[\n" : "{\n", lines, indent, list ? "]" : "}"];
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
