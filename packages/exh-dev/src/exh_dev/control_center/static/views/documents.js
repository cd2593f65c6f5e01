// Schemas as state diagrams; their documents, what happened to each, and moving one.

import { get, list, platform } from "../api.js";
import { diagram } from "../diagram.js";
import { facts, h, joined, json, replace, table, when } from "../dom.js";
import { attempt, dialog, toast } from "../shell.js";

const PAGE = 25;
const at = (...path) => `#/documents/${path.map(encodeURIComponent).join("/")}`;

export const documentsView = {
  topics: ["documents"],
  async frame({ path }) {
    const [schema, document] = path;
    const crumbs = [h("a", { href: "#/documents" }, "Documents")];
    if (schema) crumbs.push(document ? h("a", { href: at(schema) }, schema) : schema);
    if (document) crumbs.push(h("code", {}, document));
    return h("h1", {}, schema ? joined(crumbs, " / ") : "Documents");
  },
  async show(context) {
    const [schema, document] = context.path;
    if (document) return showDocument(context, schema, document);
    return schema ? showSchema(context, schema) : showSchemas(context);
  },
};

async function showSchemas({ body }) {
  const { data } = await list("/data/v1");
  const counts = await Promise.all(data.map(async (each) =>
    (await platform("GET", `/data/v1/${each.id}/documents?limit(1)`)).page.total));
  replace(body, table("Schemas", ["Schema", "Documents", "Statuses", "Description"], data.map((each, index) => ({
    href: at(each.name),
    cells: [each.name, String(counts[index]), Object.keys(each.statuses).join(", "), h("span", { class: "dim" }, each.description)],
  })), "There are no schemas. They come from schemas/, or are made by POST /data/v1."));
}

async function schemaOf(name) {
  const { data } = await platform("GET", `/data/v1?eq(name,${encodeURIComponent(encodeURIComponent(name))})`);
  return data[0];
}

async function showSchema(context, name) {
  const schema = await schemaOf(name);
  if (!schema) return replace(context.body, h("p", { class: "empty" }, "There is no such schema."));
  const rql = context.rql ?? "";
  const offset = context.offset ?? 0;
  const query = `${rql ? `${rql}&` : ""}sort(-creationTimestamp)&limit(${PAGE},${offset})`;
  const { data, page } = await platform("GET", `/data/v1/${schema.id}/documents?${query}`);
  const search = h("input", { type: "search", id: "rql", placeholder: "RQL, such as eq(status,new)", "aria-label": "RQL", value: context.typed ?? rql,
    oninput: () => (context.typed = search.value) });
  // A query that is refused is told, and what was found before stays.
  const ask = (change) => attempt(async () => {
    await platform("GET", `/data/v1/${schema.id}/documents?${change.rql ? `${change.rql}&` : ""}limit(1)`);
    Object.assign(context, change);
    await showSchema(context, name);
  });
  replace(context.body,
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "State diagram" }, diagram(schema)),
    h("details", { "data-key": "schema" }, h("summary", {}, "The schema"), json(schema, "schema")),
    h("h2", {}, "Documents"),
    h("form", { class: "filters", onsubmit: (event) => { event.preventDefault(); ask({ rql: search.value.trim(), offset: 0 }); } },
      search, h("button", { type: "submit" }, "Find")),
    table("Documents", ["Document", "Status", "Created", "Changed", "Data"], data.map((each) => ({
      href: at(name, each.id),
      cells: [h("code", {}, each.id), each.status, when(each.creationTimestamp), when(each.updateTimestamp),
        h("span", { class: "dim clip" }, JSON.stringify(each.data))],
    })), rql ? "No document is like this." : "There are none."),
    h("p", { class: "pages" },
      h("button", { type: "button", id: "newer", disabled: offset === 0, onclick: () => ask({ rql, offset: Math.max(offset - PAGE, 0) }) }, "Newer"),
      h("span", {}, data.length ? `${offset + 1} to ${offset + data.length} of ${page.total}` : `0 of ${page.total}`),
      h("button", { type: "button", id: "older", disabled: offset + PAGE >= page.total, onclick: () => ask({ rql, offset: offset + PAGE }) }, "Older")));
  return true;
}

async function showDocument(context, name, id) {
  const schema = await schemaOf(name);
  const found = schema && (await platform("GET", `/data/v1/${schema.id}/documents?eq(id,${encodeURIComponent(id)})`)).data[0];
  if (!found) return replace(context.body, h("p", { class: "empty" }, "There is no such document any more."));
  const { data: entries } = await get(`/documents/${encodeURIComponent(id)}/history`);
  const possible = schema.transitions.filter((each) => each.type === "manual" && each.fromStatuses.includes(found.status));
  replace(context.body,
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "State diagram" }, diagram(schema, found.status)),
    h("div", { class: "row actions" }, possible.length ? possible.map((each) =>
      h("button", { type: "button", id: `fire-${each.name}`, onclick: () => fire(context, schema, found, each) }, each.name))
      : h("span", { class: "dim" }, `No transition by hand leads on from ${found.status}.`)),
    facts(
      ["Status", found.status],
      ["Locked", found.transitionLock ? ["since ", when(found.transitionLock.timestamp)] : null],
      ["Created", when(found.creationTimestamp)],
      ["Creator", userLink(found.creatorId)],
      ["Users", found.userIds.length ? joined(found.userIds.map(userLink), ", ") : "none"],
      ["Groups", found.groupIds.length ? found.groupIds.join(", ") : "none"]),
    h("h2", {}, "Data"), json(found.data, "data"),
    h("h2", {}, "History"),
    table("History", ["When", "What", "From", "To", "By", "Run"], entries.map((each) => [
      when(each.timestamp), each.change, each.fromStatus ?? "–", each.toStatus, each.user ?? each.userId ?? "–",
      each.run ? h("a", { href: `#/runs/${each.run}` }, "run") : "–",
    ]), "Nothing was noted."));
  return true;
}

const userLink = (id) => h("a", { href: `#/users/${encodeURIComponent(id)}` }, h("code", {}, id));

/** Ask for the transition's data, and make it. */
function fire(context, schema, found, transition) {
  dialog(transition.name, (close) => {
    const text = h("textarea", { id: "transition-data", rows: "8", spellcheck: "false", "aria-label": "Data", value: "{}" });
    return h("form", { onsubmit: (event) => {
      event.preventDefault();
      attempt(async () => {
        const data = JSON.parse(text.value);
        await platform("POST", `/data/v1/${schema.id}/documents/${found.id}/transition`, { id: transition.id, data });
        close();
        toast(`${transition.name}: done`);
        await showDocument(context, schema.name, found.id);
      });
    } },
    h("p", {}, `From ${found.status} to ${transition.toStatus}, with this data:`), text,
    h("div", { class: "row" },
      h("button", { type: "submit", class: "primary", id: "fire" }, "Make the transition"),
      h("button", { type: "button", onclick: close }, "Cancel")));
  });
}
