// One call of the platform: what was asked, what was answered, what was checked and what it changed.

import { get } from "../api.js";
import { html, useLoad } from "../lib.js";
import { at } from "../route.js";
import { Json, Plain } from "../ui/json.js";
import { Card, Facts, Loaded, Notice, joined } from "../ui/parts.js";
import { Copy, Status, Time, bytes, ms } from "../ui/values.js";

export function Call({ run, number, frame, close }) {
  const call = useLoad(() => get(`/runs/${encodeURIComponent(run)}/calls/${number}`), [run, number]);
  return html`<${Card} label="Call" title="Call ${number}" actions=${html`<button type="button" class="small" onClick=${close}>Close</button>`}>
    <${Loaded} of=${call}>${(data) => html`<${Details} call=${data} frame=${frame} />`}<//><//>`;
}

function Details({ call, frame }) {
  const path = call.query ? `${call.path}?${call.query}` : call.path;
  const isBad = !call.status || call.status >= 400;
  return html`<div class="stack">
    <p class="row"><b>${call.method}</b><code class="grow">${path}</code><span class="status ${isBad ? "bad" : "good"}">${call.status || "no answer"}</span></p>
    <div class="row"><${Copy} text=${() => asCurl(call, frame)} label="Copy as curl" /><${Copy} text=${() => asPython(call)} label="as Python" />
      <${Copy} text=${() => asCommand(call, frame)} label="as exh-dev call" /></div>
    ${call.error && html`<${Notice} kind="bad" title="${call.error.name ?? "Error"}${call.error.code === undefined ? "" : ` (code ${call.error.code})`}">${call.error.message}<${Refused} check=${call.error.check} /><//>`}
    <${Facts} of=${[
      ["Began", html`<${Time} at=${call.timestamp} precise />`], ["Time", ms(call.duration_ms)], ["Attempt", call.attempt > 1 ? `${call.attempt}, after ${ms(call.waited_ms)}` : null],
      ["File", FILE.test(call.path) && html`<a href=${at("files", FILE.exec(call.path)[1])}>${FILE.exec(call.path)[1]}</a>`],
      ["Schema", call.schema && html`<a href=${at("documents", call.schema.name)}>${call.schema.name}</a>`],
      ["Permission checked", call.checks?.length ? joined(call.checks.map((each) => html`<code>${each.permission}</code> ${each.outcome}`)) : null],
      ["Request", sizeOf(call.request)], ["Answer", sizeOf(call.answer)],
    ]} />
    ${call.rql && html`<section><h3>Query</h3><ul class="plain-list">${call.rql.terms.map((each) => html`<li><code>${termText(each)}</code></li>`)}</ul></section>`}
    ${call.changes?.length > 0 && html`<section><h3>What it changed</h3><ul class="plain-list">${call.changes.map((each) => html`<li key=${each.kind + each.id}><${Status} text=${each.change} />
      <${Changed} of=${each} /></li>`)}</ul>${call.more_changes > 0 && html`<p class="dim">and ${call.more_changes} more</p>`}</section>`}
    <div class="split"><${Body} title="Request" of=${call.request} /><${Body} title="Answer" of=${call.answer} /></div></div>`;
}

const sizeOf = (message) => message && (message.size ? `${bytes(message.size)}${message.type ? `, ${message.type.split(";")[0]}` : ""}` : null);

function Refused({ check }) {
  if (!check) return null;
  return html`<div>${check.permission && html`<p>It needs ${joined(check.permission.map((each) => html`<code>${each}</code>`), " or ")}${check.group ? ` in the group ${check.group}` : ""}.</p>`}
    ${check.mode && html`<p>Or what <code>${check.mode}</code> of the schema allows: ${check.relations?.join(", ") || "nothing"}.</p>`}</div>`;
}

function Changed({ of }) {
  const name = of.name ?? of.id;
  const href = {
    document: () => at("documents", of.schema ?? "", of.id), user: () => at("users", of.id), file: () => at("files", of.id), mail: () => at("mail", of.id),
    task: () => at("queue", of.id), template: () => at("templates", of.id),
  }[of.kind];
  return html`<span>${of.kind}${of.schema ? ` of ${of.schema}` : ""}</span> ${href && of.change !== "deleted" ? html`<a class="clip" href=${href()}>${name}</a>` : html`<code>${name}</code>`}`;
}

function Body({ title, of }) {
  if (!of?.body && !of?.size) return html`<section><h3>${title}</h3><p class="dim">without a body</p></section>`;
  const { body } = of;
  return html`<section><h3>${title}</h3>${!body || body.left_out ? html`<p class="dim">${bytes(of.size)} that are not kept</p>`
    : body.json !== undefined ? html`<${Json} value=${body.json} label=${title} />` : body.text !== undefined ? html`<${Plain} text=${body.text} label=${title} />` : html`<p class="dim">${of.type}, ${bytes(of.size)}</p>`}
    ${body?.cut && html`<p class="dim">The beginning of ${bytes(of.size)}.</p>`}</section>`;
}

function termText(term) {
  const inner = [term.field, ...(term.fields ?? []), ...(term.value === undefined ? [] : [JSON.stringify(term.value)]),
    ...(term.values ?? []).map((each) => JSON.stringify(each)), ...(term.terms ?? []).map(termText)].filter((each) => each !== undefined && each !== null);
  return `${term.operator}(${inner.join(", ")})`;
}

/** A text as one word of a shell. */
export const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
function bodyOf(call) {
  const { body } = call.request ?? {};
  if (body?.json !== undefined) return JSON.stringify(body.json);
  return body?.text ?? null;
}

const FILE = /([0-9a-f]{24})-\[redacted\]/; // a file's token, as far as it is shown

/** What a copy of a call lacks, as comments before it; nothing where it is whole. */
function caveat(call) {
  const { body, size } = call.request ?? {};
  const lacks = [];
  const [file] = FILE.exec(call.path) ?? [];
  const others = JSON.stringify([call.path.replaceAll(file ?? "", ""), call.query, body ?? null]);
  if (others.includes("[redacted]")) lacks.push("secrets");
  if (body?.cut || body?.left_out || (size && body?.json === undefined && body?.text === undefined)) lacks.push("a part of the body, which was not kept");
  const missing = lacks.length ? `# This lacks ${lacks.join(" and ")}.\n` : "";
  return file ? `${missing}# Put the token of the file in the place of ${file}; the file in the control center has it.\n` : missing;
}

function asCurl(call, frame) {
  const url = `${frame?.url ?? ""}/_dev/api/platform${call.path}${call.query ? `?${call.query}` : ""}`;
  const body = bodyOf(call);
  return `${caveat(call)}curl -X ${call.method} ${quoted(url)}${body === null ? "" : ` -H 'Content-Type: application/json' --data ${quoted(body)}`}`;
}

function asCommand(call, frame) {
  const body = bodyOf(call);
  return `${caveat(call)}${frame?.command ?? "exh-dev"} call ${call.method} ${quoted(`${call.path}${call.query ? `?${call.query}` : ""}`)}${body === null ? "" : ` ${quoted(body)}`}`;
}

function asPython(call) {
  const body = call.request?.body?.json;
  const path = JSON.stringify(`${call.path}${call.query ? `?${call.query}` : ""}`);
  return `${caveat(call)}from extrahorizon import ExtraHorizon\n\nexh = ExtraHorizon()\nanswer = exh.session.call("${call.method}", ${path}${body === undefined ? "" : `, json=${python(body)}`})\nprint(answer)\n`;
}

/** JSON as a Python literal. */
function python(value) {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${python(each)}`).join(", ")}}`;
  return JSON.stringify(value);
}
