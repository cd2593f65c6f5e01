// Texts by key and language, changed in their place.

import { list, platform } from "../api.js";
import { html, useAction, useLoad, useState } from "../lib.js";
import { Icon } from "../ui/icons.js";
import { List, SearchField } from "../ui/list.js";
import { Dialog, Empty, Field, Head, Loaded, Wrong } from "../ui/parts.js";
import { deleteSoon, done } from "../ui/toasts.js";
import { quotedValue } from "./rql.js";

export function LocalizationsView() {
  const [words, setWords] = useState("");
  const [open, setOpen] = useState(null);
  const all = useLoad(() => list("/localizations/v1", "", 1000), [], ["localizations"]);
  return html`<${Head} title="Localizations"><button type="button" class="primary" onClick=${() => setOpen({ key: "", text: { EN: "" }, isNew: true })}><${Icon} name="plus" />Add a text</button><//>
    <div class="filters"><${SearchField} placeholder="key or text…" value=${words} search=${setWords} /></div>
    <${Loaded} of=${all}>${({ data }) => {
      const languages = [...new Set(data.flatMap((each) => Object.keys(each.text)))].sort((a, b) => (a === "EN" ? -1 : b === "EN" ? 1 : a.localeCompare(b)));
      const rows = data.filter((each) => JSON.stringify([each.key, each.text]).toLowerCase().includes(words.toLowerCase()));
      return rows.length ? html`<${List} label="Localizations" columns=${columnsOf(languages, setOpen)} rows=${rows} id=${(each) => each.key} />`
        : html`<${Empty} title=${data.length ? "No text is like this" : "There is no text"}>A file of <code>localizations/</code> is loaded as soon as it is saved; templates find a text by its key.<//>`;
    }}<//>
    ${open && html`<${Edit} of=${open} close=${() => setOpen(null)} reload=${all.reload} />`}`;
}

function columnsOf(languages, open) {
  return [
    { key: "key", label: "Key", width: "26%", priority: 1, sort: (each) => each.key, show: (each) => html`<button type="button" class="quiet row-link" title=${each.key} onClick=${() => open(each)}>${each.key}</button>` },
    ...languages.map((language, index) => ({ key: language, label: language, priority: index < 2 ? 2 : 3, show: (each) => each.text[language] ?? html`<span class="dim">–</span>` })),
  ];
}

function Edit({ of, close, reload }) {
  const [key, setKey] = useState(of.key);
  const [text, setText] = useState(of.text);
  const [language, setLanguage] = useState("");
  const { act, busy, error } = useAction();
  const save = (event) => {
    event.preventDefault();
    act(async () => {
      await platform(of.isNew ? "POST" : "PUT", "/localizations/v1", { localizations: [{ key, text }] });
      done("Saved");
      reload();
      close();
    });
  };
  const remove = () => {
    close();
    deleteSoon(`${of.key} will be deleted`, async () => (await platform("DELETE", `/localizations/v1?eq(key,${quotedValue(of.key)})`), reload()), reload);
  };
  return html`<${Dialog} title=${of.isNew ? "Add a text" : of.key} close=${close}><form class="stack" onSubmit=${save}>
    ${of.isNew && html`<${Field} id="key" label="Key"><input id="key" required value=${key} onInput=${(event) => setKey(event.target.value)} /><//>`}
    ${Object.entries(text).map(([code, value]) => html`<${Field} key=${code} id="text-${code}" label=${code}><textarea id="text-${code}" rows="2" value=${value} onInput=${(event) => setText({ ...text, [code]: event.target.value })}></textarea><//>`)}
    <div class="row"><input aria-label="Another language" placeholder="NL" maxlength="2" size="4" value=${language} onInput=${(event) => setLanguage(event.target.value.toUpperCase())} />
      <button type="button" class="small" disabled=${!/^[A-Z]{2}$/.test(language)} onClick=${() => (setText({ ...text, [language]: text[language] ?? "" }), setLanguage(""))}>Add the language</button></div>
    <${Wrong} error=${error} /><div class="row"><button type="submit" class="primary" disabled=${busy}>Save</button><button type="button" onClick=${close}>Cancel</button><span class="grow"></span>
      ${!of.isNew && html`<button type="button" class="danger" onClick=${remove}><${Icon} name="trash" />Delete</button>`}</div>
    ${!of.isNew && html`<p class="dim">A file of the project that is saved wins over what is changed here.</p>`}</form><//>`;
}
