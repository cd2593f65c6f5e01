// An editor of JSON: a text area, with the same text in colours below what is typed.

import { html, useLayoutEffect, useMemo, useRef, useState } from "../lib.js";
import { Icon } from "./icons.js";
import { membersAt, nameAt, pieces, read } from "./json_text.js";

const COLOURED = 100_000; // characters up to which a text is coloured
const MOST_HISTORY = 20;

/**
 * Edit JSON.
 *
 * Args:
 *   id, label: of the field.
 *   text, change: what is in it, and what to call with another text.
 *   run: called by Ctrl-Enter.
 *   schema: a JSON Schema whose names are offered while one types.
 *   history: a name under which what was sent is kept in this browser.
 *   height: in pixels.
 *   tools: more buttons.
 */
export function Editor({ id, label, text, change, run = null, schema = null, history = null, height = 240, tools = null }) {
  const area = useRef(null);
  const [offer, setOffer] = useState(null);
  const state = useMemo(() => read(text), [text]);
  const lines = text.split("\n").length;
  const caret = useRef(null);
  useLayoutEffect(() => {
    if (caret.current === null) return;
    area.current.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  }, [text]);
  // As if it had been typed, so that it can be undone as what is typed can.
  const insert = (from, to, words, back = 0) => {
    area.current.setSelectionRange(from, to);
    document.execCommand("insertText", false, words);
    const end = from + words.length - back;
    area.current.setSelectionRange(end, end);
    caret.current = end;
  };
  const format = () => state.value !== undefined && change(JSON.stringify(state.value, null, 2));
  const look = (asks = false) => {
    if (!schema) return;
    const at = nameAt(area.current.value, area.current.selectionStart);
    const members = at && (at.typed || asks) ? membersAt(schema, at.path).filter((each) => each.name.toLowerCase().startsWith(at.typed.toLowerCase()) && each.name !== at.typed) : [];
    setOffer(members.length ? { at, members, chosen: 0, isChosen: false } : null);
  };
  const take = (member) => {
    const { from, to } = offer.at;
    const follows = /^\s*:/.test(text.slice(to)) ? "" : ": ";
    insert(from, to, `"${member.name}"${follows}`);
    setOffer(null);
  };
  const keys = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (offer && step) setOffer({ ...offer, chosen: (offer.chosen + step + offer.members.length) % offer.members.length, isChosen: true });
    else if (offer && (event.key === "Tab" || (event.key === "Enter" && offer.isChosen)) && !event.ctrlKey) take(offer.members[offer.chosen]);
    else if (offer && event.key === "Escape") setOffer(null);
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run?.();
    else if (event.key === "Enter") indent(event.target, insert);
    else if (event.key === " " && event.ctrlKey && schema) look(true);
    else if (event.key === "F" && event.shiftKey && event.altKey) format();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const typed = (event) => {
    caret.current = null;
    change(event.target.value);
    look();
  };
  return html`<div class="editor" style=${{ "--height": `${height}px` }}>
    <div class="tools">${tools}<span class="grow"></span>
      ${history && html`<${History} name=${history} choose=${change} />`}
      <button type="button" class="quiet small" disabled=${state.value === undefined} title="Shift-Alt-F" onClick=${format}>Format</button></div>
    <div class="scroll"><div class="sheet">
      <div class="lines" aria-hidden="true">${Array.from({ length: lines }, (_, index) => index + 1).join("\n")}</div>
      <div class="layers">
        <pre aria-hidden="true">${coloured(text, state.line)}${"\n"}</pre>
        <textarea ref=${area} id=${id} class="code" aria-label=${label} aria-invalid=${String(state.message !== undefined)} aria-describedby="${id}-problem"
          spellcheck=${false} autocomplete="off" autocapitalize="off" wrap="off" value=${text} onInput=${typed} onKeyDown=${keys} onBlur=${() => setTimeout(() => setOffer(null), 150)}></textarea>
        ${offer && html`<${Offer} offer=${offer} area=${area.current} take=${take} />`}
      </div></div></div>
    <p id="${id}-problem" class="tools wrong" role="status">${state.message ? `Line ${state.line}: ${state.message}` : html`<span class="dim">${run ? "Ctrl-Enter runs it" : "JSON"}</span>`}</p>
  </div>`;
}

function coloured(text, wrongLine) {
  if (text.length > COLOURED) return text;
  if (!wrongLine) return pieces(text).map(([kind, each]) => (kind ? html`<span class="j-${kind}">${each}</span>` : each));
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    const shown = pieces(line).map(([kind, each]) => (kind ? html`<span class="j-${kind}">${each}</span>` : each));
    const end = index < lines.length - 1 ? "\n" : "";
    return index === wrongLine - 1 ? [html`<mark>${line ? shown : " "}</mark>`, end] : [...shown, end];
  });
}

function Offer({ offer, area, take }) {
  const before = area.value.slice(0, offer.at.from);
  const line = before.split("\n").length;
  const column = before.length - before.lastIndexOf("\n") - 1;
  return html`<ul class="choices" role="listbox" style=${{ top: `${line * 20 + 10}px`, left: `${column * 7.5 + 48}px` }}>${offer.members.slice(0, 30).map((each, index) => html`<li role="option"
    key=${each.name} aria-selected=${String(index === offer.chosen)} onMouseDown=${(event) => (event.preventDefault(), take(each))}>${each.name} <span class="dim">${each.about}</span></li>`)}</ul>`;
}

/** A new line as far in as the one before, and further after a bracket. */
function indent(area, insert) {
  const { value, selectionStart: from, selectionEnd: to } = area;
  const line = value.slice(value.lastIndexOf("\n", from - 1) + 1, from);
  const spaces = /^\s*/.exec(line)[0];
  const opens = /[{[]\s*$/.test(line);
  const closes = opens && /^[}\]]/.test(value.slice(to));
  const closing = closes ? `\n${spaces}` : "";
  insert(from, to, `\n${spaces}${opens ? "  " : ""}${closing}`, closing.length);
}

const keyOf = (name) => `sent:${name}`;

/** Keep what was sent, the latest first. */
export function remember(name, text) {
  const before = historyOf(name).filter((each) => each !== text);
  try {
    localStorage.setItem(keyOf(name), JSON.stringify([text, ...before].slice(0, MOST_HISTORY)));
  } catch {
    // It is too large to be kept.
  }
}

function historyOf(name) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(name))) ?? [];
  } catch {
    return [];
  }
}

function History({ name, choose }) {
  const all = historyOf(name);
  if (!all.length) return null;
  return html`<select aria-label="Sent before" class="small" onChange=${(event) => {
    if (event.target.value) choose(all[Number(event.target.value)]);
    event.target.value = "";
  }}><option value="">Sent before…</option>${all.map((each, index) => html`<option value=${index}>${each.replace(/\s+/g, " ").slice(0, 60)}</option>`)}</select>`;
}
