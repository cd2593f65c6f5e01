// Everything that one thing set off, as a tree on one line of time.

import { html, useLetGo, useMemo, useState } from "../lib.js";
import { at } from "../route.js";
import { Icon } from "../ui/icons.js";
import { ms } from "../ui/values.js";

const MOST = 400; // nodes that are shown at first
const TICKS = 4;

/** Nodes below their parents, in the order in which they began. */
export function tree(nodes) {
  const children = new Map();
  const known = new Set(nodes.map((each) => each.id));
  for (const each of nodes) {
    const parent = known.has(each.parent) ? each.parent : null;
    if (children.has(parent)) children.get(parent).push(each);
    else children.set(parent, [each]);
  }
  return children;
}

/** The rows of a tree whose nodes in `folded` hide what is below them. */
function rowsOf(children, folded) {
  const rows = [];
  const stack = (children.get(null) ?? []).map((node) => [node, 0]).reverse();
  while (stack.length) {
    const [node, depth] = stack.pop();
    const below = children.get(node.id) ?? [];
    rows.push({ node, depth, below: below.length });
    if (!folded.has(node.id)) for (const each of [...below].reverse()) stack.push([each, depth + 1]);
  }
  return rows;
}

/**
 * Show a trace.
 *
 * Args:
 *   nodes: as the platform gives them.
 *   logs: `[{ timestamp, isBad }]` of the run that is open, and `of`, the id of its node.
 *   chosen, choose: the node that is open, and what to call with another one.
 */
export function Trace({ nodes, logs = [], of = null, chosen = null, choose }) {
  const [folded, setFolded] = useState(new Set());
  const [all, setAll] = useState(false);
  const [zoom, setZoom] = useState(null);
  const children = useMemo(() => tree(nodes), [nodes]);
  const rows = rowsOf(children, folded);
  const whole = useMemo(() => spanOf(nodes), [nodes]);
  const [from, to] = zoom ?? whole;
  const length = Math.max(to - from, 1);
  const fold = (id) => {
    const next = new Set(folded);
    if (!next.delete(id)) next.add(id);
    setFolded(next);
  };
  const shown = all ? rows : rows.slice(0, MOST);
  const ticks = Array.from({ length: TICKS }, (_, index) => index / TICKS);
  return html`<div class="trace">
    <div class="scale"><div class="label"><span class="grow">${nodes.length} steps in ${ms(whole[1] - whole[0])}</span>
        ${zoom && html`<button type="button" class="small" onClick=${() => setZoom(null)}>Show all</button>`}</div>
      <div class="ticks" aria-hidden="true">${ticks.map((each) => html`<span style=${{ left: `${each * 100}%` }}>${ms(from - whole[0] + length * each)}</span>`)}</div></div>
    <div class="scroll" role="group" aria-label="Steps" tabindex="0">${shown.map(({ node, depth, below }) => html`<${Lane} key=${node.id} node=${node} depth=${depth} below=${below} isFolded=${folded.has(node.id)} fold=${() => fold(node.id)}
      from=${from} length=${length} isChosen=${node.id === chosen} choose=${() => choose(node)} zoom=${() => setZoom(padded(spanOf([node, ...(children.get(node.id) ?? [])])))} logs=${node.id === of ? logs : []} />`)}
      ${rows.length > shown.length && html`<button type="button" class="small" onClick=${() => setAll(true)}>Show ${rows.length - shown.length} more steps</button>`}</div></div>`;
}

/** Where a step leads; of some there is nothing more to see. */
export function hrefOf({ kind, ref }) {
  switch (kind) {
    case "run": return at("runs", ref.run);
    case "call": return at("runs", ref.run, { call: `${ref.run}/${ref.call}` });
    case "mail": return at("mail", ref.mail);
    case "task": return at("queue", ref.task);
    case "event": return at("events", ref.event);
    case "transition": return ref.document && at("documents", ref.schema ?? "", ref.document);
    default: return null;
  }
}

const time = (text) => Date.parse(text);

function spanOf(nodes) {
  let from = Infinity;
  let to = -Infinity;
  for (const each of nodes) {
    if (!each.started) continue;
    from = Math.min(from, time(each.started));
    to = Math.max(to, time(each.ended ?? each.started));
  }
  return from === Infinity ? [0, 1] : [from, Math.max(to, from + 1)];
}

function padded([from, to]) {
  const room = Math.max((to - from) * 0.05, 0.5);
  return [from - room, to + room];
}

function Lane({ node, depth, below, isFolded, fold, from, length, isChosen, choose, zoom, logs }) {
  useLetGo(this);
  const start = node.started ? time(node.started) : from;
  const end = node.ended ? time(node.ended) : start;
  const left = ((start - from) / length) * 100;
  const width = ((end - start) / length) * 100;
  const isBad = node.status === "FAILED";
  const [chip, label] = split(node);
  const place = { left: `${Math.min(Math.max(left, 0), 99.5)}%`, width: `${Math.max(Math.min(width + Math.min(left, 0), 100 - Math.max(left, 0)), 0.2)}%` };
  const isSeen = left < 100 && left + width >= 0;
  const kind = isBad ? "failed" : node.status === "waiting" ? "waiting" : node.kind;
  return html`<div role="button" tabindex="0" class="lane" aria-pressed=${String(isChosen)} data-node=${node.id} onClick=${choose} onDblClick=${zoom}
    onKeyDown=${(event) => laneKeys(event, { choose, fold, below, zoom })}>
    <span class="label" style=${{ "--depth": String(Math.min(depth, 12)) }}>
      ${below > 0 ? html`<span class="fold" onClick=${(event) => (event.stopPropagation(), fold())}><${Icon} name=${isFolded ? "right" : "down"} /></span>` : html`<span style=${{ width: "16px", flex: "none" }}></span>`}
      <span class="kind">${chip}</span><span class="tail ${isBad ? "wrong" : ""}" title=${node.label}><bdi>${label}</bdi></span></span>
    <span class="bars" title="${node.label}: ${ms(end - start)}${node.detail ? `, ${node.detail}` : ""}">
      ${isSeen && html`<span class="bar ${kind}" style=${place}></span>`}
      ${logs.map((each) => html`<span class="log-dot ${each.isBad ? "bad" : ""}" title=${each.title} style=${{ left: `${((time(each.timestamp) - from) / length) * 100}%` }}></span>`)}</span></div>`;
}

/** What kind of step it is, and what is not said by that: of a call the method, and the path. */
function split({ kind, label }) {
  if (kind === "call") return [label.split(" ", 1)[0], label.slice(label.indexOf(" ") + 1)];
  return [kind, label.startsWith(`${kind} `) ? label.slice(kind.length + 1) : label];
}

function laneKeys(event, { choose, fold, below, zoom }) {
  if (event.key === "Enter" || event.key === " ") choose();
  else if (event.key === "z") zoom();
  else if (below && (event.key === "ArrowLeft" || event.key === "ArrowRight")) fold();
  else if (event.key === "ArrowDown") event.currentTarget.nextElementSibling?.focus();
  else if (event.key === "ArrowUp") event.currentTarget.previousElementSibling?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
