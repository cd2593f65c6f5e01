// What was published on the platform, and what is done about it.

import { list } from "../api.js";
import { h, json, replace, table, when } from "../dom.js";

export const eventsView = {
  topics: ["events", "dispatchers"],
  frame: () => h("h1", {}, "Events"),
  async show({ body }) {
    const [events, dispatchers] = await Promise.all([
      list("/events/v1", "sort(-creation_timestamp)", 100), list("/dispatchers/v1")]);
    replace(body,
      h("h2", {}, "Dispatchers"),
      table("Dispatchers", ["Event", "Name", "Actions"], dispatchers.data.map((each) => [
        each.eventType, each.name ?? "–", each.actions.map(action).join(", ")]), "There are none."),
      h("h2", {}, "Latest events"),
      events.data.length ? events.data.map((each) => h("details", { class: "log-row", "data-key": each.id },
        h("summary", {}, when(each.creation_timestamp), " ", h("b", {}, each.type), " ",
          h("span", { class: "dim clip" }, JSON.stringify(each.content ?? null))),
        json(each, each.id))) : h("p", { class: "empty" }, "Nothing was published."),
      events.total > events.data.length ? h("p", { class: "dim" }, `The newest ${events.data.length} of ${events.total}`) : null);
  },
};

const action = (each) => (each.type === "task" ? `task ${each.functionName}` : `mail by template ${each.templateId}`);
