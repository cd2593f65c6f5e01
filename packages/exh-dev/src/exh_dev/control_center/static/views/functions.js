// What can run; one of it, with what it may do, and a form to run it.

import { get, post } from "../api.js";
import { bytes, facts, h, joined, ms, replace, status, table, when } from "../dom.js";
import { attempt, go } from "../shell.js";

const hrefOf = (name) => `#/functions/${encodeURIComponent(name)}`;

export const functionsView = {
  topics: ["functions", "runs", "documents", "dispatchers", "schedules"],
  frame: () => h("h1", {}, "Functions"),
  async show({ body }) {
    const { data } = await get("/functions");
    replace(body, table(
      "Functions",
      ["Function", "Last run", "Started by", "Limits", "Permissions", "Worker"],
      data.map((each) => ({
        href: hrefOf(each.name),
        cells: [
          each.hides_project ? [each.name, " ", status("uploaded")] : each.name,
          lastRun(each.last),
          h("span", { class: "dim wrap" }, joined(triggersOf(each), ", ")),
          `${each.timeout} s, ${each.memory} MB`,
          permissionsOf(each),
          worker(each),
        ],
      })),
      "There are none. Run exh-dev serve inside a project.",
    ));
  },
};

function triggersOf(each) {
  const told = each.triggers.map((trigger) => {
    switch (trigger.type) {
      case "transition": return `${trigger.schema}: ${trigger.name}`;
      case "dispatcher": return `event ${trigger.event}`;
      case "schedule": return `every ${trigger.interval} s`;
      case "queue": return `queue, ${trigger.batch} messages`;
      default: return "API request";
    }
  });
  if (each.source === "platform") return ["a call (the platform's own)"];
  if (!each.targets.includes("exh") && !told.length) return ["a call on AWS"];
  return told.length ? told : ["a call, or a task"];
}

function permissionsOf({ permissions, source, targets }) {
  if (source !== "project") return "–";
  if (permissions) return String(permissions.length);
  return targets.includes("exh") ? "no credentials" : "0";
}

function mayDo({ permissions, source, targets }) {
  if (source !== "project") return "what is not known here";
  if (permissions?.length) return h("ul", { class: "plain" }, permissions.map((each) => h("li", {}, h("code", {}, each))));
  if (permissions || !targets.includes("exh")) return "nothing but what every user may";
  return "nothing: without executionCredentials in template.yaml it has no credentials";
}

function lastRun(run) {
  if (!run) return h("span", { class: "dim" }, "never");
  return [status(run.status), " ", ms(run.duration_ms), " ", h("span", { class: "dim" }, when(run.started))];
}

function worker({ workers, problems, source, enabled, targets }) {
  if (enabled === false) return status("disabled");
  if (problems.length) return status("FAILED");
  if (source === "platform") return h("span", { class: "dim" }, "always");
  if (!targets.includes("exh")) return h("span", { class: "dim" }, "on AWS");
  if (!workers.all) return h("span", { class: "dim" }, "cold");
  return workers.all === workers.idle ? `${workers.idle} warm` : `${workers.all - workers.idle} of ${workers.all} busy`;
}

export const functionView = {
  topics: ["functions", "runs"],
  async frame(context) {
    const name = context.path[0];
    const [about, { command }] = await Promise.all([get(`/functions/${encodeURIComponent(name)}`), get("")]);
    return [
      h("h1", {}, h("a", { href: "#/functions" }, "Functions"), " / ", name),
      h("p", { class: "lead" }, about.description),
      form(about, command),
    ];
  },
  async show({ path, body }) {
    const about = await get(`/functions/${encodeURIComponent(path[0])}`);
    const { data } = await get(`/runs?limit=10&function=${encodeURIComponent(about.name)}`);
    replace(
      body,
      about.hides_project ? h("p", { class: "notice bad" }, "An uploaded bundle runs in the place of this project's code, and ",
        "nothing that is saved changes that. ", h("code", {}, `exh tasks delete --name ${about.name}`), " removes the bundle.") : null,
      h("h2", {}, "Latest runs"),
      table("Latest runs", ["Run", "Status", "Trigger", "Time", "Cold start", "Memory"], data.map((run) => ({
        href: `#/runs/${run.id}`,
        cells: [when(run.started), status(run.status), run.trigger, ms(run.duration_ms),
          run.init_ms === null ? "warm" : ms(run.init_ms), run.memory_mb ? bytes(run.memory_mb * 1e6) : "–"],
      })), "It has not run yet."),
      h("h2", {}, "What it is"),
      facts(
        ["Handler", h("code", {}, about.handler)],
        ["Runtime", about.runtime],
        ["Targets", about.targets.join(", ")],
        ["Started by", joined(triggersOf(about), ", ")],
        ["Time limit", `${about.timeout} s`],
        ["Memory limit", `${about.memory} MB`],
        ["Worker", worker(about)],
        ["Retried after", retried(about.retry_policy)],
        ["Who may run it", about.execution_permission],
        ["Its user may", mayDo(about)],
        ["Variables", about.variables?.length ? about.variables.join(", ") : "none"],
      ),
    );
  },
};

function retried(policy) {
  if (!policy?.enabled) return "never";
  return policy.errorsToRetry?.length ? policy.errorsToRetry.join(", ") : "every error";
}

function form(about, command) {
  const samples = about.events.length ? about.events : [{ name: "an empty event", event: {} }];
  const text = h("textarea", {
    id: "event", rows: "9", spellcheck: "false", value: JSON.stringify(samples[0].event, null, 2),
  });
  const select = h("select", {
    id: "sample",
    onchange: () => (text.value = JSON.stringify(samples[select.selectedIndex].event, null, 2)),
  }, samples.map((each) => h("option", {}, each.problem ? `${each.name} (cannot be read)` : each.name)));
  const problem = samples.find((each) => each.problem)?.problem;
  const seeded = h("input", { type: "checkbox", id: "seeded" });
  seeded.checked = Boolean(about.seeded);
  const queued = h("input", { type: "checkbox", id: "queued" });
  const send = () => attempt(async () => {
    const event = JSON.parse(text.value);
    const path = `/functions/${encodeURIComponent(about.name)}/invoke`;
    const answer = await post(path, { event, seeded: seeded.checked, queued: queued.checked });
    go(answer.id ? `#/runs/${answer.id}` : `#/runs?chain=${answer.task_id}`);
  });
  const canQueue = about.targets.includes("exh") && about.kind !== "api";
  return h("form", { class: "panel", onsubmit: (event) => { event.preventDefault(); send(); } },
    h("h2", {}, "Run it"),
    h("p", {}, h("label", { for: "sample" }, "Sample event"), " ", select),
    problem ? h("p", { class: "notice bad" }, problem) : null,
    h("label", { for: "event" }, "Event"),
    text,
    h("div", { class: "row" },
      h("button", { type: "submit", class: "primary", id: "invoke" }, "Invoke"),
      about.seeded ? h("label", {}, seeded, " put its seed on the platform first") : null,
      canQueue ? h("label", {}, queued, " as a task of the queue, with its retries") : null,
      h("span", { class: "dim" }, "or: ", h("code", {}, `${command} invoke ${about.name}`))));
}

