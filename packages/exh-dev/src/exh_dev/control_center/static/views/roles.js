// Roles and what they permit: those that count everywhere, and those of groups.

import { get, list, platform } from "../api.js";
import { html, useAction, useLoad, useState } from "../lib.js";
import { at } from "../route.js";
import { Icon } from "../ui/icons.js";
import { Card, Dialog, Empty, Field, Loaded, Wrong } from "../ui/parts.js";
import { deleteSoon, done } from "../ui/toasts.js";
import { Id, plural } from "../ui/values.js";

const EVERYWHERE = "/users/v1/roles";
const ofGroup = (group) => `/users/v1/groups/${group}/roles`;

export function Roles() {
  const [creates, setCreates] = useState(null);
  const roles = useLoad(() => list(EVERYWHERE), [], ["users"]);
  const groups = useLoad(() => get("/groups"), [], ["users"]);
  const names = useLoad(() => get("/permissions"), [], []);
  const known = names.data?.data.map((each) => each.name) ?? [];
  const reload = () => (roles.reload(), groups.reload());
  return html`<datalist id="permission-names">${known.map((each) => html`<option value=${each} />`)}</datalist>
    <${Card} title="Roles that count everywhere" actions=${html`<button type="button" class="small" onClick=${() => setCreates(EVERYWHERE)}><${Icon} name="plus" />Create a role</button>`}>
      <${Loaded} of=${roles}>${({ data }) => data.map((each) => html`<${Role} key=${each.id} role=${{ ...each, permissions: (each.permissions ?? []).map((one) => one.name ?? one) }} base=${EVERYWHERE} reload=${reload} />`)}<//><//>
    <h2>Groups</h2>
    <${Loaded} of=${groups}>${({ data }) => (data.length ? data.map((group) => html`<${Card} key=${group.id} label="Group" title=${html`Group <${Id} value=${group.id} />`}
        actions=${html`<button type="button" class="small" onClick=${() => setCreates(ofGroup(group.id))}><${Icon} name="plus" />Create a role</button>`}>
      <p class="dim">${plural(group.staff, "staff member")}, ${plural(group.patients, "patient")}</p>
      ${group.roles.map((each) => html`<${Role} key=${each.id} role=${each} base=${ofGroup(group.id)} reload=${reload} />`)}<//>`)
    : html`<${Empty} title="There is no group">A group is there as soon as a user is staff or a patient of it, or a role counts in it.<//>`)}<//>
    ${creates && html`<${Create} base=${creates} reload=${reload} close=${() => setCreates(null)} />`}`;
}

function Role({ role, base, reload }) {
  const [name, setName] = useState("");
  const { act, busy, error } = useAction();
  const change = (path, permission) => act(async () => {
    await platform("POST", `${base}/${path}?eq(id,${role.id})`, { permissions: [permission] });
    done("The role was changed");
    setName("");
    reload();
  });
  const remove = () => deleteSoon(`${role.name} will be deleted`, async () => (await platform("DELETE", `${base}?eq(id,${role.id})`), reload()), reload);
  return html`<details class="notice"><summary class="row"><b class="grow">${role.name}</b><span class="dim">${plural(role.permissions.length, "permission")}</span></summary>
    <div class="stack tight"><p class="row">${role.permissions.map((each) => html`<span class="row" key=${each}><a href=${at("permissions", { name: each })}><code>${each}</code></a>
        <button type="button" class="icon" disabled=${busy} aria-label="Take ${each} away from ${role.name}" onClick=${() => change("remove_permissions", each)}><${Icon} name="close" /></button></span>`)}</p>
      <form class="filters" onSubmit=${(event) => (event.preventDefault(), change("add_permissions", name.trim()))}>
        <input aria-label="Permission for ${role.name}" list="permission-names" placeholder="VIEW_DOCUMENTS" value=${name} onInput=${(event) => setName(event.target.value)} />
        <button type="submit" class="small" disabled=${busy || !name.trim()}>Add the permission</button><span class="grow"></span>
        <button type="button" class="small danger" onClick=${remove}><${Icon} name="trash" />Delete the role</button></form><${Wrong} error=${error} /></div></details>`;
}

function Create({ base, reload, close }) {
  const [name, setName] = useState("");
  const { act, busy, error } = useAction();
  const create = (event) => {
    event.preventDefault();
    act(async () => {
      await platform("POST", base, { name, description: "" });
      done("The role was created; give it permissions");
      reload();
      close();
    });
  };
  return html`<${Dialog} title="Create a role" close=${close}><form class="stack" onSubmit=${create}>
    <${Field} id="role-name" label="Name" wrong=${error?.message}><input id="role-name" required value=${name} onInput=${(event) => setName(event.target.value)} /><//>
    <div class="row"><button type="submit" class="primary" disabled=${busy}>Create</button><button type="button" onClick=${close}>Cancel</button></div></form><//>`;
}
