// The log of a run: a row a line, with what a structured line holds beside its message.

import { html, useState } from "../lib.js";
import { SearchField } from "../ui/list.js";
import { Time, count } from "../ui/values.js";

const MOST = 500; // lines that are shown at first: the latest
const MORE = 2000; // earlier ones that are shown at once when somebody asks for them
const LEVELS = ["DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL"];
// Members that are shown in their own place, or are the same on all lines of a run.
const COMMON = new Set(["level", "message", "timestamp", "location", "service", "function_request_id", "cold_start",
  "task_id", "task", "requestId", "logger", "xray_trace_id", "log_level"]);
const parsed = new WeakMap();

function parse(line) {
  if (!parsed.has(line)) {
    let found = null;
    try {
      found = JSON.parse(line.text);
    } catch {
      // It is text.
    }
    parsed.set(line, found !== null && typeof found === "object" && !Array.isArray(found) ? found : null);
  }
  return parsed.get(line);
}

export function levelOf(line) {
  const level = String(parse(line)?.level ?? /^\[?(DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL)\b/.exec(line.text)?.[1] ?? "").toUpperCase();
  return LEVELS.includes(level) ? level : "";
}

export const isBad = (level) => ["ERROR", "CRITICAL", "FATAL"].includes(level);

export function messageOf(line) {
  const found = parse(line);
  if (!found) return line.text;
  return typeof found.message === "string" ? found.message : JSON.stringify(found.message ?? found);
}

export function Log({ lines, isRunning }) {
  const [words, setWords] = useState("");
  const [most, setMost] = useState(MOST);
  const wanted = words ? lines.filter((each) => each.text.toLowerCase().includes(words.toLowerCase())) : lines;
  const shown = wanted.slice(-most);
  const earlier = wanted.length - shown.length;
  if (!lines.length) return html`<div class="log" role="log"><p class="dim entry" style=${{ padding: "8px" }}>${isRunning ? "No line yet." : "It logged nothing."}</p></div>`;
  return html`${lines.length > 20 && html`<div class="filters"><${SearchField} id="log-search" label="Search the log" placeholder="in the log…" value=${words} search=${setWords} /></div>`}
    ${earlier > 0 && html`<button type="button" class="small" onClick=${() => setMost(most + MORE)}>Show ${earlier > MORE ? `${count(MORE)} of ${count(earlier)}` : count(earlier)} earlier lines</button>`}
    <div class="log" role="log" tabindex="0" aria-label="Log">${shown.map((each, index) => html`<${Line} key=${earlier + index} line=${each} />`)}
      ${!shown.length && html`<p class="dim">No line is like this.</p>`}</div>`;
}

function Line({ line }) {
  const found = parse(line);
  const members = found ? Object.entries(found).filter(([name]) => !COMMON.has(name)) : [];
  const level = levelOf(line);
  const row = html`<span class="line"><${Time} at=${line.timestamp} precise /><span class="level-${level.toLowerCase()}">${level}</span><span class="message">${messageOf(line)}</span></span>`;
  if (!members.length) return html`<div class="entry">${row}</div>`;
  return html`<details><summary style=${{ listStyle: "none", cursor: "pointer" }}>${row}</summary><dl class="members">${members.map(([name, value]) => html`<div><span class="j-name">${name}</span>: <span>${typeof value === "string" ? value : JSON.stringify(value)}</span></div>`)}</dl></details>`;
}
