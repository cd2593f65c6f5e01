// What differs between two values, line by line of their JSON.

import { html } from "../lib.js";

const MOST = 2000; // lines of each that are compared

/** Lines of two lists as `[kind, line]`; the kind is `same`, `gone` or `new`. By the longest common subsequence. */
export function diffLines(before, after) {
  const a = before.slice(0, MOST);
  const b = after.slice(0, MOST);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const left = a.slice(start, a.length - end);
  const right = b.slice(start, b.length - end);
  const length = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      length[i][j] = left[i] === right[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
    }
  }
  const found = a.slice(0, start).map((line) => ["same", line]);
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      found.push(["same", left[i]]);
      [i, j] = [i + 1, j + 1];
    } else if (j >= right.length || (i < left.length && length[i + 1][j] >= length[i][j + 1])) {
      found.push(["gone", left[i]]);
      i += 1;
    } else {
      found.push(["new", right[j]]);
      j += 1;
    }
  }
  return [...found, ...a.slice(a.length - end).map((line) => ["same", line])];
}

const linesOf = (value) => (value === undefined ? [] : JSON.stringify(value, null, 2).split("\n"));

/** What differs between two values; of what is the same, only lines near a difference are shown. */
export function Diff({ before, after, label }) {
  const lines = diffLines(linesOf(before), linesOf(after));
  const near = (index) => lines.slice(Math.max(0, index - 2), index + 3).some(([kind]) => kind !== "same");
  if (lines.every(([kind]) => kind === "same")) return html`<p class="dim">No difference.</p>`;
  return html`<div class="diff" role="region" aria-label=${label} tabindex="0">${lines.map(([kind, line], index) => (kind === "same" && !near(index) ? null
    : html`<div class=${kind}>${{ same: "  ", gone: "− ", new: "+ " }[kind]}${line}</div>`))}</div>`;
}
