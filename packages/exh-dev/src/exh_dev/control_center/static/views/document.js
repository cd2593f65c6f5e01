// One document: its data as a form, how it can move on and why not, what happened to it, and what has to do with it.

import { get, platform } from "../api.js";
import { html, useAction, useLoad, useState } from "../lib.js";
import { at, go, setQuery } from "../route.js";
import { Diagram } from "../ui/diagram.js";
import { Diff } from "../ui/diff.js";
import { Icon } from "../ui/icons.js";
import { Json } from "../ui/json.js";
import { Card, Dialog, Empty, Facts, Head, Loaded, Notice, Tabs, Wrong, joined } from "../ui/parts.js";
import { SchemaForm } from "../ui/schema_form.js";
import { deleteSoon, done } from "../ui/toasts.js";
import { Id, Status, Time, bytes } from "../ui/values.js";
import { dataSchema, schemaNamed } from "./schema.js";

export function DocumentView({ route }) {
  const [name, id] = route.path;
  const found = useLoad(async () => {
    const related = await get(`/documents/${encodeURIComponent(id)}/related`);
    const schema = await schemaNamed(related.schema);
    const { data } = await platform("GET", `/data/v1/${schema.id}/documents?eq(id,${encodeURIComponent(id)})`);
    const [{ data: transitions }, { data: history }] = await Promise.all([get(`/documents/${id}/transitions`), get(`/documents/${id}/history`)]);
    return { related, schema, document: data[0], transitions, history };
  }, [name, id], ["documents", "runs", "tasks", "mails"]);
  return html`<${Loaded} of=${found}>${(data) => (data.document ? html`<${Shown} ...${data} query=${route.query} reload=${found.reload} />`
    : html`<${Empty} title="There is no such document any more"><a href=${at("documents", name)}>Documents of ${name}</a><//>`)}<//>`;
}

function Shown({ document, schema, transitions, history, related, query, reload }) {
  const tab = query.get("tab") ?? "data";
  const remove = () => {
    go(at("documents", schema.name));
    deleteSoon("The document will be deleted", () => platform("DELETE", `/data/v1/${schema.id}/documents/${document.id}`), () => go(at("documents", schema.name, document.id)));
  };
  return html`<${Head} title=${html`<code>${document.id}</code>`} crumbs=${[["Documents", "#/documents"], [schema.name, at("documents", schema.name)]]} badge=${html`<${Status} text=${document.status} />`}>
      <button type="button" class="danger" onClick=${remove}><${Icon} name="trash" />Delete</button><//>
    <${Facts} of=${[
      ["Created", html`<${Time} at=${document.creationTimestamp} />`], ["Changed", html`<${Time} at=${document.updateTimestamp} />`],
      ["Creator", personOf(document.creatorId, related.users)],
      ["Users", document.userIds.length ? joined(document.userIds.map((each) => personOf(each, related.users))) : "none"],
      ["Groups", document.groupIds.length ? joined(document.groupIds.map((each) => html`<${Id} value=${each} />`)) : "none"],
      ["Locked", document.transitionLock && html`since <${Time} at=${document.transitionLock.timestamp} />`],
    ]} />
    <${Moves} document=${document} schema=${schema} transitions=${transitions} reload=${reload} />
    <${Tabs} label="Document" of=${[["data", "Data"], ["history", "History"], ["related", "What has to do with it"], ["states", "States"]]} chosen=${tab} choose=${(key) => setQuery({ tab: key === "data" ? "" : key })} />
    ${tab === "data" && html`<${Data} document=${document} schema=${schema} reload=${reload} />`}
    ${tab === "history" && html`<${Past} entries=${history} />`}
    ${tab === "related" && html`<${Related} of=${related} />`}
    ${tab === "states" && html`<${Diagram} schema=${schema} current=${document.status} />`}`;
}

function personOf(id, users) {
  return id && html`<a href=${at("users", id)}>${users.find((each) => each.id === id)?.email ?? html`<${Id} value=${id} />`}</a>`;
}

function Data({ document, schema, reload }) {
  const [value, setValue] = useState(null);
  const [base, setBase] = useState(null); // the data that the edit began with
  const { act, busy, error, clear } = useAction();
  const save = (event) => {
    event.preventDefault();
    act(async () => {
      await platform("PUT", `/data/v1/${schema.id}/documents/${document.id}`, changesOf(base, value));
      done("Saved");
      setValue(null);
      reload();
    });
  };
  if (value === null) return html`<div class="stack tight"><div class="row"><button type="button" onClick=${() => (setBase(document.data ?? {}), setValue(document.data ?? {}))}><${Icon} name="edit" />Edit</button></div><${Json} value=${document.data ?? null} label="Data" /></div>`;
  const moved = JSON.stringify(base) !== JSON.stringify(document.data ?? {});
  return html`<form class="card" onSubmit=${save}>${moved && html`<${Notice} kind="warn">The data was changed meanwhile. Only the members that you changed are saved; the others stay as they are now.<//>`}
    <${SchemaForm} id="edit" schema=${dataSchema(schema)} value=${value} change=${(next) => setValue(next)} />
    <${Wrong} error=${error} /><div class="row"><button type="submit" class="primary" disabled=${busy || value === undefined || value === null || typeof value !== "object"}>Save</button>
      <button type="button" onClick=${() => (clear(), setValue(null))}>Cancel</button></div></form>`;
}

/** What an update has to say: members that are others now, and null for those that are gone. */
function changesOf(before, after) {
  const changes = {};
  for (const name of new Set([...Object.keys(before ?? {}), ...Object.keys(after)])) {
    if (JSON.stringify(before?.[name]) !== JSON.stringify(after[name])) changes[name] = after[name] ?? null;
  }
  return changes;
}

function Moves({ document, schema, transitions, reload }) {
  const [open, setOpen] = useState(null);
  const [shows, setShows] = useState(false);
  const possible = transitions.filter((each) => !each.obstacles.length);
  const others = transitions.filter((each) => each.obstacles.length);
  return html`<div class="row">${possible.map((each) => html`<button type="button" key=${each.id} onClick=${() => setOpen(each)}>${each.name} → ${each.toStatus}</button>`)}
      ${!possible.length && html`<span class="dim">No transition by hand leads on from ${document.status}.</span>`}
      ${others.length > 0 && html`<button type="button" class="quiet small" aria-expanded=${String(shows)} onClick=${() => setShows(!shows)}>${shows ? "Hide" : "Why not"} the other ${others.length}</button>`}</div>
    ${shows && html`<ul class="plain-list">${others.map((each) => html`<li key=${each.id}><span><b>${each.name}</b> <span class="dim">${each.obstacles.join("; ")}</span></span></li>`)}</ul>`}
    ${open && html`<${Move} transition=${open} document=${document} schema=${schema} close=${() => setOpen(null)} reload=${reload} />`}`;
}

function Move({ transition, document, schema, close, reload }) {
  const [value, setValue] = useState({});
  const { act, busy, error } = useAction();
  const input = transition.input ?? { type: "object", properties: {} };
  // A condition names what it wants of the data; what it leaves open is as the schema has it.
  const properties = Object.fromEntries(Object.entries(input.properties ?? {}).map(([name, each]) => [name, { ...schema.properties[name], ...each }]));
  const move = (event) => {
    event.preventDefault();
    act(async () => {
      await platform("POST", `/data/v1/${schema.id}/documents/${document.id}/transition`, { id: transition.id, data: value });
      done(`${transition.name}: done`);
      close();
      reload();
    });
  };
  return html`<${Dialog} title=${transition.name} close=${close}><form class="stack" onSubmit=${move}><p>From ${document.status} to ${transition.toStatus}, with this data:</p>
    <${SchemaForm} id="move" schema=${{ ...input, properties: Object.keys(properties).length ? properties : {} }} value=${value} change=${setValue} />
    <${Wrong} error=${error} /><div class="row"><button type="submit" class="primary" disabled=${busy || value === undefined}>Make the transition</button><button type="button" onClick=${close}>Cancel</button></div></form><//>`;
}

function Past({ entries }) {
  if (!entries.length) return html`<p class="dim">Nothing was noted.</p>`;
  return html`<ol class="plain-list" aria-label="History">${entries.map((each, index) => html`<li key=${each.id} style=${{ alignItems: "start" }}><div class="grow stack tight">
    <div class="row"><b>${each.change}</b>${each.fromStatus !== each.toStatus && html`<span>${each.fromStatus ? `${each.fromStatus} → ` : ""}${each.toStatus}</span>`}
      <span class="dim"><${Time} at=${each.timestamp} /> ${each.user ? html`by <a href=${at("users", each.userId)}>${each.user}</a>` : ""}</span>${each.run && html`<a href=${at("runs", each.run)}>the run</a>`}</div>
    ${each.data === undefined ? each.dataSize && html`<p class="dim">${bytes(each.dataSize)} of data, which is not kept</p>`
      : html`<details><summary class="dim">Data${entries[index + 1]?.data ? ", and what changed" : ""}</summary><${Diff} before=${entries[index + 1]?.data ?? {}} after=${each.data} label="What changed" /></details>`}</div></li>`)}</ol>`;
}

function Related({ of }) {
  const groups = [
    ["Runs", of.runs.map((id) => [at("runs", id), html`<${Id} value=${id} />`, ""])],
    ["Tasks", of.tasks.map((each) => [at("queue", each.id), each.functionName, each.status])],
    ["Mails", of.mails.map((each) => [at("mail", each.id), each.subject, each.recipients?.to?.join(", ")])],
    ["Files", of.files.map((each) => [at("files", each.id), each.name, bytes(each.size)])],
    ["Users", of.users.map((each) => [at("users", each.id), each.email, ""])],
  ].filter(([, all]) => all.length);
  return html`<div class="cards">${groups.map(([title, all]) => html`<${Card} key=${title} title=${title}><ul class="plain-list">${all.map(([href, text, more]) => html`<li key=${href}><a class="grow clip" href=${href}>${text}</a><span class="dim">${more}</span></li>`)}</ul><//>`)}</div>`;
}
