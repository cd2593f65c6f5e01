// One event: its content, and everything that it set off.

import { get, platform } from "../api.js";
import { html, useLoad } from "../lib.js";
import { at, go } from "../route.js";
import { Json } from "../ui/json.js";
import { Card, Empty, Facts, Head, Loaded } from "../ui/parts.js";
import { Time } from "../ui/values.js";
import { Redeliver } from "./events.js";
import { Trace, hrefOf } from "./trace.js";

export function EventView({ route }) {
  const [id] = route.path;
  const event = useLoad(async () => (await platform("GET", `/events/v1?eq(id,${encodeURIComponent(id)})`)).data[0] ?? null, [id], ["events"]);
  const trace = useLoad(() => get(`/traces/${encodeURIComponent(id)}`), [id], ["runs", "tasks", "mails", "events"]);
  return html`<${Loaded} of=${event}>${(data) => (data ? html`<${Head} title=${data.type} crumbs=${[["Events", "#/events"]]}><${Redeliver} id=${data.id} />
        <a class="button" href=${at("events", { tab: "send", type: data.type })}>Send another</a><//>
      <${Facts} of=${[["Event", html`<code>${data.id}</code>`], ["Published", html`<${Time} at=${data.creation_timestamp} />`]]} />
      <section class="stack tight"><h2>What it set off</h2><${Loaded} of=${trace}>${({ nodes }) => html`<${Trace} nodes=${nodes} choose=${(node) => hrefOf(node) && go(hrefOf(node))} />
        ${nodes.every((each) => ["request", "event"].includes(each.kind)) && html`<p class="dim">Nothing. A dispatcher for its type would start a task or send a mail.</p>`}`}<//></section>
      <${Card} title="Content"><${Json} value=${data.content ?? null} label="Content of the event" /><//>`
    : html`<${Empty} title="There is no such event"><a href="#/events">All events</a><//>`)}<//>`;
}
