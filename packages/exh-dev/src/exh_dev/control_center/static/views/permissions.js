// Every permission: which roles have it, and who has these.

import { get } from "../api.js";
import { html, useLoad, useState } from "../lib.js";
import { at, setQuery } from "../route.js";
import { List, SearchField } from "../ui/list.js";
import { Card, Empty, Head, Loaded } from "../ui/parts.js";

export function PermissionsView({ route }) {
  const name = route.query.get("name");
  const [words, setWords] = useState("");
  const all = useLoad(() => get("/permissions"), [], ["users"]);
  return html`<${Head} title="Permissions" />${name && html`<${Holders} key=${name} name=${name} />`}
    <div class="filters"><${SearchField} placeholder="permission or role…" value=${words} search=${setWords} /></div>
    <${Loaded} of=${all}>${({ data }) => {
      const rows = data.filter((each) => `${each.name} ${rolesOf(each)}`.toLowerCase().includes(words.toLowerCase()));
      return rows.length ? html`<${List} label="Permissions" columns=${COLUMNS} rows=${rows} id=${(each) => each.name} href=${(each) => at("permissions", { name: each.name })} />` : html`<${Empty} title="No permission is like this">Search for something else.<//>`;
    }}<//>`;
}

const rolesOf = (each) => [...each.everywhere, ...each.in_groups.map((role) => `${role.role} (${role.group})`)].join(", ");
const COLUMNS = [
  { key: "name", label: "Permission", width: "46%", priority: 1, sort: (each) => each.name, show: (each) => each.name },
  { key: "roles", label: "Roles that have it", priority: 2, show: (each) => html`<span class="dim">${rolesOf(each) || "none"}</span>` },
];

function Holders({ name }) {
  const holders = useLoad(() => get(`/permissions/${encodeURIComponent(name)}/holders`), [name], ["users"]);
  return html`<${Card} title=${name} actions=${html`<button type="button" class="small" onClick=${() => setQuery({ name: "" })}>Close</button>`}><${Loaded} of=${holders}>${({ data }) => (data.length ? html`<ul class="plain-list">${data.map((each) => html`<li key=${each.user_id + each.role}>
    <a class="grow clip" href=${at("users", each.user_id)}>${each.email}</a><span class="dim">${each.role}${each.group ? `, in the group ${each.group}` : ", everywhere"}</span></li>`)}</ul>` : html`<p class="dim">Nobody has it. A role gives it: <a href="#/users">give a user one</a>.</p>`)}<//><//>`;
}
