// What shall go wrong on purpose: a form that writes the rule, and the rules in force.

import { faults } from "../api.js";
import { html, useAction, useLoad, useState } from "../lib.js";
import { Icon } from "../ui/icons.js";
import { List } from "../ui/list.js";
import { Card, Empty, Field, Head, Loaded, Select, Wrong } from "../ui/parts.js";
import { deleteSoon } from "../ui/toasts.js";
import { count } from "../ui/values.js";

const METHODS = [["*", "any method"], "GET", "POST", "PUT", "PATCH", "DELETE"];
const KINDS = [
  ["status", "answer an error"], ["html", "answer an HTML page, as a proxy does"], ["latency", "hold it back"], ["slow", "answer slowly"],
  ["reset", "cut the connection before it is done"], ["reset-after", "do it, then cut the connection"], ["truncate", "end the answer early"],
  ["truncate-json", "answer half of the JSON"], ["duplicate", "deliver it twice"], ["skew", "let the clock be wrong"],
];
const NUMBERS = { status: ["Status", "503"], html: ["Status", "502"], latency: ["Seconds", "0.5"], slow: ["Seconds", "2"], skew: ["Seconds", "400"] };

/** The rule that a form says: `PUT /data/*:503+2:0.3 x5`. */
export function ruleOf({ method, path, kind, number, retryAfter, probability, times }) {
  const fault = kind === "status" ? `${number}${retryAfter ? `+${retryAfter}` : ""}` : kind in NUMBERS ? `${kind}=${number}` : kind;
  return `${method} ${path}:${fault}${probability && Number(probability) !== 100 ? `:${Number(probability) / 100}` : ""}${times ? ` x${times}` : ""}`;
}

export function FaultsView() {
  const rules = useLoad(() => faults("GET"), [], ["runs"]);
  return html`<${Head} title="Faults" /><p class="dim">Rules for what shall go wrong between functions and the platform. They are gone when it stops.</p>
    <${Form} reload=${rules.reload} />
    <${Loaded} of=${rules}>${({ rules: all }) => (all.length ? html`<${List} label="Faults" columns=${columnsOf(rules.reload)} rows=${all.map((each, number) => ({ ...each, number }))} id=${(each) => each.number} />`
      : html`<${Empty} title="Nothing goes wrong on purpose">Add a rule, run a function, and see how it takes it.<//>`)}<//>`;
}

function Form({ reload }) {
  const [form, setForm] = useState({ method: "*", path: "/data/*", kind: "status", number: "503", retryAfter: "", probability: "100", times: "" });
  const [text, setText] = useState(null);
  const { act, busy, error } = useAction();
  const rule = text ?? ruleOf(form);
  const set = (name) => (value) => {
    setText(null);
    setForm({ ...form, [name]: value, ...(name === "kind" ? { number: NUMBERS[value]?.[1] ?? "" } : {}) });
  };
  const typed = (name) => (event) => set(name)(event.target.value);
  const add = (event) => {
    event.preventDefault();
    act(async () => {
      await faults("POST", "", { rule });
      reload();
    });
  };
  const [label] = NUMBERS[form.kind] ?? [];
  return html`<form class="card" onSubmit=${add}><h2>Add a rule</h2><div class="facts">
    <${Field} id="fault-method" label="Method"><${Select} id="fault-method" value=${form.method} of=${METHODS} choose=${set("method")} /><//>
    <${Field} id="fault-path" label="Path" hint="* stands for anything"><input id="fault-path" required value=${form.path} onInput=${typed("path")} /><//>
    <${Field} id="fault-kind" label="What happens"><${Select} id="fault-kind" value=${form.kind} of=${KINDS} choose=${set("kind")} /><//>
    ${label && html`<${Field} id="fault-number" label=${label}><input id="fault-number" inputmode="decimal" value=${form.number} onInput=${typed("number")} /><//>`}
    ${["429", "503"].includes(form.number) && form.kind === "status" && html`<${Field} id="fault-retry" label="Retry after, seconds"><input id="fault-retry" inputmode="numeric" placeholder="none" value=${form.retryAfter} onInput=${typed("retryAfter")} /><//>`}
    <${Field} id="fault-probability" label="How often, percent"><input id="fault-probability" type="number" min="0" max="100" value=${form.probability} onInput=${typed("probability")} /><//>
    <${Field} id="fault-times" label="For so many requests"><input id="fault-times" inputmode="numeric" placeholder="all" value=${form.times} onInput=${typed("times")} /><//></div>
    <${Field} id="rule" label="Rule" wrong=${error?.message} hint="The same as --fault takes on the command line."><input id="rule" class="code" spellcheck=${false} value=${rule} onInput=${(event) => setText(event.target.value)} /><//>
    <div class="row"><button type="submit" class="primary" disabled=${busy}><${Icon} name="plus" />Add rule</button></div></form>`;
}

function columnsOf(reload) {
  const change = (action) => action().then(reload, reload);
  return [
    { key: "rule", label: "Rule", priority: 1, show: (each) => html`<code>${each.rule}</code>` },
    { key: "matched", label: "Requests", width: "100px", priority: 2, number: true, show: (each) => count(each.matched) },
    { key: "struck", label: "Went wrong", width: "110px", priority: 2, number: true, show: (each) => count(each.struck) },
    { key: "on", label: "On", width: "60px", priority: 1, show: (each) => html`<input type="checkbox" aria-label="${each.rule}: on" checked=${each.on} onChange=${(event) => change(() => faults("PUT", `/${each.number}`, { on: event.target.checked }))} />` },
    { key: "drop", label: "", width: "110px", priority: 1, show: (each) => html`<button type="button" class="small danger" onClick=${() => drop(each, reload)}>Remove</button>` },
  ];
}

/** Remove a rule; taking it back adds it again. */
function drop(each, reload) {
  faults("DELETE", `/${each.number}`).then(reload, reload);
  deleteSoon("The rule is removed", async () => {}, () => faults("POST", "", { rule: each.rule }).then(reload, reload));
}
