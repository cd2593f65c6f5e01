// A form made from a JSON Schema as documents have it, which can be left for the JSON itself and come back to.

import { html, useState } from "../lib.js";
import { Editor } from "./editor.js";
import { Icon } from "./icons.js";
import { read } from "./json_text.js";
import { Select } from "./parts.js";

/** What is wrong with a value, by the path of the member: `{ "notes.0.text": "…" }`. */
export function problemsOf(schema, value, path = "", required = false) {
  const found = {};
  const tell = (message) => (found[path] = message);
  if (value === undefined || value === null) {
    if (required) tell("This is required");
    return found;
  }
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (schema.enum && !schema.enum.includes(value)) tell(`One of ${schema.enum.join(", ")} is expected`);
  else if (type === "number" || type === "integer") {
    if (typeof value !== "number") tell("A number is expected");
    else if (schema.minimum !== undefined && value < schema.minimum) tell(`${schema.minimum} or more is expected`);
    else if (schema.maximum !== undefined && value > schema.maximum) tell(`${schema.maximum} or less is expected`);
    else if (type === "integer" && !Number.isInteger(value)) tell("An integer is expected");
  } else if (type === "string") {
    if (typeof value !== "string") tell("A string is expected");
    else if (schema.minLength && value.length < schema.minLength) tell(`${schema.minLength} characters or more are expected`);
    else if (schema.maxLength !== undefined && value.length > schema.maxLength) tell(`${schema.maxLength} characters or fewer are expected`);
    else if (schema.pattern && !matches(schema.pattern, value)) tell(`It has to match ${schema.pattern}`);
  } else if (type === "array" && Array.isArray(value)) {
    if (schema.minItems && value.length < schema.minItems) tell(`${schema.minItems} items or more are expected`);
    value.forEach((each, index) => Object.assign(found, problemsOf(schema.items ?? {}, each, join(path, index))));
  } else if (type === "object" || schema.properties) {
    for (const [name, each] of Object.entries(schema.properties ?? {})) {
      Object.assign(found, problemsOf(each, value[name], join(path, name), schema.required?.includes(name)));
    }
  }
  return found;
}

const join = (path, name) => (path ? `${path}.${name}` : String(name));

function matches(pattern, value) {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true; // the platform judges what this browser cannot
  }
}

/**
 * A form for a value, or its JSON.
 *
 * Args:
 *   id: of the fields, as a prefix.
 *   schema: an object's.
 *   value, change: the object, and what to call with another one; undefined where the JSON is none.
 */
export function SchemaForm({ id, schema, value, change }) {
  const [text, setText] = useState(null);
  const problems = problemsOf(schema, value ?? {});
  const fields = Object.entries(schema.properties ?? {});
  const asJson = text !== null || !fields.length;
  const shown = text ?? JSON.stringify(value ?? {}, null, 2);
  const typed = (next) => {
    setText(next);
    change(read(next).value);
  };
  const tools = fields.length > 0 && html`<button type="button" class="small" disabled=${value === undefined} onClick=${() => setText(null)}>Form</button>`;
  if (asJson) return html`<${Editor} id="${id}-json" label="Data" text=${shown} change=${typed} schema=${schema} height=${260} tools=${tools} />`;
  return html`<div class="stack tight">
    <div class="row"><span class="grow dim">* required</span><button type="button" class="small" onClick=${() => setText(JSON.stringify(value ?? {}, null, 2))}>JSON</button></div>
    <${Members} id=${id} schema=${schema} value=${value ?? {}} change=${change} problems=${problems} path="" /></div>`;
}

function Members({ id, schema, value, change, problems, path }) {
  const set = (name, next) => {
    const copy = { ...value };
    if (next === undefined) delete copy[name];
    else copy[name] = next;
    change(copy);
  };
  return html`${Object.entries(schema.properties ?? {}).map(([name, each]) => html`<${Member} key=${name} id="${id}-${name}" name=${name} schema=${each} value=${value[name]}
    change=${(next) => set(name, next)} isRequired=${schema.required?.includes(name)} problems=${problems} path=${join(path, name)} />`)}`;
}

function Member({ id, name, schema, value, change, isRequired, problems, path }) {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  const wrong = problems[path];
  const label = `${name}${isRequired ? " *" : ""}`;
  if (type === "object") {
    return html`<fieldset class="nested"><legend>${label}</legend>${value === undefined || value === null
      ? html`<button type="button" class="small" onClick=${() => change({})}><${Icon} name="plus" />Add ${name}</button>`
      : html`<${Members} id=${id} schema=${schema} value=${value} change=${change} problems=${problems} path=${path} />
        <button type="button" class="small" onClick=${() => change(undefined)}>Remove ${name}</button>`}</fieldset>`;
  }
  if (type === "array") return html`<${Items} ...${{ id, name, label, schema, value, change, problems, path, wrong }} />`;
  return html`<div class="field"><label for=${id}>${label}</label>
    <${Scalar} id=${id} type=${type} schema=${schema} value=${value} change=${change} wrong=${wrong} />
    ${schema.description && html`<span class="hint">${schema.description}</span>`}
    ${wrong && html`<span class="wrong" role="alert">${wrong}</span>`}</div>`;
}

function Items({ id, name, label, schema, value, change, problems, path, wrong }) {
  const items = Array.isArray(value) ? value : [];
  const inner = schema.items ?? {};
  const blank = { object: {}, number: 0, boolean: false, array: [] }[inner.type] ?? "";
  const put = (index, next) => change(items.map((each, at) => (at === index ? next : each)));
  return html`<fieldset class="nested"><legend>${label}</legend>
    ${items.map((each, index) => html`<div class="row" key=${index}><div class="grow"><${Member} id="${id}-${index}" name=${`${name} ${index + 1}`} schema=${inner} value=${each}
      change=${(next) => put(index, next)} problems=${problems} path=${join(path, index)} /></div>
      <button type="button" class="icon" aria-label="Remove ${name} ${index + 1}" onClick=${() => change(items.filter((_, at) => at !== index))}><${Icon} name="trash" /></button></div>`)}
    <div class="row"><button type="button" class="small" onClick=${() => change([...items, blank])}><${Icon} name="plus" />Add to ${name}</button></div>
    ${wrong && html`<span class="wrong" role="alert">${wrong}</span>`}</fieldset>`;
}

/** A number as it is typed: `36.0` on the way to `36.05` is not made `36`. */
function NumberField({ id, value, change, invalid }) {
  const [text, setText] = useState(value === undefined || value === null ? "" : String(value));
  const shown = text !== "" && Number(text) === value ? text : value === undefined || value === null ? "" : String(value);
  const typed = (event) => {
    setText(event.target.value);
    change(event.target.value.trim() === "" || Number.isNaN(Number(event.target.value)) ? undefined : Number(event.target.value));
  };
  // Not of the type number: browsers take what cannot be read yet, such as a lone minus, away from the page.
  return html`<input id=${id} inputmode="decimal" aria-invalid=${Number.isNaN(Number(text)) ? "true" : invalid} value=${Number.isNaN(Number(text)) || text.endsWith(".") ? text : shown} onInput=${typed} />`;
}

function Scalar({ id, type, schema, value, change, wrong }) {
  const invalid = wrong ? "true" : null;
  if (schema.enum) return html`<${Select} id=${id} value=${value} of=${schema.enum.map(String)} none="–" choose=${(next) => change(next === "" ? undefined : schema.enum.find((each) => String(each) === next))} />`;
  if (type === "boolean") return html`<${Select} id=${id} value=${value === undefined ? "" : String(value)} of=${["true", "false"]} none="–" choose=${(next) => change(next === "" ? undefined : next === "true")} />`;
  if (type === "number" || type === "integer") {
    return html`<${NumberField} id=${id} value=${value} change=${change} invalid=${invalid} />`;
  }
  if (type === "string" && schema.format === "date-time") {
    return html`<div class="row"><input id=${id} class="grow" aria-invalid=${invalid} placeholder="2026-01-15T10:30:00.000Z" value=${value ?? ""} onInput=${(event) => change(event.target.value || undefined)} />
      <button type="button" class="small" onClick=${() => change(new Date().toISOString())}>Now</button></div>`;
  }
  return html`<input id=${id} aria-invalid=${invalid} value=${value ?? ""} onInput=${(event) => change(event.target.value === "" ? undefined : event.target.value)} />`;
}
