// Everything that one thing set off, as a tree on one line of time.

import { html, useKeptFocus, useLayoutEffect, useMemo, useRef, useState } from "../lib.js";
import { at } from "../route.js";
import { Icon } from "../ui/icons.js";
import { ms } from "../ui/values.js";

const ALL = 200; // so many steps are all in the page
const BEYOND = 10; // steps before and after those that can be seen
const LANE = 30; // pixels that one is high
const TICKS = 4;
const DOTS = 400; // places on the line of time that a line of log can be at

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
  const [zoom, setZoom] = useState(null);
  const children = useMemo(() => tree(nodes), [nodes]);
  const rows = useMemo(() => rowsOf(children, folded), [children, folded]);
  const whole = useMemo(() => spanOf(nodes), [nodes]);
  const [from, to] = zoom ?? whole;
  const length = Math.max(to - from, 1);
  const dots = useMemo(() => spread(logs, from, length), [logs, from, length]);
  const scroll = useRef(null);
  const [first, last, reach] = useLanes(scroll, rows.length);
  useLayoutEffect(() => {
    const index = rows.findIndex((each) => each.node.id === chosen);
    const { scrollTop, clientHeight } = scroll.current;
    if (index >= 0 && (index * LANE < scrollTop || (index + 1) * LANE > scrollTop + clientHeight)) scroll.current.scrollTop = index * LANE - clientHeight / 2;
  }, [chosen, nodes.length > 0]);
  const fold = (id) => {
    const next = new Set(folded);
    if (!next.delete(id)) next.add(id);
    setFolded(next);
  };
  const ticks = Array.from({ length: TICKS }, (_, index) => index / TICKS);
  return html`<div class="trace">
    <div class="scale"><div class="label"><span class="grow">${nodes.length} steps in ${ms(whole[1] - whole[0])}</span>
        ${zoom && html`<button type="button" class="small" onClick=${() => setZoom(null)}>Show all</button>`}</div>
      <div class="ticks" aria-hidden="true">${ticks.map((each) => html`<span style=${{ left: `${each * 100}%` }}>${ms(from - whole[0] + length * each)}</span>`)}</div></div>
    <div class="scroll" role="group" aria-label="Steps" tabindex="0" ref=${scroll} style=${{ "--lane": `${LANE}px` }}>
      <div style=${{ padding: `${first * LANE}px 0 ${(rows.length - last) * LANE}px` }}>${rows.slice(first, last).map(({ node, depth, below }, index) => html`<${Lane} key=${node.id} node=${node} depth=${depth} below=${below} isFolded=${folded.has(node.id)} fold=${() => fold(node.id)}
        number=${first + index} reach=${reach} from=${from} length=${length} isChosen=${node.id === chosen} choose=${() => choose(node)} zoom=${() => setZoom(padded(spanOf([node, ...(children.get(node.id) ?? [])])))} logs=${node.id === of ? dots : []} />`)}</div></div></div>`;
}

/** Which lanes can be seen, as they are scrolled; and what gives the focus to one, be it in the page or not. */
function useLanes(scroll, count) {
  const [range, set] = useState([0, ALL]);
  const wanted = useRef(null);
  const look = () => {
    const { scrollTop, clientHeight } = scroll.current;
    const first = Math.max(0, Math.floor(scrollTop / LANE) - BEYOND);
    const last = Math.ceil((scrollTop + clientHeight) / LANE) + BEYOND;
    set((before) => (before[0] === first && before[1] === last ? before : [first, last]));
  };
  useLayoutEffect(() => {
    if (count <= ALL) return undefined;
    const element = scroll.current;
    look();
    element.addEventListener("scroll", look, { passive: true });
    return () => element.removeEventListener("scroll", look);
  }, [count]);
  const arrive = () => {
    const lane = wanted.current !== null && scroll.current.querySelector(`[data-number="${wanted.current}"]`);
    if (!lane) return;
    wanted.current = null;
    lane.focus();
  };
  useKeptFocus(scroll);
  useLayoutEffect(arrive);
  const reach = (number) => {
    if (number < 0 || number >= count) return;
    wanted.current = number;
    arrive();
    if (wanted.current === null) return;
    scroll.current.scrollTop = number * LANE - scroll.current.clientHeight / 2;
    look();
  };
  if (count <= ALL) return [0, count, reach];
  const last = Math.min(range[1], count);
  return [Math.min(range[0], last), last, reach];
}

/** Lines of log as dots, one for each place; what is bad is not hidden by others. */
function spread(logs, from, length) {
  const places = new Map();
  for (const each of logs) {
    const left = (time(each.timestamp) - from) / length;
    const place = Math.round(left * DOTS);
    if (place < 0 || place > DOTS) continue;
    if (!places.has(place) || (each.isBad && !places.get(place).isBad)) places.set(place, { ...each, left: `${(place / DOTS) * 100}%` });
  }
  return [...places.values()];
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

function Lane({ node, number, reach, depth, below, isFolded, fold, from, length, isChosen, choose, zoom, logs }) {
  const start = node.started ? time(node.started) : from;
  const end = node.ended ? time(node.ended) : start;
  const left = ((start - from) / length) * 100;
  const width = ((end - start) / length) * 100;
  const isBad = node.status === "FAILED";
  const [chip, label] = split(node);
  const place = { left: `${Math.min(Math.max(left, 0), 99.5)}%`, width: `${Math.max(Math.min(width + Math.min(left, 0), 100 - Math.max(left, 0)), 0.2)}%` };
  const isSeen = left < 100 && left + width >= 0;
  const kind = isBad ? "failed" : node.status === "waiting" ? "waiting" : node.kind;
  return html`<div role="button" tabindex="0" class="lane" aria-pressed=${String(isChosen)} data-node=${node.id} data-number=${number} onClick=${choose} onDblClick=${zoom}
    onKeyDown=${(event) => laneKeys(event, { choose, fold, below, zoom, number, reach })}>
    <span class="label" style=${{ "--depth": String(Math.min(depth, 12)) }}>
      ${below > 0 ? html`<span class="fold" onClick=${(event) => (event.stopPropagation(), fold())}><${Icon} name=${isFolded ? "right" : "down"} /></span>` : html`<span style=${{ width: "16px", flex: "none" }}></span>`}
      <span class="kind">${chip}</span><span class="tail ${isBad ? "wrong" : ""}" title=${node.label}><bdi>${label}</bdi></span></span>
    <span class="bars" title="${node.label}: ${ms(end - start)}${node.detail ? `, ${node.detail}` : ""}">
      ${isSeen && html`<span class="bar ${kind}" style=${place}></span>`}
      ${logs.map((each) => html`<span class="log-dot ${each.isBad ? "bad" : ""}" title=${each.title} style=${{ left: each.left }}></span>`)}</span></div>`;
}

/** What kind of step it is, and what is not said by that: of a call the method, and the path. */
function split({ kind, label }) {
  if (kind === "call") return [label.split(" ", 1)[0], label.slice(label.indexOf(" ") + 1)];
  return [kind, label.startsWith(`${kind} `) ? label.slice(kind.length + 1) : label];
}

function laneKeys(event, { choose, fold, below, zoom, number, reach }) {
  if (event.key === "Enter" || event.key === " ") choose();
  else if (event.key === "z") zoom();
  else if (below && (event.key === "ArrowLeft" || event.key === "ArrowRight")) fold();
  else if (event.key === "ArrowDown") reach(number + 1);
  else if (event.key === "ArrowUp") reach(number - 1);
  else return;
  event.preventDefault();
  event.stopPropagation();
}
