// How other tools connect. Secrets are shown when they are asked for.

import { get } from "../api.js";
import { facts, h, replace } from "../dom.js";
import { attempt } from "../shell.js";

export const connectView = {
  topics: [],
  frame: () => h("h1", {}, "Connect"),
  async show({ body }) {
    const { credentials } = await get("");
    const show = () => attempt(async () => replace(body, named(await get("/credentials"))));
    replace(body,
      h("p", { class: "lead" }, "The same in a terminal: ", h("code", {}, "exh-dev credentials"), ". The JSON behind this page: ",
        h("a", { href: "/_dev/api/openapi.json" }, "its OpenAPI description"), "."),
      named(credentials),
      h("p", {}, h("button", { type: "button", id: "secrets", onclick: show }, "Show the secrets too")));
  },
};

const named = (credentials) => facts(...Object.entries(credentials).map(([name, value]) =>
  [name.replaceAll("_", " "), h("code", {}, value ?? "–")]));
