// The files of the file service.

import { list, urlOf } from "../api.js";
import { bytes, h, replace, table, when } from "../dom.js";

export const filesView = {
  topics: ["files"],
  frame: () => h("h1", {}, "Files"),
  async show({ body }) {
    const { data, total } = await list("/files/v1", "sort(-creationTimestamp)");
    replace(body,
      table("Files", ["Name", "Type", "Size", "Tags", "Created"], data.map((each) => [
        h("a", { href: urlOf(`/files/v1/${encodeURIComponent(each.tokens[0].token)}/file`), download: each.name, class: "row-link" }, each.name),
        each.mimetype, bytes(each.size), each.tags.join(", ") || "–", when(each.creationTimestamp),
      ]), "There are none."),
      total > data.length ? h("p", { class: "dim" }, `The newest ${data.length} of ${total}`) : null);
  },
};
