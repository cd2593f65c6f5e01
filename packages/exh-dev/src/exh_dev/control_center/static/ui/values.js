// Values as people read them: times, durations, sizes, statuses, ids.

import { html, useEffect, useState } from "../lib.js";
import { Icon } from "./icons.js";

const KINDS = {
  OK: "good", complete: "good", active: "good", enabled: "good", "in full": "good",
  FAILED: "bad", failed: "bad", disabled: "bad",
  running: "busy", inProgress: "busy", waiting: "busy",
  retried: "warn", retrying: "warn", scheduled: "plain", canceled: "plain",
};

/** How something went, in colour and in words. */
export function Status({ text }) {
  return html`<span class="status ${KINDS[text] ?? "plain"}">${text}</span>`;
}

/** Milliseconds, as short as they can be said. */
export function ms(value) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0 ms";
  if (value < 1000) return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
  if (value < 120_000) return `${(value / 1000).toFixed(value < 10_000 ? 2 : 1)} s`;
  return duration(value / 1000);
}

const UNITS = [["y", 31_557_600], ["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]];

/** Seconds in the largest unit that fits: `3 h`, `5 min`. */
export function duration(seconds) {
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? UNITS.at(-1);
  const count = seconds / size;
  return `${Number.isInteger(count) || Math.abs(count) >= 10 ? Math.round(count) : count.toFixed(1).replace(/\.0$/, "")}\u00a0${unit}`;
}

/** How often something comes: `daily`, `every 5 min`. */
export function interval(seconds) {
  return { 60: "every minute", 3600: "hourly", 86_400: "daily", 604_800: "weekly" }[seconds] ?? `every ${duration(seconds)}`;
}

/** Bytes, likewise. */
export function bytes(value) {
  if (value === null || value === undefined) return "–";
  const units = ["B", "KB", "MB", "GB"];
  let unit = 0;
  let left = value;
  while (left >= 1000 && unit < units.length - 1) [left, unit] = [left / 1000, unit + 1];
  return `${unit && left < 10 ? left.toFixed(1) : Math.round(left)} ${units[unit]}`;
}

export const count = (value) => value.toLocaleString("en");

/** `1 run`, `2 runs`. */
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

// Relative times become older while nobody does anything: all of them are drawn anew by one timer.
const watches = new Set();
setInterval(() => watches.forEach((call) => call()), 10_000);
let absolute = localStorage.getItem("times") === "absolute";

/** Show times as they are, or as how long ago; what was chosen is kept. */
export function toggleTimes() {
  absolute = !absolute;
  localStorage.setItem("times", absolute ? "absolute" : "relative");
  watches.forEach((call) => call());
}

function ago(date) {
  const seconds = (Date.now() - date) / 1000;
  if (Math.abs(seconds) < 1) return "now";
  return seconds > 0 ? `${duration(Math.max(1, Math.floor(seconds)))} ago` : `in ${duration(Math.ceil(-seconds))}`;
}

const two = (number) => String(number).padStart(2, "0");

/** A timestamp in this browser's time zone: `14:03:07.120` today, with the date on other days. */
export function exact(value) {
  const date = new Date(value);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return date.toDateString() === new Date().toDateString() ? time : `${day} ${time.slice(0, 8)}`;
}

/** A timestamp (ISO 8601, or epoch milliseconds); the other spelling when the pointer rests on it. */
export function Time({ at, precise = false }) {
  const [, again] = useState(0);
  useEffect(() => {
    const call = () => again((turn) => turn + 1);
    watches.add(call);
    return () => watches.delete(call);
  }, []);
  if (at === null || at === undefined) return "–";
  const date = new Date(at);
  const plain = absolute || precise;
  return html`<time datetime=${date.toISOString()} title=${plain ? ago(date) : date.toISOString()}>${plain ? exact(date) : ago(date)}</time>`;
}

/** An id, short; whole when the pointer rests on it and when it is copied. */
export function Id({ value }) {
  if (!value) return "–";
  return html`<code title=${value}>${value.length > 14 ? `…${value.slice(-8)}` : value}</code>`;
}

/** A button that copies a text. */
export function Copy({ text, label = "Copy", small = true }) {
  const [done, set] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(typeof text === "function" ? await text() : text);
    set(true);
    setTimeout(() => set(false), 1500);
  };
  return html`<button type="button" class="copy ${small ? "small" : ""}" onClick=${copy}>
    <${Icon} name=${done ? "check" : "copy"} />${done ? "Copied" : label}</button>`;
}
