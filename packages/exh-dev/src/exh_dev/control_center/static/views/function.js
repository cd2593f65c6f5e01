// One function: run it, what it is, how it went, and of an API function a small client.

import { get, post } from "../api.js";
import { html, useAction, useLoad, useState } from "../lib.js";
import { at, go, setQuery } from "../route.js";
import { Editor, remember } from "../ui/editor.js";
import { Icon } from "../ui/icons.js";
import { read } from "../ui/json_text.js";
import { List } from "../ui/list.js";
import { Card, Dialog, Empty, Facts, Field, Head, Loaded, Notice, Select, Tabs, Wrong } from "../ui/parts.js";
import { done } from "../ui/toasts.js";
import { Copy } from "../ui/values.js";
import { ApiClient } from "./api_client.js";
import { Worker, triggersOf } from "./functions.js";
import { RUN_COLUMNS } from "./runs.js";

const OWN_COLUMNS = [{ ...RUN_COLUMNS.at(-1), priority: 1 }, ...RUN_COLUMNS.slice(1, -1)];

export function FunctionView({ route, frame }) {
  const [name] = route.path;
  const about = useLoad(() => get(`/functions/${encodeURIComponent(name)}`), [name], ["functions"]);
  const runs = useLoad(() => get(`/runs?limit=20&function=${encodeURIComponent(name)}`), [name], ["runs"]);
  return html`<${Loaded} of=${about}>${(data) => html`<${Shown} about=${data} runs=${runs} query=${route.query} frame=${frame} />`}<//>`;
}

function Shown({ about, runs, query, frame }) {
  const isApi = about.kind === "api" || about.triggers.some((each) => each.type === "api");
  const tabs = [["run", "Run"], ...(isApi ? [["request", "Request"]] : []), ["about", "What it is"]];
  const tab = query.get("tab") ?? "run";
  return html`<${Head} title=${about.name} crumbs=${[["Functions", "#/functions"]]} badge=${html`<${Worker} of=${about} />`} />
    ${about.description && html`<p class="dim">${about.description}</p>`}
    ${about.hides_project && html`<${Notice} kind="warn">An uploaded bundle runs instead of this project's code, so your changes have no effect.
      <code>exh tasks delete --name ${about.name}</code> removes the bundle.<//>`}
    <${Tabs} label="Function" of=${tabs} chosen=${tab} choose=${(key) => setQuery({ tab: key === "run" ? "" : key })} />
    ${tab === "run" && html`<${Invoke} about=${about} frame=${frame} />`}
    ${tab === "request" && html`<${ApiClient} name=${about.name} frame=${frame} />`}
    ${tab === "about" && html`<${About} about=${about} />`}
    <h2>Latest runs</h2>
    <${Loaded} of=${runs}>${({ data }) => (data.length ? html`<${List} label="Latest runs" columns=${OWN_COLUMNS} rows=${data} href=${(run) => at("runs", run.id)} />
      <a href=${at("runs", { function: about.name })}>All its runs</a>` : html`<${Empty} title="It has not run yet">Run it on a sample event.<//>`)}<//>`;
}

function Invoke({ about, frame }) {
  const samples = about.events.length ? about.events : [{ name: "an empty event", event: {} }];
  const [sample, setSample] = useState(0);
  const [text, setText] = useState(() => JSON.stringify(samples[0].event, null, 2));
  const [seeded, setSeeded] = useState(Boolean(about.seeded));
  const [queued, setQueued] = useState(false);
  const [keeps, setKeeps] = useState(false);
  const { act, busy, error } = useAction();
  const schema = useLoad(() => get(`/functions/${encodeURIComponent(about.name)}/event-schema`), [about.name], ["functions"]);
  const event = read(text);
  const canQueue = about.targets.includes("exh") && about.kind !== "api";
  const send = (submitted) => {
    submitted?.preventDefault();
    if (event.value === undefined) return;
    act(async () => {
      const answer = await post(`/functions/${encodeURIComponent(about.name)}/invoke`, { event: event.value, seeded, queued });
      remember(`event:${about.name}`, text);
      go(answer.id ? at("runs", answer.id) : at("runs", { chain: answer.task_id }));
    });
  };
  const choose = (index) => {
    setSample(Number(index));
    setText(JSON.stringify(samples[Number(index)].event, null, 2));
  };
  const problem = samples[sample]?.problem;
  const tools = html`<${Select} id="sample" label="Sample event" value=${String(sample)} of=${samples.map((each, index) => [String(index), each.problem ? `${each.name} (cannot be read)` : each.name])} choose=${choose} />
    <button type="button" class="quiet small" disabled=${event.value === undefined || !frame?.project} onClick=${() => setKeeps(true)}>Save as sample</button>`;
  return html`<form class="stack tight" onSubmit=${send}>
    ${problem && html`<${Notice} kind="bad">${problem}<//>`}
    <${Editor} id="event" label="Event" text=${text} change=${setText} run=${send} schema=${schema.data} history="event:${about.name}" height=${260} tools=${tools} />
    <${Wrong} error=${error} />
    <div class="row"><button type="submit" class="primary" disabled=${busy || event.value === undefined}><${Icon} name="runs" />Invoke</button>
      ${about.seeded && html`<label class="check"><input type="checkbox" checked=${seeded} onChange=${(changed) => setSeeded(changed.target.checked)} /> put its seed on the platform first</label>`}
      ${canQueue && html`<label class="check"><input type="checkbox" checked=${queued} onChange=${(changed) => setQueued(changed.target.checked)} /> as a task of the queue, with its retries</label>`}
      <span class="grow"></span><code class="dim">${frame?.command ?? "exh-dev"} invoke ${about.name}</code><${Copy} text="${frame?.command ?? "exh-dev"} invoke ${about.name}" /></div>
    ${keeps && html`<${Keep} name=${about.name} event=${event.value} close=${() => setKeeps(false)} />`}</form>`;
}

function Keep({ name, event, close }) {
  const [label, setLabel] = useState("");
  const [replace, setReplace] = useState(false);
  const { act, busy, error } = useAction();
  const keep = (submitted) => {
    submitted.preventDefault();
    submitted.stopPropagation();
    act(async () => {
      const { file } = await post(`/functions/${encodeURIComponent(name)}/events`, { case: label, event, replace });
      done(`Saved as ${file}`);
      close();
    });
  };
  return html`<${Dialog} title="Save as sample event" close=${close}><form class="stack" onSubmit=${keep}>
    <${Field} id="case" label="Case" hint="It becomes events/${name}.${label || "CASE"}.json, which exh-dev run runs too." wrong=${error?.message}>
      <input id="case" required placeholder="no-data" pattern="[a-z0-9]+(-[a-z0-9]+)*" value=${label} onInput=${(changed) => setLabel(changed.target.value)} /><//>
    <label class="check"><input type="checkbox" checked=${replace} onChange=${(changed) => setReplace(changed.target.checked)} /> replace the file where it is there</label>
    <div class="row"><button type="submit" class="primary" disabled=${busy}>Save</button><button type="button" onClick=${close}>Cancel</button></div></form><//>`;
}

function About({ about }) {
  return html`<${Card} label="What it is"><${Facts} of=${[
    ["Handler", html`<code>${about.handler}</code>`],
    ["Runtime", about.runtime],
    ["Targets", about.targets.join(", ")],
    ["Started by", triggersOf(about).join(", ")],
    ["Time limit", `${about.timeout} s`],
    ["Memory limit", `${about.memory} MB`],
    ["Retried after", retried(about.retry_policy)],
    ["Who may run it", about.execution_permission],
    ["Variables", about.variables?.length ? about.variables.join(", ") : "none"],
  ]} /><h2>Its user may</h2>${mayDo(about)}<//>`;
}

function retried(policy) {
  if (!policy?.enabled) return "never";
  return policy.errorsToRetry?.length ? policy.errorsToRetry.join(", ") : "every error";
}

function mayDo({ permissions, source, targets }) {
  if (source !== "project") return html`<p class="dim">what is not known here</p>`;
  if (permissions?.length) return html`<p class="row">${permissions.map((each) => html`<a key=${each} href=${at("permissions", { name: each })}><code>${each}</code></a>`)}</p>`;
  if (permissions || !targets.includes("exh")) return html`<p class="dim">nothing but what every user may</p>`;
  return html`<p class="dim">nothing: without executionCredentials in template.yaml it has no credentials</p>`;
}
