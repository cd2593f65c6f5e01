// One run: what went in and came out, what it logged and called, and what it belongs to.

import { get, post } from "../api.js";
import { bytes, facts, h, json, ms, replace, status, table, when } from "../dom.js";
import { attempt, dialog, go, toast } from "../shell.js";

const FRAME = /^\s*File "(.+?)", line (\d+), in (.+?)(?:\n\s*(.*))?\s*$/s;
const NODE_FRAME = /^\s*at (?:async )?(?:(.+) \()?(?:file:\/\/)?(\/[^:()]+):(\d+):\d+\)?$/;
const UPLOADED = /\/code\/[0-9a-f]{24}(\/.*)$/;
const MOST_LINES = 500;
const LEVELS = ["DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL"];
// Members of a log line that are shown in their own place, or are the same on all lines of a run.
const COMMON = new Set(["level", "message", "timestamp", "location", "service", "function_request_id", "cold_start",
  "task_id", "task", "requestId", "logger", "xray_trace_id", "errorType", "errorMessage", "stackTrace", "log_level"]);

export const runView = {
  topics: ["runs"],
  async show(context) {
    const [run, { root, command }] = await Promise.all([get(`/runs/${encodeURIComponent(context.path[0])}`), get("")]);
    const told = JSON.stringify(run);
    if (told === context.told) return; // another run has changed
    context.told = told;
    replace(
      context.body,
      head(run, command),
      run.error ? failure(run.error, root) : run.failure ? failure({ errorMessage: run.failure }, root) : null,
      timeline(run),
      h("div", { class: "columns" },
        h("section", {}, h("h2", {}, "Event"), json(run.event, "event")),
        run.status === "FAILED" ? null : h("section", {}, h("h2", {}, "Result"),
          run.status === "running" ? h("p", { class: "empty" }, "It goes on …") : json(run.result ?? null, "result"))),
      h("h2", {}, "Log"),
      log(run.logs, context),
      h("h2", {}, "Calls of the platform"),
      calls(run),
      chain(run),
    );
    const rows = context.body.querySelector(".log");
    if (rows && context.early) append(context, rows);
  },
  /** A line that comes while the page is open: put below the others, unless one between is missing. */
  line(context, message) {
    const rows = context.body.querySelector(".log");
    if (message.run.id !== context.path[0] || !rows) return;
    context.early ??= new Map();
    context.early.set(message.number, message.line);
    append(context, rows);
    if (context.early.size) context.refresh(); // one between is missing: it came while the page was made
  },
};

/** Put the lines that came early below the others, as far as none is missing. */
function append(context, rows) {
  let count = Number(rows.dataset.count);
  for (const number of context.early.keys()) if (number < count) context.early.delete(number);
  for (; context.early.has(count); count += 1) {
    rows.querySelector(".empty")?.remove();
    rows.append(logRow(context.early.get(count), count));
    context.early.delete(count);
    if (rows.children.length > MOST_LINES) rows.firstElementChild.remove();
  }
  rows.dataset.count = count;
}

function head(run, command) {
  const again = (event) => attempt(async () => {
    const body = event === undefined ? undefined : { event };
    go(`#/runs/${(await post(`/runs/${run.id}/replay`, body)).id}`);
  });
  return [
    h("h1", {}, h("a", { href: "#/runs" }, "Runs"), " / ",
      h("a", { href: `#/functions/${encodeURIComponent(run.function)}` }, run.function), " ", status(run.status)),
    h("div", { class: "row actions" },
      h("button", { type: "button", class: "primary", id: "again", onclick: () => again() }, "Run again"),
      h("button", { type: "button", id: "edit", onclick: () => edit(run, again) }, "Edit and run"),
      h("button", { type: "button", id: "copy", onclick: () => copy(commandOf(run, command)) }, "Copy as command")),
    facts(
      ["Started", when(run.started)],
      ["Trigger", run.kind === "invoke" ? `${run.trigger}, by hand` : run.trigger],
      ["Time", ms(run.duration_ms)],
      ["Cold start", run.init_ms === undefined ? "–" : run.init_ms === null ? "warm" : ms(run.init_ms)],
      ["Memory peak", run.memory_mb === undefined ? "–" : bytes(run.memory_mb * 1e6)],
      ["Attempt", String(run.attempt)],
      ["Task", run.task_id ? h("code", {}, run.task_id) : null],
      ["Platform", run.fresh ? "a fresh, empty one: not this" : null],
      ["Again of", run.again ? h("a", { href: `#/runs/${run.again}` }, "this run") : null],
    ),
  ];
}

function edit(run, again) {
  dialog("Run with another event", (close) => {
    const text = h("textarea", { id: "edited", rows: "16", spellcheck: "false", "aria-label": "Event", value: JSON.stringify(run.event, null, 2) });
    return h("form", { onsubmit: (event) => {
      event.preventDefault();
      attempt(async () => {
        const edited = JSON.parse(text.value);
        close();
        await again(edited);
      });
    } }, text, h("div", { class: "row" },
      h("button", { type: "submit", class: "primary", id: "run-edited" }, "Run"),
      h("button", { type: "button", onclick: close }, "Cancel")));
  });
}

function commandOf(run, command) {
  const event = JSON.stringify(run.event).replaceAll("'", "'\\''");
  return `printf '%s' '${event}' | ${command} invoke ${run.function} --event -`;
}

function copy(text) {
  navigator.clipboard.writeText(text).then(() => toast("Copied"), () => dialog("Copy this", () => h("pre", {}, text)));
}

/** The error, and where it comes from: the project's own lines first. */
function failure(error, root) {
  const frames = [...framesOf(error.stackTrace, FRAME).map(([, file, line, name, code]) => ({ file, line, name, code })),
    ...framesOf(error.trace, NODE_FRAME).map(([, name, file, line]) => ({ file, line, name: name ?? "a function" })).reverse()]
    .map((each) => ({ ...each, own: isOwn(each.file, root) }));
  const own = frames.filter((each) => each.own);
  const others = frames.filter((each) => !each.own);
  return h("section", { class: "notice bad", "aria-label": "Error" },
    h("h2", {}, error.errorType ?? "Failed"),
    h("p", { class: "message" }, error.errorMessage ?? ""),
    own.length ? h("ol", { class: "frames" }, own.reverse().map((each) => frame(each, root))) : null,
    others.length ? h("details", { "data-key": "frames" }, h("summary", {}, `${others.length} frames of libraries and the runtime`),
      h("ol", { class: "frames" }, others.reverse().map((each) => frame(each, root)))) : null);
}

const framesOf = (lines, pattern) => (lines ?? []).map((each) => each.match(pattern)).filter(Boolean);

/** Whether a frame is in code of the project's own, or of a function that was uploaded. */
function isOwn(file, root) {
  const path = root !== null && file.startsWith(`${root}/`) ? file.slice(root.length) : file.match(UPLOADED)?.[1];
  return path !== undefined && !/^\/(\.venv|packages)\/|\/(site-packages|node_modules)\//.test(path);
}

function frame({ file, line, name, code }, root) {
  const place = root !== null && file.startsWith(`${root}/`) ? file.slice(root.length + 1) : file;
  return h("li", {}, h("code", {}, `${place}:${line}`), ` in ${name}`, code ? h("pre", {}, code.trim()) : null);
}

/** Cold start, handler and calls on one line of time. */
function timeline(run) {
  if (run.duration_ms === undefined) return null;
  // A worker that was started before did part of its start, or all of it, before anybody waited.
  const init = Math.min(run.init_ms ?? 0, run.waited_ms ?? 0);
  const whole = init + run.duration_ms || 1;
  const began = Date.parse(run.started);
  const bar = (kind, from, length, title) => h("span", {
    class: `bar ${kind}`, title,
    style: { left: `${Math.min(Math.max((from / whole) * 100, 0), 99.6)}%`, width: `${Math.max(Math.min((length / whole) * 100, 100), 0.4)}%` },
  });
  const row = (label, ...bars) => h("div", { class: "lane" }, h("span", { class: "lane-name", title: label }, label), h("span", { class: "lane-bars" }, bars));
  const failed = (call) => !call.status || call.status >= 400;
  const made = (run.calls ?? []).toSorted((a, b) => a.timestamp.localeCompare(b.timestamp)).slice(0, 60);
  return h("section", { class: "timeline", "aria-label": "Timeline" },
    h("h2", {}, "Time"),
    row("function", init ? bar("init", 0, init, `cold start ${ms(init)}`) : null, bar("handler", init, run.duration_ms, `handler ${ms(run.duration_ms)}`)),
    made.map((call) => {
      const from = Date.parse(call.timestamp) - began;
      const outcome = call.status || "connection lost";
      const name = `${failed(call) ? `${outcome}: ` : ""}${call.attempt > 1 ? `attempt ${call.attempt}: ` : ""}${call.method} ${call.path}`;
      const wait = call.waited_ms ? bar("wait", from - call.waited_ms, call.waited_ms, `waited ${ms(call.waited_ms)}`) : null;
      return row(name, wait, bar(failed(call) ? "call failed" : "call", from, call.duration_ms, `${outcome}, ${ms(call.duration_ms)}`));
    }),
    h("p", { class: "legend dim" }, init ? `cold start ${ms(init)}, ` : run.init_ms ? `started before, in ${ms(run.init_ms)}, ` : "warm, ", `handler ${ms(run.duration_ms)}`,
      (run.calls ?? []).length > made.length ? `; the first ${made.length} calls` : ""));
}

function calls(run) {
  if (!run.calls) return h("p", { class: "empty" }, "What it called is not known.");
  return table("Calls of the platform", ["Call", "Status", "At", "Time", "Attempt", "Waited before"], run.calls.map((call) => [
    h("code", {}, `${call.method} ${call.path}`),
    call.status ? String(call.status) : "connection lost",
    when(call.timestamp),
    ms(call.duration_ms),
    String(call.attempt),
    call.waited_ms === null ? "–" : ms(call.waited_ms),
  ]), "It called nothing.");
}

function log(lines, context) {
  if (!lines) return h("p", { class: "empty" }, "What it logged is not known.");
  const first = context.whole ? 0 : Math.max(lines.length - MOST_LINES, 0);
  const all = () => {
    context.whole = true;
    context.told = "";
    attempt(() => runView.show(context));
  };
  return [
    first ? h("p", {}, h("button", { type: "button", id: "all-lines", onclick: all }, `Show the first ${first} lines too`)) : null,
    h("div", { class: "log", role: "log", tabindex: "0", "aria-label": "Log", "data-scroll": "log", "data-count": lines.length },
      lines.length ? lines.slice(first).map((line, index) => logRow(line, first + index)) : h("p", { class: "empty" }, "It logged nothing.")),
  ];
}

function logRow(line, index) {
  const entry = parsed(line.text);
  const level = LEVELS.includes(entry?.level) ? entry.level : "";
  const own = entry ? Object.entries(entry).filter(([name]) => !COMMON.has(name)) : [];
  const message = entry ? [entry.errorType, entry.message ?? entry.errorMessage].filter(Boolean).map(told).join(": ") : line.text;
  const content = [
    when(line.timestamp),
    h("span", { class: `level ${level.toLowerCase()}` }, level || " "),
    h("span", { class: "message" }, message),
    own.map(([name, value]) => h("span", { class: "chip" }, h("b", {}, name), " ", told(value))),
  ];
  if (!entry) return h("div", { class: "log-row" }, content);
  // What most lines never show is made when it is asked for.
  const unfold = (event) => event.target.open && event.target.children.length === 1 && event.target.append(...json(entry, `log-${index}`).filter(Boolean));
  return h("details", { class: "log-row", "data-key": `log-${index}`, ontoggle: unfold }, h("summary", {}, content));
}

const told = (value) => (typeof value === "string" ? value : JSON.stringify(value));

function parsed(text) {
  if (!text.startsWith("{")) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The runs that this one belongs to. */
function chain(run) {
  const rows = (runs) => runs.map((each) => ({
    href: `#/runs/${each.id}`,
    selected: each.id === run.id,
    cells: [each.function, status(each.status), `attempt ${each.attempt}`, each.trigger, when(each.started), ms(each.duration_ms),
      h("span", { class: "dim clip", title: each.failure }, each.failure)],
  }));
  const headings = ["Function", "Status", "Attempt", "Trigger", "Started", "Time", "Error"];
  return [
    run.cause ? [h("h2", {}, "Set off by"), table("Set off by", headings, rows([run.cause]))] : null,
    run.attempts.length > 1 ? [h("h2", {}, "Attempts"), table("Attempts", headings, rows(run.attempts))] : null,
    run.set_off.length ? [h("h2", {}, "Set off"), table("Set off", headings, rows(run.set_off))] : null,
  ].flat().filter(Boolean);
}
