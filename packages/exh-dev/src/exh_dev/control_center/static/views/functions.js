// What can run.

import { get } from "../api.js";
import { html, useLoad, useState } from "../lib.js";
import { at } from "../route.js";
import { List, SearchField } from "../ui/list.js";
import { Empty, Head, Loaded } from "../ui/parts.js";
import { Status, Time, interval, ms } from "../ui/values.js";

export function FunctionsView() {
  const functions = useLoad(() => get("/functions"), [], ["functions", "runs", "documents", "dispatchers", "schedules"]);
  const [words, setWords] = useState("");
  return html`<${Head} title="Functions" />
    <div class="filters"><${SearchField} placeholder="name or trigger…" value=${words} search=${setWords} /></div>
    <${Loaded} of=${functions}>${({ data }) => {
      const rows = data.filter((each) => `${each.name} ${triggersOf(each).join(" ")}`.toLowerCase().includes(words.toLowerCase()));
      return rows.length ? html`<${List} label="Functions" columns=${COLUMNS} rows=${rows} id=${(each) => each.name} href=${(each) => at("functions", each.name)} />`
        : html`<${Empty} title=${data.length ? "No function is like this" : "There is no function"}>${data.length ? "Search for something else." : "Run exh-dev serve inside a project, or make a function there: exh-dev new NAME."}<//>`;
    }}<//>`;
}

const COLUMNS = [
  { key: "name", label: "Function", width: "24%", priority: 1, sort: (each) => each.name, show: (each) => each.name },
  { key: "worker", label: "Worker", width: "110px", priority: 2, show: (each) => html`<${Worker} of=${each} />` },
  { key: "last", label: "Last run", width: "240px", priority: 1, sort: (each) => each.last?.started, show: (each) => html`<${Last} run=${each.last} />` },
  { key: "triggers", label: "Started by", priority: 2, show: (each) => html`<span class="dim">${triggersOf(each).join(", ")}</span>` },
  { key: "limits", label: "Limits", width: "130px", priority: 3, sort: (each) => each.timeout, show: (each) => `${each.timeout} s, ${each.memory} MB` },
  { key: "permissions", label: "Permissions", width: "110px", priority: 3, show: permissionsOf },
];

function Last({ run }) {
  if (!run) return html`<span class="dim">never</span>`;
  return html`<span class="last"><${Status} text=${run.status} /><span>${ms(run.duration_ms)}</span><span class="dim"><${Time} at=${run.started} /></span></span>`;
}

export function Worker({ of }) {
  const { workers, problems, source, enabled, targets } = of;
  if (enabled === false) return html`<${Status} text="disabled" />`;
  if (problems.some((each) => each.severity !== "warning")) return html`<${Status} text="broken" />`;
  if (of.hides_project) return html`<${Status} text="uploaded" />`;
  if (source === "platform") return html`<span class="dim">always</span>`;
  if (!targets.includes("exh")) return html`<span class="dim">on AWS</span>`;
  if (!workers.all) return html`<span class="dim">cold</span>`;
  return workers.all === workers.idle ? `${workers.idle} warm` : `${workers.all - workers.idle} of ${workers.all} busy`;
}

export function triggersOf(each) {
  const found = each.triggers.map((trigger) => {
    switch (trigger.type) {
      case "transition": return `${trigger.schema}: ${trigger.name}`;
      case "dispatcher": return `event ${trigger.event}`;
      case "schedule": return interval(trigger.interval);
      case "queue": return `queue, ${trigger.batch} messages`;
      default: return "API request";
    }
  });
  if (each.source === "platform") return ["a call (the platform's own)"];
  if (!each.targets.includes("exh") && !found.length) return ["a call on AWS"];
  return found.length ? found : ["a call, or a task"];
}

function permissionsOf({ permissions, source, targets }) {
  if (source !== "project") return "–";
  if (permissions) return String(permissions.length);
  return targets.includes("exh") ? "no credentials" : "0";
}

