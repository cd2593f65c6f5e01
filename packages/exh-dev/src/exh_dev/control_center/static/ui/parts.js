// The parts that pages are made of.

import { Component, html, useLayoutEffect, useRef } from "../lib.js";
import { Icon } from "./icons.js";

/** The head of a page: where it is, and what can be done here. `crumbs` are `[text, href]`. */
export function Head({ title, crumbs = [], badge = null, children = null }) {
  return html`<div class="page-head">
    <h1>${crumbs.length > 0 && html`<span class="crumbs">${crumbs.map(([text, href]) => html`<a href=${href}>${text}</a>`)}</span>`}${title}</h1>
    ${badge}
    ${children && html`<div class="actions">${children}</div>`}
  </div>`;
}

/**
 * What is there once it is loaded: a placeholder before, and beside what was loaded earlier the reason why it is old.
 *
 * All of it is in one element that stays. Without it, Preact (10.5, as vendored) puts several elements that take the
 * place of the placeholder after what follows it, until all is drawn anew.
 */
export function Loaded({ of, children }) {
  if (of.data === undefined) return html`<div class="loaded">${of.error ? html`<${Notice} kind="bad">${of.error.message}<//>` : html`<div class="skeleton" aria-busy="true"></div>`}</div>`;
  return html`<div class="loaded">${of.error && html`<${Notice} kind="bad">What is below is not up to date: ${of.error.message}<//>`}${children(of.data)}</div>`;
}

export function Notice({ kind = "", title = null, label = null, children }) {
  return html`<div class="notice ${kind}" role=${label ? "region" : kind === "bad" ? "alert" : null} aria-label=${label}>
    ${title && html`<strong>${title}</strong>`}<div>${children}</div></div>`;
}

/** What is said where a part of the page cannot be drawn, in its place alone. */
export class Boundary extends Component {
  componentDidCatch(error) {
    console.error(error);
    this.setState({ error });
  }

  render() {
    const { error } = this.state;
    return error ? html`<${Notice} kind="bad">This cannot be shown: ${error.message}. The same data is at <code>/_dev/api</code>.<//>` : this.props.children;
  }
}

/** What a list without anything says: what would be here, and how it comes here. */
export function Empty({ title, children }) {
  return html`<div class="empty"><strong>${title}</strong><div>${children}</div></div>`;
}

/** Names and values; pairs without a value are left out. */
export function Facts({ of }) {
  return html`<dl class="facts">${of.filter((each) => each && each[1] !== null && each[1] !== undefined && each[1] !== false)
    .map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

export function Card({ title, actions = null, children, label = null }) {
  return html`<section class="card" aria-label=${label ?? title}>
    ${title && html`<div class="row"><h2 class="grow">${title}</h2>${actions}</div>`}${children}</section>`;
}

/** Tabs; `of` are `[key, label]`. */
export function Tabs({ of, chosen, choose, label }) {
  const keys = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const index = (of.findIndex(([key]) => key === chosen) + step + of.length) % of.length;
    choose(of[index][0]);
    event.currentTarget.children[index].focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} onKeyDown=${keys}>${of.map(([key, text]) => html`<button
    type="button" role="tab" key=${key} aria-selected=${String(key === chosen)} tabindex=${key === chosen ? 0 : -1}
    onClick=${() => choose(key)}>${text}</button>`)}</div>`;
}

/** A field with its label, a hint, and below it what is wrong with its value. */
export function Field({ id, label, hint = null, wrong = null, children }) {
  return html`<div class="field"><label for=${id}>${label}</label>${children}
    ${hint && html`<span class="hint">${hint}</span>`}${wrong && html`<span class="wrong" role="alert">${wrong}</span>`}</div>`;
}

/** What kept something from being done. */
export function Wrong({ error }) {
  return error && html`<p class="wrong" role="alert">${error.message}</p>`;
}

/** A list of choices. `of` are values, or `[value, label]`. */
export function Select({ id, label, value, of, choose, none = null }) {
  return html`<select id=${id} aria-label=${label} value=${value ?? ""} onChange=${(event) => choose(event.target.value)}>
    ${none !== null && html`<option value="">${none}</option>`}
    ${of.map((each) => {
      const [key, text] = Array.isArray(each) ? each : [each, each];
      return html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`;
    })}</select>`;
}

/** A dialog over the page, closed by Escape. */
export function Dialog({ title, close, children, kind = "" }) {
  const element = useRef(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    element.current.showModal();
    return () => before?.isConnected && before.focus();
  }, []);
  // Only a search is closed by a click beside it: a form would be lost.
  return html`<dialog ref=${element} class=${kind} aria-label=${title} onClose=${close}
    onClick=${(event) => kind === "palette" && event.target === element.current && close()}>
    <div class="stack">${kind === "palette" ? null : html`<div class="row"><h2 class="grow">${title}</h2>
      <button type="button" class="icon" aria-label="Close" onClick=${close}><${Icon} name="close" /></button></div>`}
    ${children}</div></dialog>`;
}

/** Things one after the other, with something between. */
export const joined = (items, between = ", ") => items.flatMap((each, index) => (index ? [between, each] : [each]));
