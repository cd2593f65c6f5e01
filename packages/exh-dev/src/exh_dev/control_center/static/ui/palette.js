// One search for everything: Ctrl-K.

import { get } from "../api.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib.js";
import { go } from "../route.js";
import { Icon } from "./icons.js";
import { Dialog } from "./parts.js";

const ICONS = { run: "runs", function: "functions", document: "documents", schema: "documents", user: "users", file: "files", mail: "mail", task: "queue", template: "templates" };

/** Choose a view, a command, or what was found. `commands` are `{ title, kind, icon, act }`. */
export function Palette({ commands, close }) {
  const [typed, setTyped] = useState("");
  const [found, setFound] = useState([]);
  const asked = useRef(""); // what `found` was found for
  const waits = useRef(false); // Enter was pressed before that was what is typed
  const [chosen, setChosen] = useState(0);
  const input = useRef(null);
  useLayoutEffect(() => input.current.focus(), []); // before the next key
  useEffect(() => {
    setChosen(0);
    if (typed.trim().length < 2) {
      setFound([]);
      asked.current = typed;
      return undefined;
    }
    let alive = true;
    const timer = setTimeout(async () => {
      try {
        const { data } = await get(`/search?q=${encodeURIComponent(typed.trim().slice(0, 200))}`);
        if (alive) (asked.current = typed), setFound(data);
      } catch {
        if (alive) (asked.current = typed), setFound([]);
      }
    }, 120);
    return () => {
      alive = false;
      clearTimeout(timer);
    };
  }, [typed]);
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const own = commands.filter((each) => words.every((word) => each.title.toLowerCase().includes(word)));
  const results = [
    ...found.map((each) => ({ key: `${each.kind}:${each.id}`, title: each.title, kind: each.subtitle || each.kind, icon: ICONS[each.kind] ?? "search", act: () => go(each.href) })),
    ...own.map((each) => ({ ...each, key: each.title })),
  ].slice(0, 40);
  useEffect(() => {
    if (waits.current && asked.current === typed) take(results[0]);
  }, [found]);
  const take = (result) => {
    close();
    result?.act();
  };
  const keys = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && results.length) setChosen((chosen + step + results.length) % results.length);
    else if (event.key === "Enter" && asked.current !== typed) waits.current = true;
    else if (event.key === "Enter") take(results[chosen]);
    else return;
    event.preventDefault();
  };
  return html`<${Dialog} title="Search and commands" kind="palette" close=${close}>
    <input ref=${input} type="text" role="combobox" aria-expanded="true" aria-controls="palette-results" aria-label="Search everything"
      aria-activedescendant=${results.length ? `palette-${chosen}` : null} placeholder="A function, an id, a name, a command…" value=${typed}
      onInput=${(event) => setTyped(event.target.value)} onKeyDown=${keys} />
    <ul id="palette-results" role="listbox" aria-label="Results">${results.map((each, index) => html`<li key=${each.key} id="palette-${index}" role="option" aria-selected=${String(index === chosen)}
      onMouseMove=${() => setChosen(index)} onClick=${() => take(each)}><${Icon} name=${each.icon} /><span class="clip">${each.title}</span><span class="kind">${each.kind}</span></li>`)}
      ${!results.length && html`<li class="dim" role="option" aria-selected="false">Nothing is called so.</li>`}</ul><//>`;
}
