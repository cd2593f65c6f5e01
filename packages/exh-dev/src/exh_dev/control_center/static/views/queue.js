// Tasks that run, wait, are tried again or are scheduled; schedules; and one task with what became of it.

import { get, platform, post } from "../api.js";
import { html, useAction, useLoad } from "../lib.js";
import { at, setQuery } from "../route.js";
import { Json } from "../ui/json.js";
import { List } from "../ui/list.js";
import { Card, Empty, Facts, Head, Loaded, Notice, Select, Wrong } from "../ui/parts.js";
import { done } from "../ui/toasts.js";
import { Id, Status, Time, count, interval } from "../ui/values.js";
import { RUN_COLUMNS } from "./runs.js";

const STATES = ["running", "waiting", "retrying", "scheduled"];
const TOPICS = ["tasks", "schedules", "runs"];

export function QueueView({ route }) {
  return route.path.length ? html`<${Task} id=${route.path[0]} />` : html`<${Queue} state=${route.query.get("state")} />`;
}

export function useTask(reload) {
  const { act, busy, error } = useAction();
  return {
    busy,
    error,
    start: (id) => act(async () => (await post(`/queue/tasks/${id}/start`), done("The task starts now"), reload())),
    cancel: (id) => act(async () => (await platform("POST", `/tasks/v1/${id}/cancel`), done("The task is canceled"), reload())),
    run: (schedule) => act(async () => (await post(`/queue/schedules/${schedule.id}/run`), done(`A task of ${schedule.functionName} was created`), reload())),
  };
}

function Queue({ state }) {
  const queue = useLoad(() => get("/queue"), [], TOPICS);
  const task = useTask(queue.reload);
  const columns = [...TASK_COLUMNS, { key: "act", label: "", width: "170px", priority: 2, show: (each) => html`<${Buttons} of=${each} task=${task} />` }];
  return html`<${Head} title="Queue" /><${Wrong} error=${task.error} />
    <${Loaded} of=${queue}>${(data) => {
      const rows = data.tasks.filter((each) => !state || each.state === state);
      return html`<div class="stack"><div class="card"><div class="numbers">${STATES.map((name) => html`<a key=${name} href=${at("queue", { state: name })}><b>${count(data.counts[name])}</b><span class="dim">${name}</span></a>`)}
          <div><b>${data.most_at_once}</b><span class="dim">run at once</span></div></div></div>
        <div class="filters"><${Select} id="state" label="State" value=${state} of=${STATES} none="State: any" choose=${(value) => setQuery({ state: value })} /></div>
        ${rows.length ? html`<${List} label="Tasks in the queue" columns=${columns} rows=${rows} href=${(each) => at("queue", each.id)} />`
          : html`<${Empty} title="No task ${state ? `is ${state}` : "is in the queue"}">A function, a transition, a schedule or <code>exh.tasks.create()</code> puts one there. <a href="#/functions">Run one as a task</a><//>`}
        <section class="stack tight"><h2>Schedules</h2>${data.schedules.length ? html`<${List} label="Schedules" columns=${scheduleColumns(task)} rows=${data.schedules} href=${(each) => at("functions", each.functionName)} />`
          : html`<p class="dim">None. A function of the kind schedule has one.</p>`}</section>
        <section class="stack tight"><h2>Ended lately</h2>${data.ended.length ? html`<${List} label="Tasks that ended" columns=${TASK_COLUMNS} rows=${data.ended} href=${(each) => at("queue", each.id)} />`
          : html`<p class="dim">No task has ended yet.</p>`}</section></div>`;
    }}<//>`;
}

const TASK_COLUMNS = [
  { key: "function", label: "Function", priority: 1, sort: (each) => each.functionName, show: (each) => each.functionName },
  { key: "status", label: "State", width: "116px", priority: 1, show: (each) => html`<${Status} text=${each.state ?? each.status} />` },
  { key: "attempt", label: "Attempt", width: "80px", priority: 3, number: true, show: (each) => String(each.attempt ?? (each.retryForTaskIds?.length ?? 0) + 1) },
  { key: "priority", label: "Priority", width: "80px", priority: 3, number: true, sort: (each) => each.priority, show: (each) => String(each.priority ?? 0) },
  { key: "start", label: "Starts", width: "150px", priority: 2, sort: (each) => each.startTimestamp, show: (each) => html`<${Time} at=${each.startTimestamp} />` },
  { key: "id", label: "Task", width: "100px", priority: 3, show: (each) => html`<${Id} value=${each.id} />` },
];

function scheduleColumns(task) {
  return [
    { key: "function", label: "Function", priority: 1, show: (each) => each.functionName },
    { key: "interval", label: "Comes", width: "130px", priority: 1, sort: (each) => each.interval, show: (each) => interval(each.interval) },
    { key: "next", label: "Next", width: "150px", priority: 2, sort: (each) => each.nextTimestamp, show: (each) => html`<${Time} at=${each.nextTimestamp} />` },
    { key: "act", label: "", width: "110px", priority: 1, show: (each) => html`<button type="button" class="small" disabled=${task.busy} onClick=${() => task.run(each)}>Run now</button>` },
  ];
}

export function Buttons({ of, task }) {
  if (of.status !== "new") return null;
  return html`<span class="row"><button type="button" class="small" disabled=${task.busy} onClick=${() => task.start(of.id)}>Run now</button>
    <button type="button" class="small danger" disabled=${task.busy} onClick=${() => task.cancel(of.id)}>Cancel</button></span>`;
}

function Task({ id }) {
  const found = useLoad(() => platform("GET", `/tasks/v1?eq(id,${encodeURIComponent(id)})`), [id], TOPICS);
  const runs = useLoad(() => get(`/runs?limit=50&task_id=${encodeURIComponent(id)}`), [id], ["runs"]);
  const task = useTask(found.reload);
  return html`<${Loaded} of=${found}>${({ data: [each] }) => (each ? html`
      <${Head} title=${each.functionName} crumbs=${[["Queue", "#/queue"]]} badge=${html`<${Status} text=${each.status} />`}><${Buttons} of=${each} task=${task} /><//><${Wrong} error=${task.error} />
      ${each.error && html`<${Notice} kind="bad" title=${each.error.name ?? each.error.type}>${each.error.message}<//>`}
      <${Facts} of=${[
        ["Function", html`<a href=${at("functions", each.functionName)}>${each.functionName}</a>`], ["Task", html`<code>${each.id}</code>`],
        ["Starts", html`<${Time} at=${each.startTimestamp} />`], ["Created", html`<${Time} at=${each.creationTimestamp} />`],
        ["Created by", each.createdByUserId && html`<a href=${at("users", each.createdByUserId)}><${Id} value=${each.createdByUserId} /></a>`],
        ["Priority", String(each.priority ?? 0)], ["Tags", each.tags?.join(", ")],
        ["Tried again as", each.retriedByTaskId && html`<a href=${at("queue", each.retriedByTaskId)}>another task</a>`],
        ["Attempts before", each.retryForTaskIds?.length ? each.retryForTaskIds.map((before) => html`<a href=${at("queue", before)}><${Id} value=${before} /></a> `) : null],
        ["Document", each.data?.documentId && html`<a href=${`#/documents/_/${each.data.documentId}`}><${Id} value=${each.data.documentId} /></a>`],
      ]} />
      <${Card} title="Data"><${Json} value=${each.data ?? null} label="Data of the task" /><//>` : html`<${Empty} title="There is no such task"><a href="#/queue">The queue</a><//>`)}<//>
    <section class="stack tight"><h2>Runs</h2><${Loaded} of=${runs}>${({ data }) => (data.length ? html`<${List} label="Runs" columns=${RUN_COLUMNS} rows=${data} href=${(each) => at("runs", each.id)} />` : html`<p class="dim">It has not run yet.</p>`)}<//></section>`;
}
