// A schema as a picture: its statuses from left to right, as documents come to them, and its transitions between.

import { html, useEffect, useRef } from "../lib.js";

const BOX = { width: 132, height: 34 };
const STEP = { x: 276, y: 86 };
const EDGE = 26;

/** The picture of a schema in a box that scrolls; `current` is a status to stand out. */
export function Diagram({ schema, current = null }) {
  const box = useRef(null);
  const key = JSON.stringify([schema.statuses, schema.transitions, schema.creationTransition, current]);
  useEffect(() => box.current.replaceChildren(diagram(schema, current)), [key]);
  return html`<div class="diagram-scroll" ref=${box} tabindex="0" role="region" aria-label="State diagram"></div>`;
}

/** An SVG element. */
function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The picture alone. */
function diagram(schema, current = null) {
  const placed = place(schema);
  const edges = grouped(schema, placed);
  const rows = Math.max(...[...placed.values()].map((each) => each.row)) + 1;
  const columns = Math.max(...[...placed.values()].map((each) => each.column)) + 1;
  const above = edges.some((each) => each.bend < 0) ? 70 : 26;
  const below = edges.some((each) => each.bend > 0) ? 84 : 26;
  const width = columns * STEP.x - (STEP.x - BOX.width) + EDGE * 2 + 60;
  const height = rows * STEP.y - (STEP.y - BOX.height) + above + below;
  const at = ({ column, row }) => ({ x: EDGE + 60 + column * STEP.x, y: above + row * STEP.y });
  const first = at(placed.get(schema.creationTransition.toStatus));
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, class: "diagram", role: "img",
    "aria-label": `Statuses of ${schema.name}: ${[...placed.keys()].join(", ")}`,
  });
  picture.append(
    arrowHead(),
    svg("circle", { cx: first.x - 48, cy: first.y + BOX.height / 2, r: 6, class: "start" }),
    svg("path", { d: `M${first.x - 42} ${first.y + BOX.height / 2}H${first.x - 4}`, class: "edge", "marker-end": "url(#arrow)" }),
    ...edges.flatMap((each) => drawn(each, at)),
    ...[...placed].map(([name, spot]) => node(name, at(spot), name === current)),
  );
  return picture;
}

/** Column and row of each status: the column is how many transitions it takes to get there. */
function place(schema) {
  const placed = new Map();
  const next = [];
  const put = (name, column) => {
    if (placed.has(name)) return;
    placed.set(name, { column, row: [...placed.values()].filter((each) => each.column === column).length });
    next.push(name);
  };
  put(schema.creationTransition.toStatus, 0);
  while (next.length) {
    const name = next.shift();
    for (const each of schema.transitions) if (each.fromStatuses.includes(name)) put(each.toStatus, placed.get(name).column + 1);
  }
  for (const name of Object.keys(schema.statuses)) if (!placed.has(name)) put(name, 0);
  return placed;
}

/** Transitions between the same two statuses are one line with several names. */
function grouped(schema, placed) {
  const found = new Map();
  for (const each of schema.transitions) {
    for (const from of each.fromStatuses) {
      const key = JSON.stringify([from, each.toStatus]);
      const a = placed.get(from);
      const b = placed.get(each.toStatus);
      if (!a || !b) continue;
      const steps = b.column - a.column;
      const bend = steps === 1 || (steps === 0 && a !== b) ? 0 : steps > 0 ? -1 : 1;
      const edge = found.get(key) ?? { a, b, bend: a === b ? -1 : bend, loop: a === b, names: [], automatic: true };
      edge.names.push(each.name);
      edge.automatic &&= each.type === "automatic";
      found.set(key, edge);
    }
  }
  return [...found.values()];
}

function drawn({ a, b, bend, loop, names, automatic }, at) {
  const from = at(a);
  const to = at(b);
  const middle = BOX.height / 2;
  let path;
  let label;
  if (loop) {
    const x = from.x + BOX.width / 2;
    path = `M${x - 22} ${from.y}C${x - 30} ${from.y - 38} ${x + 30} ${from.y - 38} ${x + 22} ${from.y - 3}`;
    label = [x, from.y - 34];
  } else if (bend) {
    const [x1, x2] = [from.x + BOX.width / 2, to.x + BOX.width / 2];
    const edge = bend > 0 ? BOX.height : 0;
    const lift = bend * (42 + 5 * Math.abs(a.column - b.column));
    path = `M${x1} ${from.y + edge}C${x1} ${from.y + edge + lift} ${x2} ${to.y + edge + lift} ${x2} ${to.y + edge + bend * 4}`;
    label = [(x1 + x2) / 2, (from.y + to.y) / 2 + edge + lift * 0.78 + (bend > 0 ? 14 : -5)];
  } else if (a.column === b.column) {
    const x = from.x + BOX.width / 2;
    const down = to.y > from.y;
    path = `M${x} ${down ? from.y + BOX.height : from.y}V${down ? to.y - 4 : to.y + BOX.height + 4}`;
    label = [x, (from.y + to.y) / 2 + middle];
  } else {
    const [x1, x2] = [from.x + BOX.width, to.x - 4];
    const half = (x1 + x2) / 2;
    path = `M${x1} ${from.y + middle}C${half} ${from.y + middle} ${half} ${to.y + middle} ${x2} ${to.y + middle}`;
    label = [half, (from.y + to.y) / 2 + middle - 8];
  }
  const lines = names.map((name, index) => {
    const text = svg("text", { x: label[0], y: label[1] - (names.length - 1 - index) * 13, class: "edge-name" });
    text.textContent = name.length > 20 ? `${name.slice(0, 19)}…` : name;
    const title = svg("title");
    title.textContent = name;
    text.append(title);
    return text;
  });
  return [svg("path", { d: path, class: automatic ? "edge automatic" : "edge", "marker-end": "url(#arrow)" }), ...lines];
}

function node(name, { x, y }, current) {
  const text = svg("text", { x: x + BOX.width / 2, y: y + BOX.height / 2 + 4, class: "node-name" });
  text.textContent = name.length > 17 ? `${name.slice(0, 16)}…` : name;
  const title = svg("title");
  title.textContent = name;
  const box = svg("rect", { x, y, width: BOX.width, height: BOX.height, rx: 8, class: current ? "node current" : "node" });
  return svg("g", { class: "spot" }, title, box, text);
}

function arrowHead() {
  const marker = svg("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" });
  marker.append(svg("path", { d: "M0 0L8 4L0 8z", class: "arrow" }));
  const found = svg("defs");
  found.append(marker);
  return found;
}
