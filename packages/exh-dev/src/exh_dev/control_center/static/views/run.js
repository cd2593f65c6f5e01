// One run: what it belongs to on a line of time, what went in and came out, and what it logged.

import { get, post } from "../api.js";
import { html, useAction, useEffect, useLoad, useRef, useState } from "../lib.js";
import { listen } from "../live.js";
import { at, go, setQuery } from "../route.js";
import { Editor, remember } from "../ui/editor.js";
import { Icon } from "../ui/icons.js";
import { Json } from "../ui/json.js";
import { read } from "../ui/json_text.js";
import { List } from "../ui/list.js";
import { Dialog, Facts, Head, Loaded, Notice, Wrong } from "../ui/parts.js";
import { Copy, Id, Status, Time, bytes, ms, plural } from "../ui/values.js";
import { Call } from "./call.js";
import { Failure } from "./failure.js";
import { Log, isBad, levelOf, messageOf } from "./log.js";
import { RUN_COLUMNS } from "./runs.js";
import { Trace, hrefOf } from "./trace.js";

export function RunView({ route, frame }) {
  const [id] = route.path;
  const run = useLoad(() => get(`/runs/${encodeURIComponent(id)}?calls=false`), [id], ["runs"]);
  const trace = useLoad(() => get(`/traces/${encodeURIComponent(id)}`), [id], ["runs", "tasks", "mails"]);
  return html`<${Loaded} of=${run}>${(data) => html`<${Run} run=${data} trace=${trace.data} frame=${frame} query=${route.query} reload=${run.reload} />`}<//>`;
}

function Run({ run, trace, frame, query, reload }) {
  const [edits, setEdits] = useState(false);
  const { act, busy, error } = useAction();
  const lines = useLines(run, reload);
  const again = (event) => act(async () => go(at("runs", (await post(`/runs/${run.id}/replay`, event === undefined ? undefined : { event })).id)));
  const open = query.get("call");
  const choose = (node) => {
    if (node.kind === "call") return setQuery({ call: `${node.ref.run}/${node.ref.call}` });
    const href = node.ref.run !== run.id && hrefOf(node);
    return href && go(href);
  };
  const [openRun, openCall] = (open ?? "").split("/");
  const nodes = trace?.nodes ?? [];
  const chosen = nodes.find((each) => each.kind === "call" && open && each.ref.run === openRun && String(each.ref.call) === openCall)?.id;
  const own = nodes.find((each) => each.kind === "run" && each.ref.run === run.id)?.id;
  const dots = lines.map((each) => ({ timestamp: each.timestamp, isBad: isBad(levelOf(each)), title: messageOf(each).slice(0, 120) }));
  return html`
    <${Head} title=${run.function} crumbs=${[["Runs", "#/runs"]]} badge=${html`<${Status} text=${run.status} />`}>
      <button type="button" class="primary" disabled=${busy || run.in_full === false} onClick=${() => again()}><${Icon} name="again" />Run again</button>
      <button type="button" disabled=${run.in_full === false} onClick=${() => setEdits(true)}><${Icon} name="edit" />Edit and run</button>
      ${run.in_full !== false && html`<${Copy} small=${false} label="Copy as command" text=${() => commandOf(run, frame)} />`}<//>
    <${Wrong} error=${error} />
    <${Facts} of=${[
      ["Function", html`<a href=${at("functions", run.function)}>${run.function}</a>`],
      ["Started", html`<${Time} at=${run.started} />`],
      ["Trigger", run.kind === "invoke" ? `${run.trigger}, by hand` : run.trigger],
      ["Time", ms(run.duration_ms)],
      ["Cold start", coldStart(run)],
      ["Memory peak", run.memory_mb === undefined ? null : bytes(run.memory_mb * 1e6)],
      ["Attempt", run.attempt > 1 ? String(run.attempt) : null],
      ["Task", run.task_id ? html`<a href=${at("queue", run.task_id)}><${Id} value=${run.task_id} /></a>` : null],
      ["Platform", run.fresh ? "a fresh, empty one: not this" : null],
      ["Again of", run.again ? html`<a href=${at("runs", run.again)}>this run</a>, <a href=${at("runs", "compare", run.again, run.id)}>compare</a>` : null],
      ["Set off by", run.cause ? html`<a href=${at("runs", run.cause.id)}>a run of ${run.cause.function}</a>` : null],
    ]} />
    ${run.error ? html`<${Failure} error=${run.error} root=${frame?.root ?? null} />` : run.failure && html`<${Failure} error=${{ errorMessage: run.failure }} root=${null} />`}
    ${nodes.length > 0 && html`<${Trace} nodes=${nodes} logs=${dots} of=${own} chosen=${chosen} choose=${choose} />`}
    ${open && html`<${Call} key=${open} run=${openRun} number=${openCall} frame=${frame} close=${() => setQuery({ call: "" })} />`}
    ${run.in_full === false && html`<${Notice} kind="warn">Of this run only its line in the list is kept: its event, result, log and calls went when there were too many.<//>`}
    <div class="split">
      <section class="stack tight"><h2>Event</h2><${Json} value=${run.event} label="Event" /></section>
      ${run.status !== "FAILED" && html`<section class="stack tight"><h2>Result</h2>${run.status === "running" ? html`<p class="dim">It goes on…</p>` : html`<${Json} value=${run.result ?? null} label="Result" />`}</section>`}</div>
    <section class="stack tight"><h2>Log</h2><${Log} lines=${lines} isRunning=${run.status === "running"} /></section>
    <${Chain} run=${run} />
    ${edits && html`<${Edit} run=${run} again=${again} error=${error} close=${() => setEdits(false)} />`}`;
}

/** The lines of a run: as they were loaded, and those that came since. */
function useLines(run, reload) {
  const [extra, setExtra] = useState([]);
  const early = useRef(new Map());
  const base = run.logs ?? [];
  useEffect(() => {
    early.current = new Map();
    setExtra([]);
    return listen((message) => {
      if (!message.line || message.run.id !== run.id) return;
      early.current.set(message.number, message.line);
      const lines = [];
      for (let number = base.length; early.current.has(number); number += 1) lines.push(early.current.get(number));
      setExtra(lines);
      if (early.current.size > lines.length && message.number > base.length + lines.length) reload(); // one between came while the page was made
    });
  }, [run.id, base.length]);
  return extra.length ? [...base, ...extra] : base;
}

function coldStart(run) {
  if (run.init_ms === undefined) return null;
  if (run.init_ms === null) return "warm";
  const { runtime_ms: runtime, import_ms: imports } = run.init ?? {};
  return runtime === undefined ? ms(run.init_ms) : `${ms(run.init_ms)}: runtime ${ms(runtime)}, imports ${ms(imports)}`;
}

function commandOf(run, frame) {
  const event = JSON.stringify(run.event).replaceAll("'", "'\\''");
  return `printf '%s' '${event}' | ${frame?.command ?? "exh-dev"} invoke ${run.function} --event -`;
}

function Chain({ run }) {
  const groups = [["Attempts at this task", run.attempts?.length > 1 ? run.attempts : []], ["What it set off", run.set_off ?? []]];
  return groups.map(([title, runs]) => runs.length > 0 && html`<section class="stack tight" key=${title}><h2>${title}</h2><p class="dim">${plural(runs.length, "run")}</p>
    <${List} label=${title} columns=${RUN_COLUMNS} rows=${runs} href=${(each) => at("runs", each.id)} /></section>`);
}

function Edit({ run, again, error, close }) {
  const [text, setText] = useState(JSON.stringify(run.event, null, 2));
  const schema = useLoad(() => get(`/functions/${encodeURIComponent(run.function)}/event-schema`), [run.function]);
  const event = read(text);
  const submit = async (submitted) => {
    submitted?.preventDefault();
    if (event.value === undefined) return;
    remember(`event:${run.function}`, text);
    if (await again(event.value)) close();
  };
  return html`<${Dialog} title="Run with another event" close=${close}><form class="stack" onSubmit=${submit}>
    <${Editor} id="edited" label="Event" text=${text} change=${setText} run=${submit} schema=${schema.data} history="event:${run.function}" height=${320} />
    <${Wrong} error=${error} /><div class="row"><button type="submit" class="primary" disabled=${event.value === undefined}>Run</button><button type="button" onClick=${close}>Cancel</button></div></form><//>`;
}

