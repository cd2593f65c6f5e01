// The inbox: every mail that was sent, as its reader would see it.

import { get, mailUrl } from "../api.js";
import { html, useLoad } from "../lib.js";
import { at, setQuery } from "../route.js";
import { Plain } from "../ui/json.js";
import { List, SearchField } from "../ui/list.js";
import { Empty, Facts, Head, Loaded } from "../ui/parts.js";
import { Time, bytes, plural } from "../ui/values.js";

const KINDS = { to: "To", cc: "Copy to", bcc: "Blind copy to" };

export function MailView({ route }) {
  return route.path.length ? html`<${Mail} key=${route.path[0]} id=${route.path[0]} />` : html`<${Inbox} words=${route.query.get("search") ?? ""} />`;
}

function Inbox({ words }) {
  const mails = useLoad(() => get(`/mails?search=${encodeURIComponent(words)}`), [words], ["mails"]);
  return html`<${Head} title="Mail" /><div class="filters"><${SearchField} placeholder="address, subject, text…" value=${words} search=${(search) => setQuery({ search })} /></div>
    <${Loaded} of=${mails}>${({ data, total }) => (data.length ? html`<p class="dim" role="status">${total > data.length ? `The newest ${data.length} of ` : ""}${plural(total, "mail")}</p>
      <${List} label="Mail" columns=${COLUMNS} rows=${data} href=${(each) => at("mail", each.id)} />`
    : words ? html`<${Empty} title="No mail is like this"><a href="#/mail">Show all mails</a><//>`
      : html`<${Empty} title="No mail was sent yet">What functions send by <code>exh.mails.send()</code> is kept here. None ever leaves this machine, unless serve has --smtp.<//>`)}<//>`;
}

const COLUMNS = [
  { key: "subject", label: "Subject", width: "38%", priority: 1, sort: (each) => each.subject, show: (each) => each.subject || "(no subject)" },
  { key: "to", label: "To", priority: 1, show: (each) => Object.values(each.recipients).flat().join(", ") },
  { key: "template", label: "Template", width: "16%", priority: 3, show: (each) => each.template_name ?? each.template_id ?? "" },
  { key: "attachments", label: "Attachments", width: "16%", priority: 3, show: (each) => each.attachments.map((file) => file.name).join(", ") },
  { key: "sent", label: "Sent", width: "130px", priority: 2, sort: (each) => each.creation_timestamp, show: (each) => html`<${Time} at=${each.creation_timestamp} />` },
];

function Mail({ id }) {
  const mail = useLoad(() => get(`/mails/${encodeURIComponent(id)}`), [id], ["mails"]);
  const trace = useLoad(() => get(`/traces/${encodeURIComponent(id)}`).catch(() => null), [id], []);
  return html`<${Loaded} of=${mail}>${(data) => html`<${Head} title=${data.subject || "(no subject)"} crumbs=${[["Mail", "#/mail"]]} />
    <${Facts} of=${[
      ["From", data.from], ...Object.entries(data.recipients).map(([kind, addresses]) => [KINDS[kind] ?? kind, addresses.join(", ")]),
      ["Sent", html`<${Time} at=${data.creation_timestamp} />`], ["Template", data.template_name ?? data.template_id],
      ["Opened", data.template_name || data.template_id ? plural(data.views, "time") : null],
      ["Sent by", sender(trace.data)],
    ]} />
    ${data.attachments.length > 0 && html`<ul class="plain-list">${data.attachments.map((each, number) => html`<li key=${number}><a href=${mailUrl(data.id, `attachments/${number}`)} download=${each.name}>${each.name}</a><span class="dim">${bytes(each.size)}</span></li>`)}</ul>`}
    <iframe class="mail" sandbox="" src=${mailUrl(data.id, "body")} title="The mail as its reader sees it"></iframe>
    <details><summary>Source</summary><${Plain} text=${data.body} label="Source" /></details>`}<//>`;
}

function sender(trace) {
  const run = trace?.nodes.find((each) => each.kind === "run");
  return run && html`<a href=${at("runs", run.ref.run)}>${run.name}</a>`;
}
