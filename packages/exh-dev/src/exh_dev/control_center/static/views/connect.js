// How other tools connect. Secrets are shown when they are asked for.

import { get } from "../api.js";
import { html, useAction, useLoad, useState } from "../lib.js";
import { setQuery } from "../route.js";
import { Plain } from "../ui/json.js";
import { Card, Head, Loaded, Tabs, Wrong } from "../ui/parts.js";
import { Copy, bytes, count } from "../ui/values.js";
import { SNIPPETS } from "./snippets.js";

export function ConnectView({ route }) {
  const state = useLoad(() => get(""), [], []);
  const [secrets, setSecrets] = useState(null);
  const { act, error } = useAction();
  const tool = route.query.get("tool") ?? "env";
  const [, title, write] = SNIPPETS.find(([key]) => key === tool) ?? SNIPPETS[0];
  return html`<${Head} title="Connect">${secrets ? html`<button type="button" onClick=${() => setSecrets(null)}>Hide the secrets</button>`
      : html`<button type="button" class="primary" onClick=${() => act(async () => setSecrets(await get("/credentials")))}>Show the secrets too</button>`}<//><${Wrong} error=${error} />
    <${Loaded} of=${state}>${({ credentials, command, retention }) => {
      const known = secrets ?? credentials;
      return html`<div class="stack"><${Card} label="Snippets"><${Tabs} label="Tools" of=${SNIPPETS.map(([key, name]) => [key, name])} chosen=${tool} choose=${(key) => setQuery({ tool: key === "env" ? "" : key })} />
          <${Plain} text=${write(known)} label=${title} />${!secrets && html`<p class="dim">Secrets are left out: show them, then copy.</p>`}<//>
        <${Card} title="Values"><dl class="values">${Object.entries(known).map(([name, value]) => html`<div key=${name}><dt>${name.replaceAll("_", " ")}</dt><dd><code>${value ?? "–"}</code></dd>${value && html`<dd><${Copy} text=${value} /></dd>`}</div>`)}</dl>
          <p class="dim">The same in a terminal: <code>${command} credentials</code></p><//>
        <${Card} title="For programs"><p>The JSON behind this page: <a href="/_dev/api/openapi.json">its OpenAPI description</a>.</p>
          ${retention && html`<p class="dim">Kept: ${count(retention.runs)} of at most ${count(retention.most_runs)} runs, ${bytes(retention.bytes)} of at most ${bytes(retention.most_bytes)} of their details.</p>`}<//></div>`;
    }}<//>`;
}
