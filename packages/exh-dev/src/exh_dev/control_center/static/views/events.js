// What was published, what is done about it, and sending an event.

import { list, platform } from "../api.js";
import { html, useAction, useLoad, useState } from "../lib.js";
import { at, go, setQuery } from "../route.js";
import { Editor, remember } from "../ui/editor.js";
import { Icon } from "../ui/icons.js";
import { Json } from "../ui/json.js";
import { read } from "../ui/json_text.js";
import { List, SearchField } from "../ui/list.js";
import { Card, Empty, Field, Head, Loaded, Tabs, Wrong, joined } from "../ui/parts.js";
import { done } from "../ui/toasts.js";
import { Time, plural } from "../ui/values.js";

export function EventsView({ route }) {
  const tab = route.query.get("tab") ?? "events";
  const events = useLoad(() => list("/events/v1", "sort(-creation_timestamp)"), [], ["events"]);
  const dispatchers = useLoad(() => list("/dispatchers/v1"), [], ["dispatchers"]);
  const tabs = [["events", "Published"], ["send", "Send"], ["dispatchers", "Dispatchers"]];
  return html`<${Head} title="Events" /><${Tabs} label="Events" of=${tabs} chosen=${tab} choose=${(key) => setQuery({ tab: key === "events" ? "" : key })} />
    ${tab === "events" && html`<${Loaded} of=${events}>${(data) => html`<${Published} of=${data} words=${route.query.get("search") ?? ""} />`}<//>`}
    ${tab === "dispatchers" && html`<${Loaded} of=${dispatchers}>${({ data }) => html`<${Dispatchers} of=${data} />`}<//>`}
    ${tab === "send" && html`<${Send} events=${events.data?.data ?? []} dispatchers=${dispatchers.data?.data ?? []} type=${route.query.get("type")} />`}`;
}

function Published({ of, words }) {
  const { data, total } = of;
  const rows = data.filter((each) => JSON.stringify(each).toLowerCase().includes(words.toLowerCase()));
  if (!data.length) return html`<${Empty} title="Nothing was published">A user that registers, a task that fails and <code>exh.events.create()</code> publish events. <a href=${at("events", { tab: "send" })}>Send one</a><//>`;
  return html`<div class="filters"><${SearchField} placeholder="type or content…" value=${words} search=${(search) => setQuery({ search })} /></div>
    <p class="dim" role="status">${total > data.length ? `The newest ${data.length} of ` : ""}${plural(total, "event")}</p>
    ${rows.map((each) => html`<details class="notice" key=${each.id}><summary class="row"><b>${each.type}</b><span class="dim grow clip">${JSON.stringify(each.content ?? null).slice(0, 300)}</span><span class="dim"><${Time} at=${each.creation_timestamp} /></span></summary>
      <div class="stack tight"><div class="row"><a class="button small" href=${at("events", each.id)}>What it set off</a><${Redeliver} id=${each.id} />
        <a class="button small" href=${at("events", { tab: "send", type: each.type })}>Send another</a></div><${Json} value=${each} label="Event" /></div></details>`)}
    ${!rows.length && html`<${Empty} title="No event is like this"><a href="#/events">Show all</a><//>`}`;
}

export function Redeliver({ id }) {
  const { act, busy, error } = useAction();
  const again = () => act(async () => {
    const answer = await fetch(`/_dev/events/${encodeURIComponent(id)}/redeliver`, { method: "POST" });
    if (!answer.ok) throw new Error((await answer.json()).message);
    done("The event is delivered again");
  });
  return html`<button type="button" class="small" disabled=${busy} onClick=${again}><${Icon} name="again" />Deliver again</button><${Wrong} error=${error} />`;
}

const actionOf = (each) => (each.type === "task" ? html`task of <a href=${at("functions", each.functionName)}>${each.functionName}</a>` : `mail by the template ${each.templateName ?? each.templateId}`);

function Dispatchers({ of }) {
  if (!of.length) return html`<${Empty} title="There is no dispatcher">A dispatcher starts a task or sends a mail when an event of its type is published: <code>dispatchers.json</code> of the project lists them.<//>`;
  return html`<${List} label="Dispatchers" columns=${COLUMNS} rows=${of} href=${(each) => at("events", { tab: "send", type: each.eventType })} />`;
}

const COLUMNS = [
  { key: "event", label: "Event", width: "34%", priority: 1, sort: (each) => each.eventType, show: (each) => each.eventType },
  { key: "name", label: "Name", width: "22%", priority: 2, show: (each) => each.name ?? "" },
  { key: "actions", label: "Starts", priority: 1, show: (each) => joined(each.actions.map(actionOf)) },
];

function Send({ events, dispatchers, type }) {
  const types = [...new Set([...dispatchers.map((each) => each.eventType), ...events.map((each) => each.type)])].sort();
  const exampleOf = (wanted) => JSON.stringify(events.find((each) => each.type === wanted)?.content ?? {}, null, 2);
  const [chosen, setChosen] = useState(type ?? "");
  const [text, setText] = useState(null);
  const { act, busy, error } = useAction();
  const shown = text ?? exampleOf(chosen);
  const content = read(shown);
  const started = dispatchers.filter((each) => each.eventType === chosen).flatMap((each) => each.actions);
  const submit = (event) => {
    event?.preventDefault();
    if (!chosen || content.value === undefined) return;
    act(async () => {
      const made = await platform("POST", "/events/v1", { type: chosen, content: content.value });
      remember(`published:${chosen}`, shown);
      done(`${chosen} was published`);
      go(at("events", made.id));
    });
  };
  return html`<form class="card" onSubmit=${submit}>
    <${Field} id="type" label="Type" hint="Types that dispatchers wait for, or that were published, are offered."><input id="type" required list="types" value=${chosen} onInput=${(event) => setChosen(event.target.value)} />
      <datalist id="types">${types.map((each) => html`<option value=${each} />`)}</datalist><//>
    <${Editor} id="content" label="Content" text=${shown} change=${setText} run=${submit} history="published:${chosen}" height=${200} schema=${shapeOf(events, chosen)} />
    <p class="dim">${started.length ? html`It starts: ${joined(started.map(actionOf))}` : chosen ? "No dispatcher waits for this type." : "What it starts is said here."}</p>
    <${Wrong} error=${error} /><div class="row"><button type="submit" class="primary" disabled=${busy || !chosen || content.value === undefined}><${Icon} name="events" />Send the event</button></div></form>`;
}

/** The members that contents of this type had. */
function shapeOf(events, type) {
  const properties = {};
  for (const each of events) if (each.type === type) for (const name of Object.keys(each.content ?? {})) properties[name] = {};
  return { type: "object", properties };
}
