// Every run, whoever asked for it: filtered, searched and sorted by the platform, loaded as one scrolls.

import { get, post } from "../api.js";
import { html, useAction, useLoad, useState } from "../lib.js";
import { usePaged } from "../paged.js";
import { at, go, setQuery } from "../route.js";
import { Icon } from "../ui/icons.js";
import { List, SearchField } from "../ui/list.js";
import { Dialog, Empty, Head, Loaded, Select, Wrong } from "../ui/parts.js";
import { done } from "../ui/toasts.js";
import { Status, Time, count, ms, plural } from "../ui/values.js";

const PAGE = 100;
const MOST_AT_ONCE = 1000;
const CHOICES = {
  status: ["running", "OK", "FAILED"],
  kind: ["task", "direct", "api", "queue", "invoke"],
  trigger: ["task", "schedule", "retry", "transition", "dispatcher", "direct", "api", "queue"],
};
const NAMES = { kind: "Asked for by", trigger: "Trigger", status: "Status", function: "Function" };
const OF = { chain: "Attempts at the task", trace: "What belongs to", task_id: "Runs of the task", event_id: "What a dispatcher started because of the event" };
const SPANS = [["5", "last 5 minutes"], ["60", "last hour"], ["1440", "last day"]];
export const RUN_COLUMNS = [
  { key: "function", label: "Function", width: "19%", priority: 1, show: (run) => run.function },
  { key: "status", label: "Status", width: "92px", priority: 1, show: (run) => html`<${Status} text=${run.status} />` },
  { key: "failure", label: "Error", priority: 2, show: (run) => html`<span class="dim" title=${run.failure}>${run.failure}</span>` },
  { key: "trigger", label: "Trigger", width: "152px", priority: 3, show: (run) => (run.kind === "invoke" ? `${run.trigger}, by hand` : run.trigger) },
  { key: "attempt", label: "Attempt", width: "84px", priority: 3, number: true, show: (run) => (run.attempt > 1 ? String(run.attempt) : "") },
  { key: "calls", label: "Calls", width: "60px", priority: 3, number: true, show: (run) => (run.platform_calls ? count(run.platform_calls) : "") },
  { key: "duration", label: "Time", width: "80px", priority: 2, number: true, sort: "duration", show: (run) => ms(run.duration_ms) },
  { key: "started", label: "Started", width: "150px", priority: 2, sort: "started", show: (run) => html`<${Time} at=${run.started} />` },
];

export function RunsView({ route }) {
  const { query } = route;
  const [chosen, choose] = useState(new Set());
  const [asks, setAsks] = useState(false);
  const functions = useLoad(() => get("/functions"), [], ["functions"]);
  const filters = Object.fromEntries([...Object.keys(NAMES), ...Object.keys(OF), "search"].map((name) => [name, query.get(name)]).filter(([, value]) => value));
  const asked = { ...filters, ...(query.get("sort") ? { sort: query.get("sort") } : {}) };
  const runs = useRuns(asked, query.get("span"));
  const choices = { function: functions.data?.data.map((each) => each.name) ?? [], ...CHOICES };
  const pair = [...chosen];
  return html`<${Head} title="Runs">
      ${pair.length === 2 && html`<a class="button" href=${at("runs", "compare", ...pair.sort())}>Compare the two</a>`}
      <button type="button" onClick=${() => setAsks(true)}><${Icon} name="again" />Replay failed</button><//>
    <div class="filters"><${SearchField} value=${query.get("search")} placeholder="id, error, event, log…" search=${(search) => setQuery({ search })} />
      ${Object.entries(choices).map(([name, values]) => html`<${Select} key=${name} id="filter-${name}" label=${NAMES[name]} value=${query.get(name)} of=${values}
        none="${NAMES[name]}: any" choose=${(value) => setQuery({ [name]: value })} />`)}
      <${Select} id="filter-span" label="Started" value=${query.get("span")} of=${SPANS} none="Started: any time" choose=${(span) => setQuery({ span })} /></div>
    ${Object.entries(OF).map(([name, words]) => query.get(name) && html`<p class="row" key=${name}>${words} <code>${query.get(name)}</code>
      <button type="button" class="small" onClick=${() => setQuery({ [name]: "" })}>Show all runs</button></p>`)}
    <${Loaded} of=${runs}>${({ rows, total, isExact, isDone, since }) => (rows.length ? html`
      <p class="dim" role="status">${isExact ? plural(total, "run") : `${count(total)} runs or more`}<${Since} of=${since} /></p>
      <${List} label="Runs" columns=${RUN_COLUMNS} rows=${rows} href=${(run) => at("runs", run.id)} more=${isDone ? null : runs.more} seen=${runs.seen} sorted=${query.get("sort") ?? "-started"}
        sort=${(sort) => setQuery({ sort: sort === "-started" ? "" : sort })} chosen=${chosen} choose=${choose} />`
    : Object.keys(asked).length || query.get("span") ? html`<${Empty} title="No run is like this"><a href="#/runs">Show all runs</a><${Since} of=${since} /><//>`
      : html`<${Empty} title="Nothing has run yet">Run a function on one of its sample events: <a href="#/functions">choose one</a>. Or call an API function, or send an event.<//>`)}<//>
    ${asks && html`<${Replay} filters=${filters} span=${query.get("span")} close=${() => setAsks(false)} />`}`;
}

/** How far a search came that had no time for more. */
function Since({ of }) {
  return of ? html`<span>, of those since <${Time} at=${of} precise />: there was no time to search older ones</span>` : null;
}

/** The filter of a span of minutes that ends now. */
const from = (span) => (span ? { from: new Date(Date.now() - Number(span) * 60_000).toISOString() } : {});

function useRuns(asked, span) {
  const load = async (more = {}) => {
    const found = await get(`/runs?${new URLSearchParams({ ...asked, ...from(span), limit: PAGE, ...more })}`);
    return { rows: found.data, total: found.total, isExact: found.total_is_exact, isLast: found.data.length < PAGE, since: found.searched_since };
  };
  const after = (asked.sort ?? "-started").startsWith("-") ? "before" : "after";
  return usePaged(JSON.stringify([asked, span]), ["runs"], { first: () => load(), next: (rows) => load({ [after]: rows.at(-1).id }) });
}

function Replay({ filters, span, close }) {
  const { act, busy, error } = useAction();
  const [limit, setLimit] = useState("100");
  const [result, setResult] = useState(null);
  const wanted = { ...filters, ...from(span), status: "FAILED" };
  const replay = (event) => {
    event.preventDefault();
    act(async () => setResult(await post("/runs/replay", { ...wanted, limit: Number(limit) })));
  };
  const finish = () => {
    done(`${plural(result.replayed.length, "run")} started`);
    close();
    go(at("runs"));
  };
  const others = Object.entries(filters).filter(([name]) => name !== "status");
  return html`<${Dialog} title="Replay failed runs" close=${close}>${result ? html`
      <p role="status">${plural(result.replayed.length, "run")} started again${result.skipped.length ? `, ${result.skipped.length} left out:` : "."}</p>
      ${result.skipped.length > 0 && html`<ul>${result.skipped.slice(0, 20).map((each) => html`<li key=${each.of}><code>${each.of}</code> ${each.reason}</li>`)}</ul>`}
      <div class="row"><button type="button" class="primary" onClick=${finish}>Show the runs</button></div>`
    : html`<form class="stack" onSubmit=${replay}>
      <p>Runs every failed run again, each with its own event${span ? html` of the ${SPANS.find(([key]) => key === span)?.[1]}` : ""}${others.length ? html`, of those with ${others.map(([name, value]) => html`<code>${name} ${value}</code> `)}` : ""}.</p>
      <div class="field"><label for="replay-limit">At most</label><input id="replay-limit" type="number" min="1" max=${MOST_AT_ONCE} value=${limit} onInput=${(event) => setLimit(event.target.value)} />
        <span class="hint">Nothing is run where more match.</span></div>
      <${Wrong} error=${error} /><div class="row"><button type="submit" class="primary" disabled=${busy}>Run them again</button><button type="button" onClick=${close}>Cancel</button></div></form>`}<//>`;
}
