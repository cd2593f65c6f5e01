// The frame: where one is, what is wrong with the project, keys, and the view that is shown.

import { get } from "./api.js";
import { html, isSettled, render, useEffect, useLoad, useRef, useState, whenSettled } from "./lib.js";
import { connect } from "./live.js";
import { at, go, parse } from "./route.js";
import { Icon } from "./ui/icons.js";
import { step } from "./ui/list.js";
import { Palette } from "./ui/palette.js";
import { Boundary, Dialog, joined } from "./ui/parts.js";
import { Toasts } from "./ui/toasts.js";
import { plural, toggleTimes } from "./ui/values.js";
import { GROUPS, VIEWS } from "./views.js";

const THEMES = ["auto", "light", "dark"];
const KEYS = [
  ["Ctrl-K", "search everything, and commands"],
  ["/", "search in this view"],
  ["j, k", "next, previous row"],
  ["Enter", "open it"],
  ["g, then a letter", joined(Object.values(VIEWS).filter((each) => each.key).map((each) => `${each.key}: ${each.title}`)).join("")],
  ["t", "relative or absolute times"],
  ["?", "this"],
];
const root = document.getElementById("app");
const left = new Map(); // what had the focus when a view was left, by its hash

function App() {
  const [route, setRoute] = useState(() => parse(location.hash));
  const [open, setOpen] = useState(null);
  const [isLive, setLive] = useState(null);
  const [menu, setMenu] = useState(false);
  const main = useRef(null);
  const hash = useRef(location.hash);
  const top = useRef(null); // how far it was scrolled when somebody left what is shown now
  const moves = useRef(false); // to another view, whose heading or row is to have the focus once it is there
  const isThere = () => {
    if (main.current.querySelector("[aria-busy]")) {
      if (isSettled()) requestAnimationFrame(isThere); // what was loaded is drawn in a moment
      return;
    }
    main.current.dataset.shown = location.hash;
    if (!moves.current) return;
    moves.current = false;
    if (top.current !== null) scrollTo(0, top.current);
    const { activeElement } = document;
    if (activeElement === main.current || !main.current.contains(activeElement)) takeFocus(main.current); // else somebody was faster
  };
  const frame = useLoad(() => get(""), [], ["functions", "documents"]);
  useEffect(() => {
    connect(setLive);
    let timer = null;
    const scrolled = () => {
      clearTimeout(timer);
      timer = setTimeout(() => history.replaceState({ top: scrollY }, ""), 100);
    };
    addEventListener("scroll", scrolled, { passive: true });
    const moved = () => {
      clearTimeout(timer);
      const next = parse(location.hash);
      const before = parse(hash.current);
      const isOther = next.name !== before.name || next.path.join("/") !== before.path.join("/");
      if (isOther) {
        left.set(hash.current, document.activeElement?.getAttribute("href"));
        main.current.removeAttribute("data-shown");
      }
      hash.current = location.hash;
      setRoute(next);
      setMenu(false);
      if (isOther) {
        top.current = history.state?.top ?? null; // somebody came back
        if (top.current === null) scrollTo(0, 0);
        moves.current = true;
      }
    };
    whenSettled(isThere);
    addEventListener("hashchange", moved);
    return () => {
      removeEventListener("hashchange", moved);
      removeEventListener("scroll", scrolled);
    };
  }, []);
  const view = VIEWS[route.name];
  useEffect(() => {
    if (!view) {
      location.replace("#/overview");
      return;
    }
    document.title = `LOCAL · ${[view.title, ...route.path].join(" · ")}`;
    // A view that loads nothing is there at once; of others the last load says so.
    requestAnimationFrame(() => requestAnimationFrame(() => isSettled() && isThere()));
  }, [route]);
  useEffect(() => {
    const pressed = (event) => keys(event, setOpen, open);
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [open]);
  // A dialog hears late that it is closed: another one may be open by then.
  const close = (name) => () => setOpen((now) => (now === name ? null : now));
  const Shown = view?.of(route.path);
  return html`
    <a class="skip" href="#main" onClick=${(event) => (event.preventDefault(), main.current.focus())}>Skip to content</a>
    <${Side} route=${route} frame=${frame.data} isLive=${isLive} isOpen=${menu} toggle=${() => setMenu(!menu)} setOpen=${setOpen} />
    <main id="main" tabindex="-1" ref=${main}><div class="stack">
      ${frame.data?.problems.length > 0 && html`<${Problems} of=${frame.data.problems} />`}
      <div id="view" class="stack">${Shown && html`<${Boundary} key=${keyOf(route, view)}><${Shown} route=${route} frame=${frame.data} /><//>`}</div></div></main>
    ${open === "palette" && html`<${Palette} commands=${commands(setOpen)} close=${close("palette")} />`}
    ${open === "help" && html`<${Help} close=${close("help")} />`}
    <${Toasts} />`;
}

/** What a view keeps its state for: another path is another thing, another query the same one looked at in another way. */
const keyOf = (route, view) => (view.keeps ? route.name : [route.name, ...route.path].join("/"));

/** Where the keyboard goes on: at the row that led away from here, else at the heading. */
function takeFocus(main) {
  const href = left.get(location.hash);
  const row = href && main.querySelector(`a[href="${CSS.escape(href)}"]`);
  const heading = main.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  (row ?? heading ?? main).focus({ preventScroll: !row });
}

function Side({ route, frame, isLive, isOpen, toggle, setOpen }) {
  const [theme, setTheme] = useState(localStorage.getItem("theme") ?? "auto");
  const turn = () => {
    const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    localStorage.setItem("theme", next);
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    setTheme(next);
  };
  return html`<header class="side ${isOpen ? "open" : ""}">
    <p class="brand"><span class="tag">LOCAL</span><span class="clip" title=${frame?.root}>${root.dataset.project}</span></p>
    <button type="button" class="find" onClick=${() => setOpen("palette")}><${Icon} name="search" /><span class="grow">Search</span><kbd>Ctrl K</kbd></button>
    <button type="button" class="icon menu-button" aria-label="Views" aria-expanded=${String(isOpen)} onClick=${toggle}><${Icon} name="menu" /></button>
    <nav aria-label="Views" class="stack">${GROUPS.map(([title, names]) => html`<div key=${title}><h3>${title}</h3><ul>${names.map((name) => html`<li key=${name}>
      <a href=${at(name)} aria-current=${route.name === name ? "page" : null}><${Icon} name=${VIEWS[name].icon} />${VIEWS[name].title}</a></li>`)}</ul></div>`)}</nav>
    <div class="foot"><span class="live ${isLive === false ? "off" : ""}" id="live" role="status">${isLive === null ? "connecting" : isLive ? "live" : "not connected"}</span>
      <span class="dim clip" title="Extra Horizon on this machine; nothing here is real">${frame?.url}</span>
      <div class="row"><button type="button" class="small" onClick=${turn}><${Icon} name="sun" />Theme: ${theme}</button>
        <button type="button" class="icon" aria-label="Keyboard shortcuts" onClick=${() => setOpen("help")}><${Icon} name="help" /></button></div></div>
  </header>`;
}

function Problems({ of }) {
  return html`<section id="problems" aria-label="Problems of the project" aria-live="polite"><details class="notice bad" open=${of.length < 3}>
    <summary><strong>${plural(of.length, "problem")} of the project</strong></summary>
    ${of.map((each) => html`<p key=${each.file + each.line + each.message}><code>${each.line ? `${each.file}:${each.line}` : each.file}</code> ${each.message}
      ${each.functions.length > 0 && html`<span class="dim"> Concerns ${joined(each.functions.map((name) => html`<a href=${at("functions", name)}>${name}</a>`))}</span>`}</p>`)}</details></section>`;
}

function Help({ close }) {
  const [on, set] = useState(localStorage.getItem("keys") !== "off");
  const turn = (event) => {
    localStorage.setItem("keys", event.target.checked ? "on" : "off");
    set(event.target.checked);
  };
  return html`<${Dialog} title="Keyboard" close=${close}>
    <dl class="facts">${KEYS.map(([key, does]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${does}</dd></div>`)}</dl>
    <label class="check"><input type="checkbox" checked=${on} onChange=${turn} /> single keys are on</label>
    <p class="dim">The parts of this page: <a href="#/design" onClick=${close}>design system</a></p><//>`;
}

function commands(setOpen) {
  const views = Object.entries(VIEWS).map(([name, each]) => ({ title: each.title, kind: "view", icon: each.icon, act: () => go(at(name)) }));
  return [
    ...views,
    { title: "Create a document", kind: "command", icon: "plus", act: () => go(at("documents")) },
    { title: "Send an event", kind: "command", icon: "plus", act: () => go(at("events", { tab: "send" })) },
    { title: "Upload a file", kind: "command", icon: "upload", act: () => go(at("files", { upload: "1" })) },
    { title: "Failed runs", kind: "command", icon: "runs", act: () => go(at("runs", { status: "FAILED" })) },
    { title: "Relative or absolute times", kind: "command", icon: "clock", act: toggleTimes },
    { title: "Keyboard shortcuts", kind: "command", icon: "help", act: () => setOpen("help") },
  ];
}

let waits = false; // for the letter after g

function keys(event, setOpen, open) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    setOpen(open === "palette" ? null : "palette");
    event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, dialog")) {
    if (event.key === "Escape" && !event.target.closest("dialog")) event.target.blur();
    return;
  }
  if (localStorage.getItem("keys") === "off") return;
  const wanted = waits && Object.entries(VIEWS).find(([, each]) => each.key === event.key);
  waits = event.key === "g" && !waits;
  if (wanted) go(at(wanted[0]));
  else if (event.key === "/") document.querySelector("main input[type=search]")?.focus();
  else if (event.key === "?") setOpen("help");
  else if (event.key === "t") toggleTimes();
  else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  else return;
  event.preventDefault();
}

render(html`<${App} />`, root);
