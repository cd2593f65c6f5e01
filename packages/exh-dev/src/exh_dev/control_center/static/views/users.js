// Users and what they may do; and calls that were refused, with the check that failed.

import { get, list, platform } from "../api.js";
import { facts, h, joined, replace, table, when } from "../dom.js";

export const usersView = {
  topics: ["users", "refusals"],
  frame: ({ path }) => (path.length
    ? h("h1", {}, h("a", { href: "#/users" }, "Users"), " / ", h("code", {}, path[0]))
    : h("h1", {}, "Users")),
  async show(context) {
    if (context.path.length) return showUser(context);
    const [{ data, total }, { data: refusals }] = await Promise.all([list("/users/v1"), get("/refusals")]);
    replace(context.body,
      table("Users", ["E-mail", "Name", "Roles", "Staff of", "Patient of"], data.map((each) => ({
        href: `#/users/${each.id}`,
        cells: [each.email, `${each.first_name} ${each.last_name}`, h("span", { class: "wrap" }, (each.roles ?? []).map((role) => role.name).join(", ") || "–"),
          groups(each.staff_enlistments), groups(each.patient_enlistments)],
      }))),
      total > data.length ? h("p", { class: "dim" }, `${data.length} of ${total}`) : null,
      h("h2", {}, "Refused calls"),
      refusals.length ? refusals.slice(0, 100).map(refusal) : h("p", { class: "empty" }, "No call was refused."));
    return undefined;
  },
};

const groups = (enlistments) => (enlistments?.length ? enlistments.map((each) => each.group_id).join(", ") : "–");

/** Why it was refused: what was asked for, and what the caller has. */
function refusal(each) {
  const { check } = each;
  return h("details", { class: "refusal", "data-key": each.id },
    h("summary", {}, when(each.timestamp), " ", h("code", {}, `${each.method} ${each.path}`), " ",
      h("span", { class: "status bad" }, `${each.code ?? each.status} ${each.name}`)),
    facts(
      ["Why", each.message],
      ["Who", each.userId ? h("a", { href: `#/users/${each.userId}` }, each.user ?? each.userId) : "nobody: no valid credentials of a user"],
      ["Run", each.run ? h("a", { href: `#/runs/${each.run}` }, "the run that called") : null],
      ["One of these would do", check?.permission ? codes(check.permission) : null],
      ["In the group", check?.group ?? null],
      ["Or, by the schema's " + (check?.mode ?? ""), check?.mode ? relations(check.relations) : null],
      ["The caller has", check?.held ? held(check.held) : null]));
}

const codes = (names) => (names.length ? joined(names.map((name) => h("code", {}, name)), ", ") : "none");

function relations(names) {
  if (names === null) return "everybody may";
  if (!Array.isArray(names)) return String(names);
  return names.length ? ["to be one of: ", names.join(", ")] : "nobody may";
}

const held = (permissions) => h("ul", { class: "plain" }, Object.entries(permissions).map(([where, names]) =>
  h("li", {}, where === "everywhere" ? "everywhere: " : ["in ", h("code", {}, where), ": "], codes(names))));

async function showUser({ path, body }) {
  const id = encodeURIComponent(path[0]);
  const [user, { data }] = await Promise.all([platform("GET", `/users/v1/${id}`), get(`/users/${id}/permissions`)]);
  replace(body, facts(
    ["E-mail", user.email],
    ["Name", `${user.first_name} ${user.last_name}`],
    ["Language", user.language],
    ["Time zone", user.time_zone],
    ["Activated", user.activation ? "yes" : "no"],
    ["Roles", (user.roles ?? []).map((each) => each.name).join(", ") || "none"],
    ["Staff of", groups(user.staff_enlistments)],
    ["Patient of", groups(user.patient_enlistments)]),
  h("h2", {}, "Permissions"), held(data));
}
