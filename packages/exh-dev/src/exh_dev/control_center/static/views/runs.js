// Every run, whoever asked for it: the newest first, filtered and searched on the server.

import { get } from "../api.js";
import { h, ms, replace, status, table, when } from "../dom.js";
import { go } from "../shell.js";

const PAGE = 50;
const CHOICES = {
  status: ["running", "OK", "FAILED"],
  kind: ["task", "direct", "api", "queue", "invoke"],
  trigger: ["task", "retry", "transition", "dispatcher", "direct", "api", "queue"],
};
const NAMES = { kind: "Asked for by", trigger: "Trigger", status: "Status", function: "Function" };

export const runsView = {
  topics: ["runs"],
  /** A change of filters keeps the frame, and with it what is being typed. */
  keeps: (before, after) => before.path.length === 0 && after.path.length === 0,
  async frame(context) {
    const { data } = await get("/functions");
    const choices = { function: data.map((each) => each.name), ...CHOICES };
    const search = h("input", {
      type: "search", id: "search", placeholder: "event, result, error, log …", "aria-label": "Search",
      value: context.query.get("search") ?? "",
      oninput: () => {
        clearTimeout(context.timer);
        context.timer = setTimeout(() => change(context, "search", search.value), 200);
      },
    });
    return [
      h("h1", {}, "Runs"),
      h("div", { class: "filters" }, search, Object.entries(choices).map(([name, values]) => filter(context, name, values))),
    ];
  },
  async show(context) {
    const query = new URLSearchParams(location.hash.split("?")[1] ?? "");
    const offset = Number(query.get("offset") ?? 0);
    query.set("limit", PAGE);
    const { data, total } = await get(`/runs?${query}`);
    fill(query);
    const chain = query.get("chain");
    replace(
      context.body,
      chain ? h("p", { class: "row" }, "Attempts at the task ", h("code", {}, chain),
        h("button", { type: "button", id: "no-chain", onclick: () => change(context, "chain", "") }, "Show all runs")) : null,
      table("Runs", ["Function", "Status", "Trigger", "Started", "Time", "Attempt", "Calls", "Error"], data.map((run) => ({
        href: `#/runs/${run.id}`,
        cells: [
          run.function,
          status(run.status),
          run.kind === "invoke" ? `${run.trigger}, by hand` : run.trigger,
          when(run.started),
          ms(run.duration_ms),
          String(run.attempt),
          run.platform_calls === undefined ? "–" : String(run.platform_calls),
          h("span", { class: "dim clip", title: run.failure }, run.failure),
        ],
      })), query.size > 1 ? "No run is like this." : "Nothing has run yet. Invoke a function, or call an API function."),
      pages(context, offset, data.length, total),
    );
  },
};

/** Let the fields say what is filtered, however it came to that. */
function fill(query) {
  for (const name of ["function", ...Object.keys(CHOICES)]) {
    const select = document.getElementById(`filter-${name}`);
    if (select) select.value = query.get(name) ?? "";
  }
  const search = document.getElementById("search");
  if (search && search !== document.activeElement) search.value = query.get("search") ?? "";
}

function filter(context, name, values) {
  const chosen = context.query.get(name) ?? "";
  const select = h("select", { id: `filter-${name}`, "aria-label": NAMES[name], onchange: () => change(context, name, select.value) },
    h("option", { value: "" }, `${NAMES[name]}: any`), values.map((each) => h("option", { value: each }, each)));
  select.value = chosen;
  return select;
}

function change(_, name, value) {
  const query = new URLSearchParams(location.hash.split("?")[1] ?? "");
  if (value) query.set(name, value);
  else query.delete(name);
  if (name !== "offset") query.delete("offset");
  go(query.size ? `#/runs?${query}` : "#/runs");
}

function pages(context, offset, count, total) {
  if (!total) return h("p");
  const step = (to, text, id) => h("button", {
    type: "button", id, disabled: to < 0 || to >= total, onclick: () => change(context, "offset", to ? String(to) : ""),
  }, text);
  return h("p", { class: "pages" },
    step(offset - PAGE, "Newer", "newer"),
    h("span", {}, `${offset + 1} to ${offset + count} of ${total}`),
    step(offset + PAGE, "Older", "older"));
}
