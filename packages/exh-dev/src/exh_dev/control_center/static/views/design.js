// The parts that pages are made of, in the theme that is chosen.

import { html, useState } from "../lib.js";
import { Bars } from "../ui/chart.js";
import { Diff } from "../ui/diff.js";
import { Editor } from "../ui/editor.js";
import { Json } from "../ui/json.js";
import { List } from "../ui/list.js";
import { Card, Empty, Facts, Field, Head, Notice, Select, Tabs } from "../ui/parts.js";
import { SchemaForm } from "../ui/schema_form.js";
import { done } from "../ui/toasts.js";
import { Copy, Status, Time } from "../ui/values.js";

const COLOURS = ["paper", "surface", "raised", "hover", "accent-back", "good-back", "bad-back", "warn-back", "busy-back"];
const PLAIN = ["--text", "--small", "--head", "--title"];
const SCHEMA = {
  type: "object", required: ["systolic"],
  properties: { systolic: { type: "number", minimum: 0, description: "mmHg" }, category: { type: "string", enum: ["low", "high"] }, notes: { type: "array", items: { type: "object", properties: { text: { type: "string" } } } } },
};
const ROWS = [["assess-blood-pressure", "OK", 120], ["chunk-psg-signals", "FAILED", 4210], ["hello-world", "running", null]].map(([name, status, time]) => ({ id: name, name, status, time }));

export function DesignView() {
  const [tab, setTab] = useState("one");
  const [text, setText] = useState('{\n  "patient": "Ada",\n  "beats": 60\n}');
  const [value, setValue] = useState({ systolic: -1 });
  const now = Date.now();
  return html`<${Head} title="Design system" badge=${html`<${Status} text="OK" />`}><button type="button" class="primary">Primary</button><button type="button">Secondary</button><button type="button" class="danger">Dangerous</button><button type="button" disabled>Disabled</button><//>
    <${Card} title="Type"><p style=${{ fontSize: "var(--head)" }}>Heading, 20 pixels</p><p style=${{ fontSize: "var(--title)" }}>Title, 15 pixels</p><p>Text, 14 pixels, with <code>code</code>, a <a href="#/design">link</a> and tabular 0123456789</p><p class="dim" style=${{ fontSize: "var(--small)" }}>Small and dim, 12.5 pixels</p>
      <p class="dim">${PLAIN.join(", ")}: spaces are multiples of 4 pixels</p><//>
    <${Card} title="Colours"><div class="swatches">${COLOURS.map((each) => html`<div key=${each} style=${{ background: `var(--${each})` }}>${each}</div>`)}</div><//>
    <${Card} title="Statuses"><div class="row">${["OK", "FAILED", "running", "retried", "scheduled"].map((each) => html`<${Status} key=${each} text=${each} />`)}</div><//>
    <${Notice} kind="bad" title="Bad">What went wrong, what was expected and what to do.<//><${Notice} kind="warn" title="Warning">Something to know.<//>
    <${Card} title="Fields"><div class="facts"><${Field} id="d-text" label="Text" hint="A hint"><input id="d-text" /><//><${Field} id="d-wrong" label="Wrong" wrong="A number is expected"><input id="d-wrong" aria-invalid="true" value="x" /><//>
      <${Field} id="d-select" label="Choice"><${Select} id="d-select" value="a" of=${["a", "b"]} choose=${() => {}} /><//></div><label class="check"><input type="checkbox" /> a check box</label><//>
    <${Tabs} label="Example" of=${[["one", "One"], ["two", "Two"]]} chosen=${tab} choose=${setTab} />
    <${Facts} of=${[["Started", html`<${Time} at=${now - 65_000} />`], ["Copy", html`<${Copy} text="copied" />`], ["Toast", html`<button type="button" class="small" onClick=${() => done("It was done")}>Show one</button>`]]} />
    <${List} label="Rows" rows=${ROWS} href=${() => "#/design"} columns=${[
      { key: "name", label: "Function", priority: 1, sort: (row) => row.name, show: (row) => row.name },
      { key: "status", label: "Status", width: "110px", priority: 1, show: (row) => html`<${Status} text=${row.status} />` },
      { key: "time", label: "Time", width: "100px", priority: 2, number: true, sort: (row) => row.time, show: (row) => (row.time === null ? "–" : `${row.time} ms`) },
    ]} />
    <div class="split"><${Editor} id="d-editor" label="Editor" text=${text} change=${setText} schema=${SCHEMA} height=${160} /><${Json} value=${{ text: "string", number: 1.5, flag: true, list: [1, 2, { deep: null }] }} label="JSON" /></div>
    <${Card} title="A form of a schema"><${SchemaForm} id="d-form" schema=${SCHEMA} value=${value} change=${setValue} /><//>
    <${Card} title="Chart and difference"><${Bars} label="An example" of=${Array.from({ length: 30 }, (_, index) => ({ label: String(index), count: (index * 7) % 13, failed: index % 6 === 0 ? 2 : 0 }))} /><${Diff} label="An example of differences" before=${{ a: 1, b: 2 }} after=${{ a: 1, b: 3, c: 4 }} /><//>
    <${Empty} title="An empty state">It says what would be here, and what to do next.<//>`;
}
