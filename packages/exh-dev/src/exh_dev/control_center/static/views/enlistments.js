// The groups of a user: as a patient, as staff and with which roles there; taking part in them, and leaving them.

import { get, list, platform } from "../api.js";
import { html, useAction, useLoad, useState } from "../lib.js";
import { at } from "../route.js";
import { Icon } from "../ui/icons.js";
import { Card, Field, Loaded, Select, Wrong } from "../ui/parts.js";
import { deleteSoon, done } from "../ui/toasts.js";
import { Status, Time } from "../ui/values.js";

const KINDS = [["patient", "as a patient"], ["staff", "as staff"]];
const ID = /^[0-9a-f]{24}$/;
const OF_USER = (user) => `eq(id,${user.id})`;

export function Enlistments({ user, reload }) {
  const staff = user.staff_enlistments ?? [];
  const patient = user.patient_enlistments ?? [];
  const leave = {
    staff: (group) => platform("POST", `/users/v1/remove_from_staff?${OF_USER(user)}`, { groups: [group] }),
    patient: (group) => platform("DELETE", `/users/v1/${user.id}/patient_enlistments/${group}`),
  };
  const shown = (kind, of) => of.map((each) => html`<${Enlistment} key=${kind + each.group_id} kind=${kind} of=${each} user=${user} reload=${reload} leave=${() => leave[kind](each.group_id)} />`);
  return html`<${Card} title="Groups">
    <section class="stack tight" aria-label="Staff of"><h3>Staff of</h3>${staff.length ? shown("staff", staff) : html`<p class="dim">no group</p>`}</section>
    <section class="stack tight" aria-label="Patient of"><h3>Patient of</h3>${patient.length ? shown("patient", patient) : html`<p class="dim">no group</p>`}</section>
    <${Enlist} user=${user} taken=${{ staff, patient }} reload=${reload} /><//>`;
}

function Enlistment({ kind, of, user, reload, leave }) {
  const [leaves, setLeaves] = useState(false);
  const remove = () => {
    setLeaves(true);
    const stay = () => setLeaves(false);
    const what = kind === "staff" ? "staff" : "a patient";
    deleteSoon(`${user.first_name} ${user.last_name} will not be ${what} of the group …${of.group_id.slice(-8)} any more`, async () => (await leave(), reload()), stay);
  };
  return html`<div class="notice stack tight" role="group" aria-label="Group ${of.group_id}">
    <div class="row"><code class="grow">${of.group_id}</code>${of.expired && html`<${Status} text="expired" />`}
      ${of.expiry_timestamp > 0 && html`<span class="dim">until <${Time} at=${new Date(of.expiry_timestamp).toISOString()} precise /></span>`}
      ${leaves && html`<span class="dim">left in a moment</span>`}
      <button type="button" class="small danger" disabled=${leaves} onClick=${remove}><${Icon} name="trash" />Take out</button></div>
    ${kind === "staff" && html`<${GroupRoles} group=${of.group_id} held=${of.roles ?? []} user=${user} reload=${reload} isOver=${leaves} />`}</div>`;
}

function GroupRoles({ group, held, user, reload, isOver }) {
  const [chosen, setChosen] = useState("");
  const { act, busy, error } = useAction();
  const roles = useLoad(() => list(`/users/v1/groups/${group}/roles`), [group], ["users"]);
  const change = (path, role) => act(async () => {
    await platform("POST", `/users/v1/groups/${group}/staff/${path}?${OF_USER(user)}`, { roles: [role] });
    done("The roles in the group were changed");
    setChosen("");
    reload();
  });
  const names = new Set(held.map((each) => each.id));
  return html`<p class="row">${held.length ? held.map((each) => html`<span class="row" key=${each.id}><b>${each.name}</b>
      <button type="button" class="icon" disabled=${busy || isOver} aria-label="Take the role ${each.name} away" onClick=${() => change("remove_roles", each.id)}><${Icon} name="close" /></button></span>`)
    : html`<span class="dim">without a role</span>`}</p>
    <${Loaded} of=${roles}>${({ data }) => {
      const others = data.filter((each) => !names.has(each.id));
      return others.length ? html`<form class="filters" onSubmit=${(event) => (event.preventDefault(), change("add_roles", chosen))}>
        <${Select} id="role-${group}" label="Role in the group" value=${chosen} none="Choose a role…" of=${others.map((each) => [each.id, each.name])} choose=${setChosen} />
        <button type="submit" class="small" disabled=${busy || isOver || !chosen}>Give the role in the group</button></form>`
        : data.length ? null : html`<p class="dim">The group has no roles: <a href=${at("users", { tab: "roles" })}>create one</a></p>`;
    }}<//><${Wrong} error=${error} />`;
}

function Enlist({ user, taken, reload }) {
  const [group, setGroup] = useState("");
  const [kind, setKind] = useState("patient");
  const [wrong, setWrong] = useState(null);
  const { act, busy, error, clear } = useAction();
  const groups = useLoad(() => get("/groups"), [], ["users"]);
  const type = (text) => {
    setGroup(text.trim());
    setWrong(null);
    clear();
  };
  const enlist = (event) => {
    event.preventDefault();
    const mistake = mistakeIn(group, kind, taken);
    setWrong(mistake);
    if (mistake) return;
    act(async () => {
      if (kind === "staff") await platform("POST", `/users/v1/add_to_staff?${OF_USER(user)}`, { groups: [group] });
      else await platform("POST", `/users/v1/${user.id}/patient_enlistments`, { group_id: group });
      done(`The user is in the group ${KINDS.find(([each]) => each === kind)[1]}`);
      setGroup("");
      reload();
    });
  };
  return html`<form class="stack tight" onSubmit=${enlist} aria-label="Enlist in a group">
    <${Field} id="group" label="Group" hint="The id of a group that is there, or a new one: a group begins with its first user." wrong=${wrong ?? error?.message}>
      <div class="filters"><input id="group" list="groups" style=${{ minWidth: "236px" }} autocomplete="off" spellcheck="false" placeholder="24 hexadecimal characters" value=${group} onInput=${(event) => type(event.target.value)} />
        <button type="button" class="small" onClick=${() => type(newId())}>New id</button>
        <${Select} id="enlist-as" label="As what" value=${kind} of=${KINDS} choose=${(each) => (setKind(each), setWrong(null), clear())} />
        <button type="submit" disabled=${busy || !group}>Enlist</button></div><//>
    <datalist id="groups">${groups.data?.data.map((each) => html`<option key=${each.id} value=${each.id} />`)}</datalist></form>`;
}

/** What the platform would refuse, and what it would take without doing anything; null where it is right. */
function mistakeIn(group, kind, taken) {
  if (!ID.test(group)) return "An id has 24 hexadecimal characters, in lower case";
  if (taken[kind].some((each) => each.group_id === group)) return `The user is in this group ${KINDS.find(([each]) => each === kind)[1]} already`;
  return null;
}

/** An id as the platform makes them: the seconds, then 16 random characters. */
function newId() {
  const random = [...crypto.getRandomValues(new Uint8Array(8))].map((each) => each.toString(16).padStart(2, "0")).join("");
  return Math.floor(Date.now() / 1000).toString(16).padStart(8, "0") + random;
}
