// Two runs beside each other: what differs in what went in, what came out, and how long everything took.

import { get } from "../api.js";
import { html, useLoad, useState } from "../lib.js";
import { at } from "../route.js";
import { Diff } from "../ui/diff.js";
import { Card, Head, Loaded } from "../ui/parts.js";
import { Status, Time, count, ms } from "../ui/values.js";

const MOST = 500; // calls that are shown at once

const ROWS = [
  ["Status", (run) => html`<${Status} text=${run.status} />`],
  ["Started", (run) => html`<${Time} at=${run.started} />`],
  ["Time", (run) => ms(run.duration_ms)],
  ["Cold start", (run) => (run.init_ms === null ? "warm" : ms(run.init_ms))],
  ["Memory peak", (run) => (run.memory_mb === undefined ? "–" : `${run.memory_mb} MB`)],
  ["Calls", (run) => run.calls?.length ?? 0],
  ["Log lines", (run) => run.logs?.length ?? 0],
  ["Error", (run) => run.failure || "–"],
];

export function CompareView({ route }) {
  const [, ...ids] = route.path;
  const pair = useLoad(() => Promise.all(ids.slice(0, 2).map((id) => get(`/runs/${encodeURIComponent(id)}`))), ids, []);
  return html`<${Head} title="Two runs" crumbs=${[["Runs", "#/runs"]]} /><${Loaded} of=${pair}>${(runs) => (runs.length < 2 ? html`<p class="dim">Two runs are compared: choose them in the list.</p>` : html`<${Both} runs=${runs} />`)}<//>`;
}

function Both({ runs: [a, b] }) {
  const [most, setMost] = useState(MOST);
  const calls = callPairs(a.calls ?? [], b.calls ?? []);
  const hidden = calls.length - most;
  return html`<table class="pairs" aria-label="Two runs"><thead><tr><td></td>${[a, b].map((run) => html`<th scope="col"><a href=${at("runs", run.id)}>${run.function} …${run.id.slice(-6)}</a></th>`)}</tr></thead>
      <tbody>${ROWS.map(([name, show]) => html`<tr><td class="dim">${name}</td><td>${show(a)}</td><td>${show(b)}</td></tr>`)}</tbody></table>
    <${Card} title="Event"><${Diff} before=${a.event} after=${b.event} label="Differences of the event" /><//>
    <${Card} title="Result"><${Diff} before=${a.error ?? a.result ?? null} after=${b.error ?? b.result ?? null} label="Differences of the result" /><//>
    <${Card} title="Calls of the platform">${calls.length ? html`<table class="pairs calls" aria-label="Calls"><thead><tr><th scope="col">Call</th><th scope="col" class="number">First</th><th scope="col" class="number">Second</th></tr></thead>
      <tbody>${calls.slice(0, most).map(([name, left, right]) => html`<tr><td><code>${name}</code></td>${[left, right].map((call) => html`<td class="number">${call ? html`${call.status} ${ms(call.duration_ms)}` : "–"}</td>`)}</tr>`)}</tbody></table>
      ${hidden > 0 && html`<button type="button" class="small" onClick=${() => setMost(most + MOST)}>Show ${hidden > MOST ? `${MOST} of ${count(hidden)}` : hidden} more calls</button>`}`
    : html`<p class="dim">Neither called the platform.</p>`}<//>`;
}

/** Calls of the same method and path beside each other, in the order of the first run. */
function callPairs(left, right) {
  const nameOf = (call) => `${call.method} ${call.path}`;
  const waiting = new Map();
  for (const call of right) {
    if (waiting.has(nameOf(call))) waiting.get(nameOf(call)).push(call);
    else waiting.set(nameOf(call), [call]);
  }
  for (const each of waiting.values()) each.reverse();
  const taken = new Set();
  const found = left.map((call) => {
    const other = waiting.get(nameOf(call))?.pop() ?? null;
    taken.add(other);
    return [nameOf(call), call, other];
  });
  return [...found, ...right.filter((call) => !taken.has(call)).map((call) => [nameOf(call), null, call])];
}
