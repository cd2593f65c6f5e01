// Lists: columns by priority, sorting, and only as many rows in the page as can be seen.

import { html, useEffect, useLayoutEffect, useLetGo, useMemo, useRef, useState } from "../lib.js";
import { Icon } from "./icons.js";

const ALL = 120; // so many rows are all in the page
const BEYOND = 12; // rows before and after those that can be seen

/**
 * A list of rows.
 *
 * Args:
 *   label: what it is a list of.
 *   columns: `{ key, label, width, priority, show(row), sort(row), number }`; the first one leads on to `href(row)`.
 *   rows: what there is, or what is loaded of it.
 *   href, id: of a row.
 *   more: called when the end comes in sight and there is more to load.
 *   seen: called with the numbers of the first row in view and of the one after the last.
 *   sorted, sort: where the server sorts: the key, with a minus for descending, and what to call with another one.
 *   chosen, choose: where rows can be chosen: a Set of ids, and what to call with another one.
 */
export function List({ label, columns, rows, href = null, id = (row) => row.id, more = null, seen = null, sorted = null, sort = null, chosen = null, choose = null }) {
  const [own, setOwn] = useState(null);
  const order = sort ? sorted : own;
  const ordered = useMemo(() => (sort || !own ? rows : inOrder(rows, columns, own)), [rows, own]);
  const body = useRef(null);
  const [from, to, height] = useWindow(body, ordered.length);
  useEffect(() => void seen?.(from, to), [from, to]);
  const end = useRef(null);
  useEffect(() => {
    if (!more) return undefined;
    const watch = new IntersectionObserver((entries) => entries.some((each) => each.isIntersecting) && more(), { rootMargin: "600px" });
    watch.observe(end.current);
    return () => watch.disconnect();
  }, [more, rows.length]); // anew for each page: whoever scrolls fast is at the end before it is seen that they were not
  const turn = (key) => (sort ?? setOwn)(order === key ? `-${key}` : key);
  const toggle = (key) => {
    const next = new Set(chosen);
    if (!next.delete(key)) next.add(key);
    choose(next);
  };
  return html`<table class="list" aria-label=${label} aria-rowcount=${ordered.length + 1}>
    <colgroup>${choose && html`<col style=${{ width: "34px" }} />`}${columns.map((each) => html`<col class="p${each.priority ?? 2}" style=${{ width: each.width ?? "auto" }} />`)}</colgroup>
    <thead><tr>${choose && html`<th><span class="unseen">Chosen</span></th>`}${columns.map((each) => heading(each, order, turn, sort))}</tr></thead>
    <tbody ref=${body}>
      ${from > 0 && spacer(from * height, columns.length)}
      ${ordered.slice(from, to).map((row, index) => html`<${Row} key=${id(row)} row=${row} number=${from + index} columns=${columns} href=${href?.(row)}
        isChosen=${chosen?.has(id(row))} choose=${choose && (() => toggle(id(row)))} />`)}
      ${to < ordered.length && spacer((ordered.length - to) * height, columns.length)}
    </tbody>
  </table>${more && html`<div ref=${end}></div>`}`;
}

function heading(column, order, turn, onServer) {
  const sortable = column.sort !== undefined && (!onServer || typeof column.sort === "string");
  const key = typeof column.sort === "string" ? column.sort : column.key;
  const state = order === key ? "ascending" : order === `-${key}` ? "descending" : null;
  return html`<th scope="col" class="p${column.priority ?? 2} ${column.number ? "number" : ""}" aria-sort=${state}>
    ${sortable ? html`<button type="button" onClick=${() => turn(key)}>${column.label}${state && html`<${Icon} name=${state === "ascending" ? "up" : "down"} />`}</button>` : column.label || html`<span class="unseen">Actions</span>`}</th>`;
}

function Row({ row, number, columns, href, isChosen, choose }) {
  useLetGo(this);
  const open = (event) => {
    if (href && !event.target.closest("a, button, input") && !getSelection().toString()) location.hash = href;
  };
  return html`<tr class="${href ? "leads" : ""} ${isChosen ? "chosen" : ""}" aria-rowindex=${number + 2} onClick=${open}>
    ${choose && html`<td class="p1"><input type="checkbox" aria-label="Choose" checked=${isChosen} onChange=${choose} /></td>`}
    ${columns.map((each, index) => {
      const shown = each.show(row);
      return html`<td class="p${each.priority ?? 2} ${each.number ? "number" : ""} ${index ? "" : "lead"}" title=${typeof shown === "string" ? shown : null}>
        ${!index && href ? html`<a class="row-link" href=${href}>${shown}</a>` : shown}</td>`;
    })}</tr>`;
}

const spacer = (height, span) => html`<tr class="spacer" aria-hidden="true" style=${{ height: `${height}px` }}><td colspan=${span}></td></tr>`;

function inOrder(rows, columns, order) {
  const descending = order.startsWith("-");
  const column = columns.find((each) => each.key === order.replace(/^-/, ""));
  const compared = (a, b) => (typeof a === "string" ? a.localeCompare(b, undefined, { numeric: true }) : a - b);
  const found = rows.map((row) => [column.sort(row), row]);
  // What has no value comes last, whatever the direction.
  found.sort(([a], [b]) => (a === null || a === undefined ? 1 : b === null || b === undefined ? -1 : compared(a, b) * (descending ? -1 : 1)));
  return found.map(([, row]) => row);
}

/** Which rows can be seen, as the window is scrolled, and how high one is. */
function useWindow(body, length) {
  const [range, set] = useState([0, Math.min(length, ALL)]);
  const height = useRef(36);
  useLayoutEffect(() => {
    if (length <= ALL) return undefined;
    const look = () => {
      height.current = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")) || 36;
      const top = -body.current.getBoundingClientRect().top;
      const first = Math.max(0, Math.floor(top / height.current) - BEYOND);
      const last = Math.min(length, Math.ceil((top + innerHeight) / height.current) + BEYOND);
      set(([from, to]) => (from === first && to === last ? [from, to] : [Math.min(first, length), Math.max(last, 0)]));
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [length]);
  return length <= ALL ? [0, length, height.current] : [...range, height.current];
}

/** A field that searches while one types, without asking for every letter. */
export function SearchField({ value, search, placeholder, label = "Search", id = "search" }) {
  const timer = useRef(null);
  const element = useRef(null);
  useEffect(() => {
    if (element.current !== document.activeElement) element.current.value = value ?? "";
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const typed = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => search(element.current.value), 200);
  };
  return html`<input ref=${element} type="search" id=${id} aria-label=${label} placeholder=${placeholder} onInput=${typed} />`;
}
