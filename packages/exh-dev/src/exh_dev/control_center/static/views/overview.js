// What goes on, at a glance.

import { get, post } from "../api.js";
import { html, useAction, useLoad } from "../lib.js";
import { at } from "../route.js";
import { Bars } from "../ui/chart.js";
import { Icon } from "../ui/icons.js";
import { Card, Empty, Head, Loaded, Wrong } from "../ui/parts.js";
import { done } from "../ui/toasts.js";
import { Status, Time, count, exact, interval, ms, plural } from "../ui/values.js";
import { Buttons, useTask } from "./queue.js";

const MOST_TASKS = 4; // of the queue that are listed

export function OverviewView({ frame }) {
  const overview = useLoad(() => get("/overview"), [], ["runs", "documents", "mails", "users", "files", "functions"], 1000);
  const queue = useLoad(() => get("/queue?limit=20"), [], ["tasks", "schedules", "runs"]);
  return html`<${Head} title="Overview"><a class="button" href=${at("events", { tab: "send" })}><${Icon} name="events" />Send an event</a>
      <a class="button" href=${at("functions")}><${Icon} name="runs" />Run a function</a><//>
    <${Loaded} of=${overview}>${(data) => html`<div class="stack">
      <${Minutes} of=${data.minutes} />
      <div class="columns">
        <${Loaded} of=${queue}>${(now) => html`<${Queue} of=${now} reload=${queue.reload} /><${Schedules} of=${now.schedules} reload=${queue.reload} />`}<//>
        <${Functions} of=${data.functions} />
        <${Latest} mails=${data.mails} />
        <${Project} frame=${frame} reloads=${data.reloads} counts=${data.counts} />
      </div></div>`}<//>`;
}

function Minutes({ of }) {
  const bars = of.map((each) => ({ label: exact(each.timestamp).slice(0, 5), count: each.runs, failed: each.failed }));
  const runs = of.reduce((sum, each) => sum + each.runs, 0);
  const failed = of.reduce((sum, each) => sum + each.failed, 0);
  return html`<${Card} title="The last hour">
    <div class="numbers"><a href=${at("runs")}><b>${count(runs)}</b><span class="dim">runs</span></a>
      <a href=${at("runs", { status: "FAILED" })}><b>${count(failed)}</b><span class="dim">failed</span></a>
      <div><b>${count(of.at(-1)?.runs ?? 0)}</b><span class="dim">in this minute</span></div></div>
    <${Bars} of=${bars} label="Runs in each minute of the last hour: ${runs}, of which ${failed} failed" /><//>`;
}

function Queue({ of, reload }) {
  const { counts } = of;
  const task = useTask(reload);
  const next = of.tasks.filter((each) => each.state !== "running").slice(0, MOST_TASKS);
  return html`<${Card} title="Queue" actions=${html`<a href=${at("queue")}>Open</a>`}><div class="numbers">
    ${["running", "waiting", "retrying", "scheduled"].map((name) => html`<a key=${name} href=${at("queue", { state: name })}><b>${count(counts[name])}</b><span class="dim">${name}</span></a>`)}</div>
    ${next.length > 0 ? html`<ul class="plain-list" aria-label="Next tasks">${next.map((each) => html`<li key=${each.id}><span class="grow"><a class="clip" href=${at("queue", each.id)}>${each.functionName}</a>
      <span class="dim">${each.state}, starts <${Time} at=${each.startTimestamp} /></span></span><${Buttons} of=${each} task=${task} /></li>`)}</ul>` : html`<p class="dim">${of.most_at_once} tasks run at once.</p>`}
    <${Wrong} error=${task.error} /><//>`;
}

function Schedules({ of, reload }) {
  const { act, busy, error } = useAction();
  const run = (each) => act(async () => {
    await post(`/queue/schedules/${each.id}/run`);
    done(`A task of ${each.functionName} was created`);
    reload();
  });
  return html`<${Card} title="Schedules">${of.length ? html`<ul class="plain-list">${of.map((each) => html`<li key=${each.id}>
      <span class="grow"><a class="clip" href=${at("functions", each.functionName)}>${each.functionName}</a><span class="dim">${interval(each.interval)}, next <${Time} at=${each.nextTimestamp} /></span></span>
      <button type="button" class="small" disabled=${busy} onClick=${() => run(each)}>Run now</button></li>`)}</ul>` : html`<p class="dim">None. A function of the kind schedule has one.</p>`}<${Wrong} error=${error} /><//>`;
}

function Functions({ of }) {
  return html`<${Card} title="Functions in the last hour">${of.length ? html`<ul class="plain-list">${of.slice(0, 8).map((each) => html`<li key=${each.name}><span class="grow">
      <a class="clip" href=${at("functions", each.name)}>${each.name}</a><span class="dim">${plural(each.runs, "run")}, median ${ms(each.p50_ms)}, p95 ${ms(each.p95_ms)}</span></span>
      ${each.failed > 0 && html`<a href=${at("runs", { function: each.name, status: "FAILED" })}><span class="status bad">${count(each.failed)} failed</span></a>`}</li>`)}</ul>`
    : html`<${Empty} title="Nothing ran in the last hour">Run a function on a sample event, or let a transition start one.<//>`}<//>`;
}

function Latest({ mails }) {
  return html`<${Card} title="Latest mails" actions=${html`<a href=${at("mail")}>All</a>`}>${mails.length ? html`<ul class="plain-list">${mails.map((each) => html`<li key=${each.id}>
    <span class="grow"><a class="clip" href=${at("mail", each.id)}>${each.subject || "without a subject"}</a><span class="dim clip">${each.recipients.to?.[0]}</span></span><span class="dim"><${Time} at=${each.creation_timestamp} /></span></li>`)}</ul>`
    : html`<p class="dim">None. What functions send is kept here and goes nowhere.</p>`}<//>`;
}

function Project({ frame, reloads, counts }) {
  return html`<${Card} title="Project">
    <div class="numbers">${Object.entries(counts).map(([name, number]) => html`<a key=${name} href=${at(name === "mails" ? "mail" : name)}><b>${count(number)}</b><span class="dim">${name}</span></a>`)}</div>
    <p>${frame?.problems.length ? html`<${Status} text="failed" /> ${plural(frame.problems.length, "problem")}, listed above` : html`<${Status} text="OK" /> nothing is wrong with its files`}</p>
    ${reloads.length > 0 && html`<ul class="plain-list" aria-label="Reloaded">${reloads.slice(0, 5).map((each) => html`<li key=${each.timestamp}><span class="grow clip"><code>${each.files.join(", ")}</code></span>
      <span class="dim">reloaded <${Time} at=${each.timestamp} /></span></li>`)}</ul>`}<//>`;
}
