// JSON as people read it: in colours, and folded where it is long.

import { html, useState } from "../lib.js";
import { Copy } from "./values.js";

const FOLDED = 40; // members or items from which on an object or a list begins folded, below the first level
const LONG = 2000; // characters of a string that are shown at first
const MOST = 500; // members or items that are shown at first

/** A value, with a button that copies it. */
export function Json({ value, label = "JSON" }) {
  return html`<div class="with-copy"><${Copy} text=${() => JSON.stringify(value, null, 2) ?? "null"} />
    <div class="json" tabindex="0" role="region" aria-label=${label}><code><${Value} value=${value} depth=${0} /></code></div></div>`;
}

function Value({ value, depth }) {
  if (typeof value === "string") return html`<${Text} text=${value} />`;
  if (value === null || typeof value !== "object") return html`<span class="j-word">${String(value)}</span>`;
  return html`<${Group} value=${value} depth=${depth} />`;
}

function Text({ text }) {
  const [whole, set] = useState(text.length <= LONG);
  const shown = JSON.stringify(whole ? text : text.slice(0, LONG));
  return html`<span class="j-string">${shown}</span>${!whole && html` <button type="button" class="fold" onClick=${() => set(true)}>… ${text.length - LONG} more characters</button>`}`;
}

function Group({ value, depth }) {
  const isList = Array.isArray(value);
  const entries = isList ? value.map((each, index) => [index, each]) : Object.entries(value);
  const [open, set] = useState(depth < 1 || entries.length < FOLDED);
  const [most, setMost] = useState(MOST);
  const [left, right] = isList ? "[]" : "{}";
  if (!entries.length) return html`<span>${left}${right}</span>`;
  if (!open) return html`<button type="button" class="fold" aria-expanded="false" onClick=${() => set(true)}>${left} ${entries.length} ${isList ? "items" : "members"} ${right}</button>`;
  return html`${depth > 0 ? html`<button type="button" class="fold" aria-expanded="true" aria-label="Fold" onClick=${() => set(false)}>${left}</button>` : left}<ul>
    ${entries.slice(0, most).map(([name, each], index) => html`<li key=${name}>${!isList && html`<span class="j-name">${JSON.stringify(name)}</span>: `}<${Value}
      value=${each} depth=${depth + 1} />${index < entries.length - 1 ? "," : ""}</li>`)}
    ${entries.length > most && html`<li><button type="button" class="fold" onClick=${() => setMost(most + MOST)}>… ${entries.length - most} more</button></li>`}
  </ul>${right}`;
}

/** Text as it is, with a button that copies it. */
export function Plain({ text, label = "Text" }) {
  return html`<div class="with-copy"><${Copy} text=${text} /><pre class="text" tabindex="0" role="region" aria-label=${label}>${text}</pre></div>`;
}
