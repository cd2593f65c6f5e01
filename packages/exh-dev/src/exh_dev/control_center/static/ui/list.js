// Lists: columns by priority, sorting, and only as many rows in the page as can be seen.

import { html, useEffect, useKeptFocus, useLayoutEffect, useMemo, useRef, useState } from "../lib.js";
import { Icon } from "./icons.js";

const ALL = 120; // so many rows are all in the page
const BEYOND = 12; // rows before and after those that can be seen
const reaching = new WeakMap(); // of a list's table, how to get at rows that are not in the page

/**
 * A list of rows.
 *
 * Args:
 *   label: what it is a list of.
 *   columns: `{ key, label, width, priority, show(row), sort(row), number }`; the first one leads on to `href(row)`.
 *   rows: what there is, or what is loaded of it.
 *   href, id: of a row.
 *   more: called when the end comes in sight and there is more to load.
 *   seen: called with the numbers of the first row in view and of the one after the last, and how many rows are needed.
 *   sorted, sort: where the server sorts: the key, with a minus for descending, and what to call with another one.
 *   chosen, choose: where rows can be chosen: a Set of ids, and what to call with another one.
 */
export function List({ label, columns, rows, href = null, id = (row) => row.id, more = null, seen = null, sorted = null, sort = null, chosen = null, choose = null }) {
  const [own, setOwn] = useState(null);
  const order = sort ? sorted : own;
  const ordered = useMemo(() => (sort || !own ? rows : inOrder(rows, columns, own)), [rows, own]);
  const body = useRef(null);
  const [from, to, height, look] = useWindow(body, ordered.length);
  const last = sort || !own ? to : rows.length; // sorted here, those in view may be any of them
  useEffect(() => void seen?.(from, to, last), [from, to, last]);
  useKeptFocus(body);
  useReach(body, { length: ordered.length, height, look, more });
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
    <tbody>${from > 0 && spacer(from * height, columns.length)}</tbody>
    <tbody ref=${body}>
      ${ordered.slice(from, to).map((row, index) => html`<${Row} key=${id(row)} row=${row} number=${from + index} columns=${columns} href=${href?.(row)}
        isChosen=${chosen?.has(id(row))} choose=${choose && (() => toggle(id(row)))} />`)}
    </tbody>
    <tbody>${to < ordered.length && spacer((ordered.length - to) * height, columns.length)}</tbody>
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

// Spacers are apart from rows: the vendored Preact (10.5) puts rows after the lower one when the upper one goes.
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

/** Where the first row of a list is, or would be. */
const topOf = (body) => body.parentElement.tHead.getBoundingClientRect().bottom;

/** Which rows can be seen, as the window is scrolled, how high one is, and what looks anew. */
function useWindow(body, length) {
  const [range, set] = useState([0, Math.min(length, ALL)]);
  const height = useRef(36);
  const again = useRef(() => {});
  useLayoutEffect(() => {
    if (length <= ALL) return undefined;
    const look = (again.current = () => {
      height.current = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")) || 36;
      const top = -topOf(body.current);
      const first = Math.max(0, Math.floor(top / height.current) - BEYOND);
      const last = Math.min(length, Math.ceil((top + innerHeight) / height.current) + BEYOND);
      set(([from, to]) => (from === first && to === last ? [from, to] : [Math.min(first, length), Math.max(last, 0)]));
    });
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [length]);
  const look = () => again.current();
  return length <= ALL ? [0, length, height.current, look] : [...range, height.current, look];
}

/** Let `step` get at rows of a list that are not in the page: further down, further up, or not loaded yet. */
function useReach(body, list) {
  const now = useRef(null);
  now.current = list;
  const wanted = useRef(null); // the number of the row that is to have the focus, and what has it until then
  const arrive = () => {
    if (!wanted.current) return;
    const { length, height, look, more } = now.current;
    const { number, from } = wanted.current;
    const { activeElement } = document;
    if (activeElement !== from && activeElement !== document.body) {
      wanted.current = null; // somebody was faster
    } else if (number >= length) {
      if (more) more();
      else wanted.current = null;
    } else {
      const row = body.current.querySelector(`tr[aria-rowindex="${number + 2}"] .row-link`);
      if (row) {
        wanted.current = null;
        row.focus();
      } else {
        const top = topOf(body.current) + number * height;
        scrollBy(0, top < 0 ? top - height : Math.max(top + 2 * height - innerHeight, 0));
        look();
      }
    }
  };
  useLayoutEffect(arrive);
  useLayoutEffect(() => {
    reaching.set(body.current.parentElement, (from, by) => {
      const { length, more } = now.current;
      const number = (wanted.current?.number ?? Number(from.closest("tr").ariaRowIndex) - 2) + by;
      if (number < 0 || number >= length + (more ? 1 : 0)) return false;
      wanted.current = { number, from: wanted.current?.from ?? from };
      arrive();
      return true;
    });
  }, []);
}

/** Give the focus to the next row, or with -1 to the one before, of the list that has it; else to the first in sight. */
export function step(by) {
  const { activeElement } = document;
  const rows = [...document.querySelectorAll("main .row-link")];
  const from = rows.indexOf(activeElement);
  if (from < 0) {
    (rows.find((each) => each.getBoundingClientRect().top >= 0) ?? rows.at(-1))?.focus();
    return;
  }
  const table = activeElement.closest("table");
  const next = rows[from + by];
  if (next && next.closest("table") === table) next.focus();
  else if (!reaching.get(table)?.(activeElement, by)) next?.focus();
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
