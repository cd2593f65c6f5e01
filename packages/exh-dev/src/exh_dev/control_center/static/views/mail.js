// The inbox: every mail that was sent, as its reader would see it.

import { get, mailUrl } from "../api.js";
import { bytes, facts, h, replace, table, when } from "../dom.js";

export const mailView = {
  topics: ["mails"],
  frame: (context) => {
    if (context.path.length) return h("h1", {}, h("a", { href: "#/mail" }, "Mail"), " / ", h("code", {}, context.path[0]));
    const search = h("input", { type: "search", id: "search", placeholder: "address, subject, text …", "aria-label": "Search",
      oninput: () => {
        context.search = search.value;
        clearTimeout(context.timer);
        context.timer = setTimeout(() => mailView.show(context), 200);
      } });
    return [h("h1", {}, "Mail"), h("div", { class: "filters" }, search)];
  },
  async show(context) {
    if (context.path.length) return showMail(context);
    const { data, total } = await get(`/mails?search=${encodeURIComponent(context.search ?? "")}`);
    replace(context.body,
      table("Mail", ["Subject", "To", "Template", "Attachments", "Sent"], data.map((each) => ({
        href: `#/mail/${each.id}`,
        cells: [each.subject || "(no subject)", recipients(each).join(", "), each.template_name ?? each.template_id ?? "–",
          each.attachments.length ? each.attachments.map((file) => file.name).join(", ") : "–", when(each.creation_timestamp)],
      })), context.search ? "No mail is like this." : "No mail was sent yet. None ever leaves this machine, unless serve has --smtp."),
      total > data.length ? h("p", { class: "dim" }, `The newest ${data.length} of ${total}`) : null);
    return undefined;
  },
};

const KINDS = { to: "To", cc: "Copy to", bcc: "Blind copy to" };
const recipients = (mail) => Object.values(mail.recipients).flat();

async function showMail({ path, body }) {
  const mail = await get(`/mails/${encodeURIComponent(path[0])}`);
  const url = mailUrl(mail.id, "body");
  replace(body,
    h("h2", { class: "subject" }, mail.subject || "(no subject)"),
    facts(
      ["From", mail.from],
      ...Object.entries(mail.recipients).map(([kind, addresses]) => [KINDS[kind] ?? kind, addresses.join(", ")]),
      ["Sent", when(mail.creation_timestamp)],
      ["Template", mail.template_name ?? mail.template_id ?? null],
      ["Opened", mail.template_name || mail.template_id ? `${mail.views} times` : null]),
    mail.attachments.length ? h("ul", { class: "attachments" }, mail.attachments.map((each, number) =>
      h("li", {}, h("a", { href: mailUrl(mail.id, `attachments/${number}`), download: each.name }, each.name), ` ${bytes(each.size)}`))) : null,
    h("iframe", { class: "mail", sandbox: "", src: url, title: "The mail as its reader sees it" }),
    h("details", { "data-key": "source" }, h("summary", {}, "Source"), h("pre", { class: "json", tabindex: "0" }, mail.body)));
}
