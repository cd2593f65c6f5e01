// Templates, rendered with inputs while one types.

import { list, platform, post, previewUrl } from "../api.js";
import { html, useEffect, useLoad, useRef, useState } from "../lib.js";
import { at } from "../route.js";
import { Json, Plain } from "../ui/json.js";
import { List, SearchField } from "../ui/list.js";
import { Card, Empty, Head, Loaded, Select, Tabs } from "../ui/parts.js";
import { SchemaForm } from "../ui/schema_form.js";
import { Time } from "../ui/values.js";

const PAUSE = 250; // milliseconds without a key before it is rendered

export function TemplatesView({ route }) {
  const [words, setWords] = useState("");
  const templates = useLoad(() => list("/templates/v2"), [], ["templates"]);
  const [id] = route.path;
  const found = id && templates.data?.data.find((each) => each.id === id || each.name === id);
  if (id) return html`<${Loaded} of=${templates}>${() => (found ? html`<${Template} key=${found.id} template=${found} />` : html`<${Empty} title="There is no such template"><a href="#/templates">All templates</a><//>`)}<//>`;
  return html`<${Head} title="Templates" /><div class="filters"><${SearchField} placeholder="name…" value=${words} search=${setWords} /></div>
    <${Loaded} of=${templates}>${({ data }) => {
      const rows = data.filter((each) => `${each.name} ${each.description ?? ""}`.toLowerCase().includes(words.toLowerCase()));
      return rows.length ? html`<${List} label="Templates" columns=${COLUMNS} rows=${rows} href=${(each) => at("templates", each.id)} />`
        : html`<${Empty} title=${data.length ? "No template is like this" : "There is no template"}>A folder in <code>templates/</code> with a <code>template.json</code> is loaded as soon as it is saved.<//>`;
    }}<//>`;
}

const COLUMNS = [
  { key: "name", label: "Template", width: "30%", priority: 1, sort: (each) => each.name, show: (each) => each.name },
  { key: "outputs", label: "Outputs", width: "20%", priority: 2, show: (each) => Object.keys(each.outputs ?? {}).join(", ") },
  { key: "description", label: "Description", priority: 3, show: (each) => html`<span class="dim">${each.description ?? ""}</span>` },
  { key: "changed", label: "Changed", width: "150px", priority: 2, show: (each) => html`<${Time} at=${each.updateTimestamp} />` },
];

function Template({ template }) {
  const inputs = { type: "object", properties: template.inputs ?? {} };
  const [value, setValue] = useState(() => blank(inputs));
  const [language, setLanguage] = useState("EN");
  const [output, setOutput] = useState(Object.keys(template.outputs)[0]);
  const [mode, setMode] = useState("seen");
  const [state, setState] = useState({ outputs: null, error: null });
  const turn = useRef(0);
  useEffect(() => {
    if (value === undefined) return undefined;
    const mine = (turn.current += 1);
    const timer = setTimeout(async () => {
      try {
        const outputs = await platform("POST", `/templates/v2/${template.id}/resolve`, { inputs: value, language });
        if (mine === turn.current) setState({ outputs, error: null });
      } catch (error) {
        if (mine === turn.current) setState((before) => ({ ...before, error }));
      }
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [JSON.stringify(value), language, template.updateTimestamp]);
  const shown = state.outputs?.[output];
  return html`<${Head} title=${template.name} crumbs=${[["Templates", "#/templates"]]} /><p class="dim">${template.description}</p>
    <div class="split"><${Card} title="Inputs"><${SchemaForm} id="inputs" schema=${inputs} value=${value} change=${setValue} />
        <div class="row"><label for="language">Language</label><${Select} id="language" value=${language} of=${["EN", "NL", "FR", "DE", "ES", "IT", "PT"]} choose=${setLanguage} /></div><//>
      <${Card} title="Output" actions=${html`<${Tabs} label="How" of=${[["seen", "As it is seen"], ["source", "Source"], ["template", "Template"]]} chosen=${mode} choose=${setMode} />`}>
        <${Tabs} label="Outputs" of=${Object.keys(template.outputs).map((name) => [name, name])} chosen=${output} choose=${setOutput} />
        ${state.error && html`<p class="wrong" role="alert">${state.error.message}</p>`}
        <div class="rendered">${mode === "template" ? html`<${Plain} text=${template.outputs[output]} label="Template" />` : shown === undefined ? html`<p class="dim">It is not rendered yet.</p>`
          : mode === "source" ? html`<${Plain} text=${String(shown)} label="Output" />` : html`<${Seen} text=${String(shown)} />`}</div><//></div>
    <details><summary>Definition</summary><${Json} value=${template} label="Template" /></details>`;
}

/** HTML as a mail program shows it: in a frame that may do nothing. */
function Seen({ text }) {
  const preview = useLoad(() => post("/previews", { html: text }), [text], []);
  return html`<${Loaded} of=${preview}>${({ id }) => html`<iframe class="preview" sandbox="" src=${previewUrl(id)} title="Output"></iframe>`}<//>`;
}

/** A value for each input, so that something is seen at once. */
function blank(schema) {
  const values = { string: (name) => (/time|date/i.test(name) ? new Date().toISOString() : name), number: () => 1, boolean: () => true, array: () => [], object: (_, each) => blank(each) };
  return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, each]) => [name, (values[each.type] ?? values.string)(name, each)]));
}
