// The schemas, each with how many documents it has.

import { list, platform } from "../api.js";
import { html, useLoad, useState } from "../lib.js";
import { at } from "../route.js";
import { List, SearchField } from "../ui/list.js";
import { Empty, Head, Loaded } from "../ui/parts.js";
import { count } from "../ui/values.js";

export function DocumentsView() {
  const [words, setWords] = useState("");
  const schemas = useLoad(async () => {
    const { data } = await list("/data/v1");
    const counts = await Promise.all(data.map(async (each) => (await platform("GET", `/data/v1/${each.id}/documents?limit(1)`)).page.total));
    return data.map((each, index) => ({ ...each, documents: counts[index] }));
  }, [], ["documents"]);
  return html`<${Head} title="Documents" /><div class="filters"><${SearchField} placeholder="schema…" value=${words} search=${setWords} /></div>
    <${Loaded} of=${schemas}>${(all) => {
      const rows = all.filter((each) => `${each.name} ${each.description}`.toLowerCase().includes(words.toLowerCase()));
      return rows.length ? html`<${List} label="Schemas" columns=${COLUMNS} rows=${rows} href=${(each) => at("documents", each.name)} />`
        : html`<${Empty} title=${all.length ? "No schema is like this" : "There is no schema"}>A file in <code>schemas/</code> is loaded as soon as it is saved; <code>POST /data/v1</code> makes one too.<//>`;
    }}<//>`;
}

const COLUMNS = [
  { key: "name", label: "Schema", width: "28%", priority: 1, sort: (each) => each.name, show: (each) => each.name },
  { key: "documents", label: "Documents", width: "110px", priority: 1, number: true, sort: (each) => each.documents, show: (each) => count(each.documents) },
  { key: "statuses", label: "Statuses", width: "26%", priority: 2, show: (each) => Object.keys(each.statuses).join(", ") },
  { key: "description", label: "Description", priority: 3, show: (each) => html`<span class="dim">${each.description}</span>` },
];
