// The files of the file service: upload, look at, download, delete.

import { platform, send, upload, urlOf } from "../api.js";
import { html, useAction, useLoad, useState } from "../lib.js";
import { usePlatformList } from "../paged.js";
import { at, go, setQuery } from "../route.js";
import { Icon } from "../ui/icons.js";
import { Plain } from "../ui/json.js";
import { List, SearchField } from "../ui/list.js";
import { Card, Dialog, Empty, Facts, Field, Head, Loaded, Wrong } from "../ui/parts.js";
import { deleteSoon, done } from "../ui/toasts.js";
import { Copy, Time, bytes, plural } from "../ui/values.js";
import { quotedValue } from "./rql.js";

const LARGEST_PREVIEW = 5_000_000; // bytes
const MOST_TEXT = 50_000; // characters

export function FilesView({ route }) {
  const { query, path } = route;
  const words = query.get("search") ?? "";
  const files = usePlatformList("/files/v1", `${words ? `like(name,${quotedValue(words)})&` : ""}sort(-creationTimestamp)`, ["files"], (each) => ({ ...each, id: idOf(each) }));
  const uploads = query.get("upload") === "1";
  return html`<${Head} title="Files"><button type="button" class="primary" onClick=${() => setQuery({ upload: "1" })}><${Icon} name="upload" />Upload</button><//>
    ${path[0] && html`<${File} key=${path[0]} id=${path[0]} reload=${files.reload} />`}
    <div class="filters"><${SearchField} placeholder="name…" value=${words} search=${(search) => setQuery({ search })} /></div>
    <${Loaded} of=${files}>${({ rows, total, isDone }) => (rows.length ? html`<p class="dim" role="status">${plural(total, "file")}</p>
      <${List} label="Files" columns=${COLUMNS} rows=${rows} href=${(each) => at("files", each.id)} more=${isDone ? null : files.more} seen=${files.seen} />`
    : html`<${Empty} title=${words ? "No file is like this" : "There is no file yet"}>${words ? "Search for something else." : html`Upload one, or let a function do it: <code>exh.files.create()</code>`}<//>`)}<//>
    ${uploads && html`<${Upload} close=${() => setQuery({ upload: "" })} />`}`;
}

const tokenOf = (each) => each.tokens[0].token;
const idOf = (each) => tokenOf(each).split("-")[0];
const COLUMNS = [
  { key: "name", label: "Name", width: "34%", priority: 1, sort: (each) => each.name, show: (each) => each.name },
  { key: "type", label: "Type", priority: 2, sort: (each) => each.mimetype, show: (each) => each.mimetype },
  { key: "size", label: "Size", width: "90px", priority: 1, number: true, sort: (each) => each.size, show: (each) => bytes(each.size) },
  { key: "tags", label: "Tags", priority: 3, show: (each) => each.tags.join(", ") },
  { key: "created", label: "Created", width: "150px", priority: 2, sort: (each) => each.creationTimestamp, show: (each) => html`<${Time} at=${each.creationTimestamp} />` },
];

function File({ id, reload }) {
  const found = useLoad(async () => (await platform("GET", `/files/v1?like(tokens.token,${quotedValue(`${id}-`)})`)).data[0] ?? null, [id], ["files"]);
  const remove = (file) => {
    go("#/files");
    deleteSoon(`${file.name} will be deleted`, async () => (await platform("DELETE", `/files/v1/${tokenOf(file)}`), reload()), () => go(at("files", id)));
  };
  return html`<${Loaded} of=${found}>${(file) => (file ? html`<${Card} title=${file.name} actions=${html`<a class="button small" href=${urlOf(`/files/v1/${tokenOf(file)}/file`)} download=${file.name}>Download</a>
      <button type="button" class="small danger" onClick=${() => remove(file)}>Delete</button><a class="button small" href="#/files">Close</a>`}>
    <${Facts} of=${[["Type", file.mimetype], ["Size", bytes(file.size)], ["Tags", file.tags.join(", ") || "none"], ["Created", html`<${Time} at=${file.creationTimestamp} />`],
      ["Token", html`<span class="row"><code>…${tokenOf(file).slice(-12)}</code><${Copy} text=${tokenOf(file)} /></span>`]]} />
    <${Preview} file=${file} /><//>` : html`<${Empty} title="There is no such file any more"><a href="#/files">All files</a><//>`)}<//>`;
}

/** What can be shown: an image, and the beginning of a text as text, whatever is in it. */
function Preview({ file }) {
  const kind = file.mimetype.split(";")[0];
  const url = urlOf(`/files/v1/${tokenOf(file)}/file`);
  if (file.size > LARGEST_PREVIEW) return html`<p class="dim">Too large to be shown here.</p>`;
  if (kind.startsWith("image/") && kind !== "image/svg+xml") return html`<img src=${url} alt=${file.name} style=${{ maxWidth: "100%", maxHeight: "480px" }} />`;
  if (kind.startsWith("text/") || kind === "application/json") return html`<${TextPreview} file=${file} />`;
  return html`<p class="dim">A browser shows no preview of ${kind} here; download it.</p>`;
}

function TextPreview({ file }) {
  const text = useLoad(async () => (await send("GET", `/files/v1/${tokenOf(file)}/file`)).text, [tokenOf(file)], []);
  return html`<${Loaded} of=${text}>${(data) => html`<${Plain} text=${data.slice(0, MOST_TEXT)} label="Preview of ${file.name}" />${data.length > MOST_TEXT && html`<p class="dim">The beginning.</p>`}`}<//>`;
}

function Upload({ close }) {
  const [file, setFile] = useState(null);
  const [tags, setTags] = useState("");
  const { act, busy, error } = useAction();
  const put = (event) => {
    event.preventDefault();
    act(async () => {
      await upload(file, tags.split(",").map((each) => each.trim()).filter(Boolean));
      done(`${file.name} was uploaded`);
      close();
    });
  };
  return html`<${Dialog} title="Upload a file" close=${close}><form class="stack" onSubmit=${put}>
    <${Field} id="upload" label="File"><input id="upload" type="file" required onChange=${(event) => setFile(event.target.files[0] ?? null)} /><//>
    <${Field} id="tags" label="Tags" hint="With commas between them"><input id="tags" value=${tags} onInput=${(event) => setTags(event.target.value)} /><//>
    <${Wrong} error=${error} /><div class="row"><button type="submit" class="primary" disabled=${busy || !file}>Upload</button><button type="button" onClick=${close}>Cancel</button></div></form><//>`;
}
