// One user: who it is, what it may do and why not, and credentials to call as it.

import { get, list, platform, post } from "../api.js";
import { html, useAction, useEffect, useLoad, useState } from "../lib.js";
import { at } from "../route.js";
import { Icon } from "../ui/icons.js";
import { Card, Dialog, Facts, Head, Loaded, Select, Wrong } from "../ui/parts.js";
import { done } from "../ui/toasts.js";
import { Copy, Status } from "../ui/values.js";
import { Enlistments } from "./enlistments.js";
import { asEnvironment } from "./snippets.js";
import { Held } from "./users.js";

export function UserView({ route }) {
  const [id] = route.path;
  const found = useLoad(async () => {
    const [user, { data: held }, roles] = await Promise.all([platform("GET", `/users/v1/${encodeURIComponent(id)}`), get(`/users/${encodeURIComponent(id)}/permissions`), list("/users/v1/roles")]);
    return { user, held, roles: roles.data };
  }, [id], ["users"]);
  return html`<${Loaded} of=${found}>${(data) => html`<${User} ...${data} reload=${found.reload} />`}<//>`;
}

function User({ user, held, roles, reload }) {
  const [credentials, setCredentials] = useState(null);
  const { act, busy, error } = useAction();
  const make = () => act(async () => setCredentials(await post(`/users/${user.id}/credentials`)));
  return html`<${Head} title=${`${user.first_name} ${user.last_name}`} crumbs=${[["Users", "#/users"]]} badge=${user.activation ? null : html`<${Status} text="not activated" />`}>
      <button type="button" disabled=${busy} onClick=${make}><${Icon} name="connect" />Generate credentials</button><//><${Wrong} error=${error} />
    <${Facts} of=${[["E-mail", user.email], ["Id", html`<code>${user.id}</code>`], ["Language", user.language], ["Time zone", user.time_zone],
      ["Mails", html`<a href=${at("mail", { search: user.email })}>to this address</a>`]]} />
    <${Roles} user=${user} roles=${roles} reload=${reload} />
    <${Enlistments} user=${user} reload=${reload} />
    <${Why} user=${user} />
    <${Card} title="What this user may do"><${Held} of=${held} /><//>
    ${credentials && html`<${Dialog} title="Credentials of ${user.email}" close=${() => setCredentials(null)}>
      <p>An OAuth1 token of this user. It is shown once; what was generated before stays valid.</p>
      <div class="with-copy"><${Copy} text=${asEnvironment(credentials)} /><pre class="text" tabindex="0">${asEnvironment(credentials)}</pre></div><//>`}`;
}

function Roles({ user, roles, reload }) {
  const [chosen, setChosen] = useState("");
  const { act, busy, error } = useAction();
  const held = new Set((user.roles ?? []).map((each) => each.id));
  const change = (path, role) => act(async () => {
    await platform("POST", `/users/v1/${path}?eq(id,${user.id})`, { roles: [role] });
    done("The roles were changed");
    setChosen("");
    reload();
  });
  return html`<${Card} title="Roles"><ul class="plain-list">${(user.roles ?? []).map((each) => html`<li key=${each.id}><span class="grow">${each.name}</span>
      <button type="button" class="small" disabled=${busy} onClick=${() => change("remove_roles", each.id)}>Take away</button></li>`)}</ul>
    <form class="filters" onSubmit=${(event) => (event.preventDefault(), change("add_roles", chosen))}><${Select} id="role" label="Role" value=${chosen} none="Choose a role…" of=${roles.filter((each) => !held.has(each.id)).map((each) => [each.id, each.name])} choose=${setChosen} />
      <button type="submit" disabled=${busy || !chosen}>Give the role</button></form><${Wrong} error=${error} /><//>`;
}

function Why({ user }) {
  const [name, setName] = useState("");
  const [answer, setAnswer] = useState(null);
  const { act, error } = useAction();
  const ask = (event) => {
    event.preventDefault();
    act(async () => setAnswer(await get(`/users/${user.id}/permissions/${encodeURIComponent(name.trim())}`)));
  };
  useEffect(() => {
    // A role that was given or taken away may have made another answer of it.
    if (answer) act(async () => setAnswer(await get(`/users/${user.id}/permissions/${encodeURIComponent(answer.permission)}`)));
  }, [user.update_timestamp]);
  const names = useLoad(() => get("/permissions"), [], []);
  return html`<${Card} title="May this user…, and why not"><form class="filters" onSubmit=${ask}>
      <input type="search" id="permission" aria-label="Permission" list="permissions" placeholder="VIEW_DOCUMENTS, or VIEW_DOCUMENTS:ecg" value=${name} onInput=${(event) => setName(event.target.value)} />
      <datalist id="permissions">${names.data?.data.map((each) => html`<option value=${each.name} />`)}</datalist><button type="submit" disabled=${!name.trim()}>Ask</button></form><${Wrong} error=${error} />
    ${answer && html`<div role="status"><p>${answer.everywhere ? html`<${Status} text="OK" /> Yes, everywhere` : answer.groups.length ? html`<${Status} text="OK" /> Yes, in the groups ${answer.groups.join(", ")}` : html`<${Status} text="failed" /> No`}${answer.by.length ? `, by ${answer.by.map((each) => each.role).join(", ")}.` : "."}</p>
      ${!answer.known && html`<p class="wrong">The platform knows no permission of this name.</p>`}
      ${!answer.everywhere && answer.would_give.length > 0 && html`<p class="dim">These roles would give it: ${answer.would_give.map((each) => each.role + (each.group ? ` (group ${each.group})` : "")).join(", ")}.</p>`}</div>`}<//>`;
}
