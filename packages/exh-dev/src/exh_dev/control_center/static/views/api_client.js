// A small HTTP client for an API function.

import { send } from "../api.js";
import { html, useAction, useState } from "../lib.js";
import { Editor, remember } from "../ui/editor.js";
import { Json, Plain } from "../ui/json.js";
import { read } from "../ui/json_text.js";
import { Card, Facts, Select, Wrong } from "../ui/parts.js";
import { Copy, bytes, ms } from "../ui/values.js";
import { quoted } from "./call.js";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const WITH_BODY = ["POST", "PUT", "PATCH"];

export function ApiClient({ name, frame }) {
  const [method, setMethod] = useState("GET");
  const [path, setPath] = useState("/");
  const [text, setText] = useState("{}");
  const [answer, setAnswer] = useState(null);
  const { act, busy, error } = useAction();
  const whole = `/tasks/v1/api/${name}${path.startsWith("/") ? "" : "/"}${path}`;
  const hasBody = WITH_BODY.includes(method);
  const body = hasBody ? read(text) : { value: undefined };
  const ask = (event) => {
    event?.preventDefault();
    if (hasBody && body.value === undefined) return;
    if (hasBody) remember(`request:${name}`, text);
    act(async () => setAnswer(await send(method, whole, hasBody ? text : undefined)));
  };
  const curl = () => `curl -X ${method} ${quoted(`${frame?.url ?? ""}/_dev/api/platform${whole}`)}${hasBody ? ` -H 'Content-Type: application/json' --data ${quoted(text)}` : ""}`;
  return html`<form class="stack tight" onSubmit=${ask}>
    <div class="row"><${Select} id="method" label="Method" value=${method} of=${METHODS} choose=${setMethod} /><code class="dim">/tasks/v1/api/${name}</code>
      <input class="grow" id="path" aria-label="Path and query" placeholder="/patients/5f0a…?limit=5" value=${path} onInput=${(event) => setPath(event.target.value)} />
      <button type="submit" class="primary" disabled=${busy}>Send</button></div>
    <p class="dim">It is sent as the first user, who may do everything.</p>
    ${hasBody && html`<${Editor} id="request-body" label="Body" text=${text} change=${setText} run=${ask} history="request:${name}" height=${180} />`}
    <${Wrong} error=${error} />
    <div class="row"><${Copy} text=${curl} label="Copy as curl" /></div>
    ${answer && html`<${Answer} answer=${answer} />`}</form>`;
}

function Answer({ answer }) {
  let value;
  try {
    value = JSON.parse(answer.text);
  } catch {
    value = undefined;
  }
  return html`<${Card} title="Answer" actions=${html`<span class="status ${answer.status < 400 ? "good" : "bad"}">${answer.status}</span>`}>
    <${Facts} of=${[["Time", ms(answer.duration_ms)], ["Size", bytes(answer.text.length)], ...answer.headers.filter(([header]) => header !== "date" && header !== "server")]} />
    ${value === undefined ? html`<${Plain} text=${answer.text} label="Body" />` : html`<${Json} value=${value} label="Body" />`}<//>`;
}
