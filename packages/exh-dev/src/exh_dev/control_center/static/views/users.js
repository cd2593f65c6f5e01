// Users, and calls that were refused.

import { get, platform } from "../api.js";
import { html, useAction, useLoad, useState } from "../lib.js";
import { usePlatformList } from "../paged.js";
import { at, go, setQuery } from "../route.js";
import { Icon } from "../ui/icons.js";
import { List, SearchField } from "../ui/list.js";
import { Dialog, Empty, Facts, Field, Head, Loaded, Tabs, Wrong, joined } from "../ui/parts.js";
import { done } from "../ui/toasts.js";
import { Time, plural } from "../ui/values.js";
import { Roles } from "./roles.js";
import { quotedValue } from "./rql.js";

export function UsersView({ route }) {
  const { query } = route;
  const [creates, setCreates] = useState(false);
  const tab = query.get("tab") ?? "users";
  return html`<${Head} title="Users"><button type="button" class="primary" onClick=${() => setCreates(true)}><${Icon} name="plus" />Create a user</button><//>
    <${Tabs} label="Users" of=${[["users", "Users"], ["roles", "Roles and groups"], ["refused", "Refused calls"]]} chosen=${tab} choose=${(key) => setQuery({ tab: key === "users" ? "" : key })} />
    ${tab === "users" && html`<${Users} words=${query.get("search") ?? ""} />`}${tab === "roles" && html`<${Roles} />`}${tab === "refused" && html`<${Refused} />`}
    ${creates && html`<${Create} close=${() => setCreates(false)} />`}`;
}

function Users({ words }) {
  const text = quotedValue(words);
  const users = usePlatformList("/users/v1", words ? `or(like(email,${text}),like(first_name,${text}),like(last_name,${text}))` : "", ["users"]);
  return html`<div class="filters"><${SearchField} placeholder="e-mail or name…" value=${words} search=${(search) => setQuery({ search })} /></div>
    <${Loaded} of=${users}>${({ rows, total, isDone }) => (rows.length ? html`<p class="dim" role="status">${plural(total, "user")}</p>
      <${List} label="Users" columns=${COLUMNS} rows=${rows} href=${(each) => at("users", each.id)} more=${isDone ? null : users.more} seen=${users.seen} />` : html`<${Empty} title="No user is like this"><a href="#/users">Show all users</a><//>`)}<//>`;
}

const groups = (enlistments) => enlistments?.map((each) => each.group_id).join(", ") ?? "";
const COLUMNS = [
  { key: "email", label: "E-mail", width: "32%", priority: 1, sort: (each) => each.email, show: (each) => each.email },
  { key: "name", label: "Name", priority: 2, sort: (each) => each.last_name, show: (each) => `${each.first_name} ${each.last_name}` },
  { key: "roles", label: "Roles", priority: 2, show: (each) => (each.roles ?? []).map((role) => role.name).join(", ") },
  { key: "staff", label: "Staff of", width: "16%", priority: 3, show: (each) => groups(each.staff_enlistments) },
  { key: "patient", label: "Patient of", width: "16%", priority: 3, show: (each) => groups(each.patient_enlistments) },
];

function Refused() {
  const refusals = useLoad(() => get("/refusals"), [], ["refusals"]);
  return html`<${Loaded} of=${refusals}>${({ data }) => (data.length ? data.slice(0, 200).map((each) => html`<${Refusal} key=${each.id} of=${each} />`)
    : html`<${Empty} title="No call was refused">Where a call lacks a permission, it is listed here with what would have done.<//>`)}<//>`;
}

/** Why it was refused: what was asked for, and what the caller has. */
function Refusal({ of }) {
  const { check } = of;
  return html`<details class="notice refusal"><summary class="row"><span class="status bad">${of.code ?? of.status} ${of.name}</span> <code>${of.method} ${of.path}</code> <span class="dim"><${Time} at=${of.timestamp} /></span></summary>
    <${Facts} of=${[
      ["Why", of.message],
      ["Who", of.userId ? html`<a href=${at("users", of.userId)}>${of.user ?? of.userId}</a>` : "nobody: no valid credentials of a user"],
      ["Run", of.run && html`<a href=${at("runs", of.run)}>the run that called</a>`],
      ["One of these would do", check?.permission && codes(check.permission)],
      ["In the group", check?.group],
      [`Or, by the schema's ${check?.mode ?? ""}`, check?.mode && relations(check.relations)],
    ]} />${check?.held && html`<${Held} of=${check.held} title="The caller has" />`}</details>`;
}

const codes = (names) => (names.length ? joined(names.map((name) => html`<code>${name}</code>`)) : "none");

function relations(names) {
  if (names === null) return "everybody may";
  if (!Array.isArray(names)) return String(names);
  return names.length ? `to be one of: ${names.join(", ")}` : "nobody may";
}

/** Permissions by where they count; many of them are folded. */
export function Held({ of, title = null }) {
  return html`${title && html`<h3>${title}</h3>`}${Object.entries(of).map(([where, names]) => html`<details key=${where} open=${names.length < 12}><summary>${where === "everywhere" ? "everywhere" : html`in the group <code>${where}</code>`}: ${plural(names.length, "permission")}</summary>
    <p class="row">${names.map((name) => html`<a key=${name} href=${at("permissions", { name })}><code>${name}</code></a>`)}</p></details>`)}`;
}

function Create({ close }) {
  const [user, setUser] = useState({ email: "", first_name: "", last_name: "", password: "", phone_number: "0", language: "EN" });
  const { act, busy, error } = useAction();
  const fields = [["email", "E-mail", "email"], ["first_name", "First name", "text"], ["last_name", "Last name", "text"], ["password", "Password", "text"], ["language", "Language", "text"]];
  const create = (event) => {
    event.preventDefault();
    act(async () => {
      const made = await platform("POST", "/users/v1/register", user);
      done("The user was created");
      close();
      go(at("users", made.id));
    });
  };
  return html`<${Dialog} title="Create a user" close=${close}><form class="stack" onSubmit=${create}>
    ${fields.map(([name, label, type]) => html`<${Field} key=${name} id="user-${name}" label=${label}><input id="user-${name}" type=${type} required value=${user[name]} onInput=${(event) => setUser({ ...user, [name]: event.target.value })} /><//>`)}
    <${Wrong} error=${error} /><div class="row"><button type="submit" class="primary" disabled=${busy}>Create</button><button type="button" onClick=${close}>Cancel</button></div></form><//>`;
}
