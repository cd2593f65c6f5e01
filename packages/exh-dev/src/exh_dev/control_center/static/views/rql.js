// A field for RQL: what it may say is offered while one types, and what is wrong with it stands below.

import { html, useEffect, useRef, useState } from "../lib.js";

const OPERATORS = ["eq", "ne", "gt", "ge", "lt", "le", "like", "in", "out", "and", "or", "contains", "excludes", "sort", "select", "limit"];

/** A value as RQL takes it: encoded twice, once for RQL and once for the URL. */
export const quotedValue = (text) => encodeURIComponent(strictly(text));

/** What `encodeURIComponent` leaves and RQL reads as its own is encoded too. */
const strictly = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);

export function RqlField({ fields, rql, error, search }) {
  const [text, setText] = useState(rql);
  const [offer, setOffer] = useState([]);
  const [chosen, setChosen] = useState(0);
  const element = useRef(null);
  useEffect(() => setText(rql), [rql]);
  const typed = (event) => {
    const next = event.target.value;
    setText(next);
    const before = next.slice(0, event.target.selectionStart);
    const word = /[\w.]*$/.exec(before)[0];
    const isName = /\((?:[\w.]*)$/.test(before);
    const known = isName ? fields : /(^|[&|,(])[\w]*$/.test(before) ? OPERATORS.map((each) => `${each}(`) : [];
    setOffer(word ? known.filter((each) => each.toLowerCase().startsWith(word.toLowerCase()) && each !== word).slice(0, 8) : []);
    setChosen(0);
  };
  const take = (each) => {
    const at = element.current.selectionStart;
    const before = text.slice(0, at).replace(/[\w.]*$/, "");
    setText(before + each + text.slice(at));
    setOffer([]);
  };
  const keys = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!offer.length) return;
    if (step) setChosen((chosen + step + offer.length) % offer.length);
    else if (event.key === "Tab" || event.key === "Enter") take(offer[chosen]);
    else if (event.key === "Escape") setOffer([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<form class="field" onSubmit=${(event) => (event.preventDefault(), search(text.trim()))}><div class="filters">
      <input ref=${element} type="search" id="rql" aria-label="RQL" aria-invalid=${error ? "true" : null} placeholder="RQL, such as eq(status,new)" autocomplete="off" spellcheck=${false} value=${text} onInput=${typed} onKeyDown=${keys} />
      <button type="submit">Find</button>
      ${offer.length > 0 && html`<span class="row" role="listbox" aria-label="May follow">${offer.map((each, index) => html`<button type="button" role="option" class="small" key=${each} aria-selected=${String(index === chosen)} onClick=${() => take(each)}>${each}</button>`)}</span>`}</div>
    ${error && html`<span class="wrong" role="alert">${error.message}</span>`}</form>`;
}
