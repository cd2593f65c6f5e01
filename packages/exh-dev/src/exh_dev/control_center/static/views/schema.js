// The documents of a schema: columns of its properties, a filter as a form or as RQL, and a form to create one.

import { platform } from "../api.js";
import { html, useAction, useKept, useLoad, useState } from "../lib.js";
import { usePlatformList } from "../paged.js";
import { at, go, setQuery } from "../route.js";
import { Diagram } from "../ui/diagram.js";
import { Icon } from "../ui/icons.js";
import { Json } from "../ui/json.js";
import { List } from "../ui/list.js";
import { Dialog, Empty, Head, Loaded, Select, Tabs, Wrong } from "../ui/parts.js";
import { SchemaForm, problemsOf } from "../ui/schema_form.js";
import { done } from "../ui/toasts.js";
import { Id, Status, Time, plural } from "../ui/values.js";
import { RqlField, quotedValue } from "./rql.js";

const NEWEST = "-creationTimestamp";
const SYSTEM = ["creationTimestamp", "updateTimestamp", "creatorId", "status"];
const OPERATORS = [["eq", "is"], ["ne", "is not"], ["like", "contains"], ["gt", "is more than"], ["lt", "is less than"], ["ge", "is at least"], ["le", "is at most"]];

export async function schemaNamed(name) {
  const { data } = await platform("GET", `/data/v1?eq(name,${quotedValue(name)})`);
  return data[0] ?? null;
}

export const dataSchema = (schema) => ({ type: "object", properties: schema.properties, required: schema.required });

export function SchemaView({ route }) {
  const [name] = route.path;
  const schema = useLoad(() => schemaNamed(name), [name], ["documents"]);
  return html`<${Loaded} of=${schema}>${(data) => (data ? html`<${Schema} key=${data.id} schema=${data} query=${route.query} />`
    : html`<${Head} title=${name} crumbs=${[["Documents", "#/documents"]]} /><${Empty} title="There is no such schema"><a href="#/documents">All schemas</a><//>`)}<//>`;
}

function Schema({ schema, query }) {
  const [creates, setCreates] = useState(false);
  const [picks, setPicks] = useState(false);
  const usual = Object.keys(schema.properties).slice(0, 4);
  const [columns, setColumns] = useKept(`columns:${schema.name}`, usual);
  const tab = query.get("tab") ?? "documents";
  const tabs = [["documents", "Documents"], ["states", "States"], ["schema", "Schema"]];
  return html`<${Head} title=${schema.name} crumbs=${[["Documents", "#/documents"]]}>
      <button type="button" onClick=${() => setPicks(true)}>Columns</button>
      <button type="button" class="primary" onClick=${() => setCreates(true)}><${Icon} name="plus" />Create a document</button><//>
    ${schema.description && html`<p class="dim">${schema.description}</p>`}
    <${Tabs} label="Schema" of=${tabs} chosen=${tab} choose=${(key) => setQuery({ tab: key === "documents" ? "" : key })} />
    ${tab === "documents" && html`<${Documents} schema=${schema} query=${query} columns=${columns} create=${() => setCreates(true)} />`}
    ${tab === "states" && html`<${Diagram} schema=${schema} />`}
    ${tab === "schema" && html`<${Json} value=${schema} label="Schema" />`}
    ${creates && html`<${Create} schema=${schema} close=${() => setCreates(false)} />`}
    ${picks && html`<${Columns} schema=${schema} columns=${columns} choose=${setColumns} close=${() => setPicks(false)} />`}`;
}

function Documents({ schema, query, columns, create }) {
  const rql = query.get("rql") ?? "";
  const sorted = query.get("sort") ?? NEWEST;
  const order = sorted === NEWEST ? "-id" : sorted; // ids are in the order of creation, and documents in that of their ids
  const documents = usePlatformList(`/data/v1/${schema.id}/documents`, `${rql ? `${rql}&` : ""}sort(${order})`, ["documents"]);
  return html`<${Filter} schema=${schema} rql=${rql} error=${documents.error} />
    ${documents.data === undefined ? !documents.error && html`<div class="skeleton" aria-busy="true"></div>` : documents.data.rows.length ? html`
      <p class="dim" role="status">${plural(documents.data.total, "document")}</p>
      <${List} label="Documents" rows=${documents.data.rows} columns=${columnsOf(columns)} href=${(each) => at("documents", schema.name, each.id)} sorted=${sorted}
        sort=${(sort) => setQuery({ sort: sort === NEWEST ? "" : sort })} more=${documents.data.isDone ? null : documents.more} seen=${documents.seen} />`
    : rql ? html`<${Empty} title="No document is like this"><button type="button" onClick=${() => setQuery({ rql: "" })}>Show all documents</button><//>`
      : html`<${Empty} title="There is no document yet"><button type="button" onClick=${create}><${Icon} name="plus" />Create one</button><//>`}`;
}

function columnsOf(names) {
  return [
    { key: "id", label: "Document", width: "118px", priority: 1, show: (each) => html`<${Id} value=${each.id} />` },
    { key: "status", label: "Status", width: "130px", priority: 1, sort: "status", show: (each) => html`<${Status} text=${each.status} />` },
    ...names.map((name, index) => ({ key: name, label: name, priority: index < 2 ? 2 : 3, sort: `data.${name}`, show: (each) => shortly(each.data?.[name]) })),
    { key: "created", label: "Created", width: "140px", priority: 2, sort: "creationTimestamp", show: (each) => html`<${Time} at=${each.creationTimestamp} />` },
    { key: "changed", label: "Changed", width: "140px", priority: 3, sort: "updateTimestamp", show: (each) => html`<${Time} at=${each.updateTimestamp} />` },
  ];
}

function shortly(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value).slice(0, 120) : String(value);
}

function Filter({ schema, rql, error }) {
  const [field, setField] = useState("");
  const [operator, setOperator] = useState("eq");
  const [value, setValue] = useState("");
  const fields = [...SYSTEM, ...Object.keys(schema.properties).map((name) => `data.${name}`)];
  const add = (event) => {
    event.preventDefault();
    if (!field || value === "") return;
    const type = schema.properties[field.replace(/^data\./, "")]?.type;
    const shown = type === "number" || type === "boolean" ? value : quotedValue(value);
    const term = `${operator}(${field},${shown})`;
    setQuery({ rql: rql ? `${rql}&${term}` : term });
    setValue("");
  };
  const values = field === "status" ? Object.keys(schema.statuses) : schema.properties[field.replace(/^data\./, "")]?.enum ?? [];
  return html`<div class="stack tight"><form class="filters" onSubmit=${add}>
      <${Select} id="field" label="Field" value=${field} of=${fields} none="Filter by…" choose=${setField} />
      <${Select} id="operator" label="Comparison" value=${operator} of=${OPERATORS} choose=${setOperator} />
      <input id="filter-value" aria-label="Value" list="filter-values" value=${value} onInput=${(event) => setValue(event.target.value)} />
      <datalist id="filter-values">${values.map((each) => html`<option value=${each} />`)}</datalist>
      <button type="submit" disabled=${!field || value === ""}>Add</button></form>
    <${RqlField} fields=${fields} rql=${rql} error=${error} search=${(next) => setQuery({ rql: next })} /></div>`;
}

function Columns({ schema, columns, choose, close }) {
  return html`<${Dialog} title="Columns" close=${close}><fieldset class="nested"><legend>Shown of the data</legend>${Object.keys(schema.properties).map((name) => html`<label class="check" key=${name}>
    <input type="checkbox" checked=${columns.includes(name)} onChange=${(event) => choose(event.target.checked ? [...columns, name] : columns.filter((each) => each !== name))} /> ${name}</label>`)}</fieldset><//>`;
}

function Create({ schema, close }) {
  const [value, setValue] = useState({});
  const { act, busy, error } = useAction();
  const problems = value === undefined ? { "": "" } : problemsOf(dataSchema(schema), value);
  const create = (event) => {
    event.preventDefault();
    act(async () => {
      const made = await platform("POST", `/data/v1/${schema.id}/documents`, value);
      done("The document was created");
      close();
      go(at("documents", schema.name, made.id));
    });
  };
  return html`<${Dialog} title="Create a document of ${schema.name}" close=${close}><form class="stack" onSubmit=${create}>
    <${SchemaForm} id="create" schema=${dataSchema(schema)} value=${value} change=${setValue} />
    <${Wrong} error=${error} /><div class="row"><button type="submit" class="primary" disabled=${busy || value === undefined}>Create</button><button type="button" onClick=${close}>Cancel</button>
      ${Object.keys(problems).length > 0 && value !== undefined && html`<span class="dim">${plural(Object.keys(problems).length, "field")} still to be filled in</span>`}</div></form><//>`;
}
