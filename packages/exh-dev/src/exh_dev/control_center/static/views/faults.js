// What shall go wrong: rules, switched on and off.

import { faults } from "../api.js";
import { h, replace, table } from "../dom.js";
import { attempt } from "../shell.js";

const EXAMPLES = ["PUT /data/*:503:0.3", "* /users/v1/*:latency=0.5", "POST *:reset-after x2", "GET /files/*:truncate"];

export const faultsView = {
  topics: ["runs"],
  frame(context) {
    const text = h("input", { type: "text", id: "rule", placeholder: EXAMPLES[0], "aria-label": "Rule", list: "examples" });
    const add = (event) => {
      event.preventDefault();
      attempt(async () => {
        await faults("POST", "", { rule: text.value });
        text.value = "";
        await faultsView.show(context);
      });
    };
    return [
      h("h1", {}, "Faults"),
      h("p", { class: "lead" }, "Rules for what shall go wrong between functions and the platform: METHOD PATH:FAULT[:PROBABILITY][xN]. ",
        "Faults are a status such as 503, html, latency=S, slow=S, skew=S, reset, reset-after, truncate, truncate-json and duplicate."),
      h("form", { class: "filters", onsubmit: add }, text,
        h("datalist", { id: "examples" }, EXAMPLES.map((each) => h("option", { value: each }))),
        h("button", { type: "submit", class: "primary", id: "add" }, "Add rule")),
    ];
  },
  async show(context) {
    const { rules } = await faults("GET");
    const then = (action) => attempt(async () => {
      await action();
      await faultsView.show(context);
    });
    replace(context.body, table("Faults", ["Rule", "Matched", "Struck", "On", "Drop"], rules.map((each, number) => {
      const on = h("input", { type: "checkbox", id: `on-${number}`, "aria-label": `${each.rule}: on`,
        onchange: () => then(() => faults("PUT", `/${number}`, { on: on.checked })) });
      on.checked = each.on;
      return [h("code", {}, each.rule), String(each.matched), String(each.struck), on,
        h("button", { type: "button", id: `drop-${number}`, onclick: () => then(() => faults("DELETE", `/${number}`)) }, "Drop")];
    }), "Nothing goes wrong on purpose."));
  },
};
