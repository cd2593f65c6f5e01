// The frame: which view is shown, what is told about the whole, keys.

import { get, Refusal } from "./api.js";
import { h, joined, replace } from "./dom.js";
import { connect, listen } from "./live.js";
import { attempt, dialog, go } from "./shell.js";
import { connectView } from "./views/connect.js";
import { documentsView } from "./views/documents.js";
import { eventsView } from "./views/events.js";
import { faultsView } from "./views/faults.js";
import { filesView } from "./views/files.js";
import { functionsView, functionView } from "./views/functions.js";
import { mailView } from "./views/mail.js";
import { runView } from "./views/run.js";
import { runsView } from "./views/runs.js";
import { usersView } from "./views/users.js";

// A view: its `topics`, whose changes it asks anew for; `frame(context)`, what stays while it is shown; and
// `show(context)`, which fills it. A context has the `path` after the view's name, the `query`, and the `body`.
const VIEWS = {
  functions: (path) => (path.length ? functionView : functionsView),
  runs: (path) => (path.length ? runView : runsView),
  documents: () => documentsView,
  mail: () => mailView,
  files: () => filesView,
  users: () => usersView,
  events: () => eventsView,
  faults: () => faultsView,
  connect: () => connectView,
};
const KEYS = [
  ["/", "search"],
  ["j, k", "next, previous row"],
  ["Enter", "open it"],
  ["1 to 9", "a view"],
  ["?", "this"],
];
const root = document.getElementById("view");
const left = new Map(); // what had the focus when a view was left, by its hash
let shown = null;
let hash = null;

async function navigate() {
  const [path, query = ""] = location.hash.slice(2).split("?");
  const [name, ...rest] = path.split("/").map(decodeURIComponent);
  if (!VIEWS[name]) {
    location.replace("#/functions");
    return;
  }
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === name) {
      link.setAttribute("aria-current", "page");
      link.parentElement.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else link.removeAttribute("aria-current");
  }
  const view = VIEWS[name](rest);
  const context = { name, view, path: rest, query: new URLSearchParams(query), body: h("div", { class: "body" }), refresh };
  if (hash !== null) left.set(hash, document.activeElement.getAttribute("href"));
  const first = hash === null;
  hash = location.hash;
  const same = shown?.view === view && view.keeps?.(shown, context);
  if (same) context.body = shown.body;
  shown = context;
  try {
    if (!same) {
      const frame = (await view.frame?.(context)) ?? [];
      await view.show(context);
      if (shown !== context) return;
      root.replaceChildren(...[frame].flat(), context.body);
      document.title = `LOCAL · ${[name, ...rest].join(" · ")}`;
      document.getElementById("main").scrollTop = 0;
      window.scrollTo(0, 0);
      if (!first) takeFocus();
    } else {
      await view.show(context);
    }
    root.dataset.shown = location.hash;
  } catch (error) {
    context.failed = true;
    if (shown === context) root.replaceChildren(h("p", { class: "notice bad", role: "alert" }, error.message));
    if (!(error instanceof Refusal)) throw error;
  }
}

/** Where the keyboard goes on: at the row that led away from here, else at the heading. */
function takeFocus() {
  const href = left.get(location.hash);
  const row = href && root.querySelector(`a[href="${CSS.escape(href)}"]`);
  const heading = root.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  (row ?? heading)?.focus({ preventScroll: !row });
}

let pending = false;
let again = false;

/** Ask anew for what is shown; one after the other, however fast changes come. */
async function refresh() {
  if (pending) {
    again = true;
    return;
  }
  pending = true;
  const context = shown;
  try {
    await context?.view.show(context);
    document.getElementById("stale")?.remove();
  } catch (error) {
    document.getElementById("stale")?.remove();
    context.body.before(h("p", { id: "stale", class: "notice bad", role: "alert" }, `What is below is not up to date: ${error.message}`));
    if (!(error instanceof Refusal)) throw error;
  } finally {
    pending = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

async function showProblems() {
  const { problems } = await get("");
  replace(
    document.getElementById("problems"),
    problems.map((each) =>
      h("div", { class: "notice bad" },
        h("strong", {}, each.line ? `${each.file}:${each.line}` : each.file), " ", each.message,
        each.functions.length ? h("p", {}, "Concerns ", joined(each.functions.map((name) =>
          h("a", { href: `#/functions/${encodeURIComponent(name)}` }, name)), ", ")) : null)),
  );
}

function heard(message) {
  if (message.line) shown?.view.line?.(shown, message);
  if (message.changed === undefined) return;
  if (!message.changed || message.changed.some((topic) => topic === "functions" || topic === "documents")) attempt(showProblems);
  if (shown?.failed) navigate(); // perhaps it goes now
  else if (!message.changed || message.changed.some((topic) => shown?.view.topics.includes(topic))) refresh();
}

function keys(event) {
  const typing = event.target.closest("input, textarea, select, dialog");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing) {
    if (event.key === "Escape" && !event.target.closest("dialog")) event.target.blur();
    return;
  }
  if (localStorage.getItem("keys") === "off" && event.key !== "Escape") return;
  const links = [...document.querySelectorAll("[data-view]")];
  if (event.key === "/") document.querySelector("input[type=search]")?.focus();
  else if (event.key === "?") help();
  else if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
  else if (/^[1-9]$/.test(event.key)) go(links[event.key - 1]?.getAttribute("href") ?? location.hash);
  else return;
  event.preventDefault();
}

function move(step) {
  const rows = [...root.querySelectorAll(".row-link")];
  const at = rows.indexOf(document.activeElement);
  rows[Math.min(Math.max(at + step, 0), rows.length - 1)]?.focus();
}

function help() {
  const single = h("input", { type: "checkbox", id: "keys",
    onchange: () => localStorage.setItem("keys", single.checked ? "on" : "off") });
  single.checked = localStorage.getItem("keys") !== "off";
  dialog("Keyboard", (close) => [
    h("dl", { class: "facts" }, KEYS.map(([key, does]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)))),
    h("p", {}, h("label", {}, single, " these keys are on")),
    h("p", {}, h("button", { type: "button", onclick: close }, "Close")),
  ]);
}

function theme() {
  const order = ["auto", "light", "dark"];
  const set = (name) => {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    document.getElementById("theme").textContent = `Theme: ${name}`;
  };
  let now = localStorage.getItem("theme") ?? "auto";
  set(now);
  document.getElementById("theme").addEventListener("click", () => {
    now = order[(order.indexOf(now) + 1) % order.length];
    localStorage.setItem("theme", now);
    set(now);
  });
}

theme();
document.getElementById("help").addEventListener("click", help);
document.addEventListener("keydown", keys);
window.addEventListener("hashchange", navigate);
listen(heard);
connect((is) => {
  const element = document.getElementById("live");
  element.textContent = is ? "live" : "not connected";
  element.classList.toggle("off", !is);
});
attempt(showProblems);
navigate();
