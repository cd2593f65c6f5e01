// An error of a function: what happened, and where in the project; the frames of libraries are folded.

import { html } from "../lib.js";
import { Notice } from "../ui/parts.js";
import { plural } from "../ui/values.js";

const FRAME = /^\s*File "(.+?)", line (\d+), in (.+?)(?:\n\s*(.*))?\s*$/s;
const NODE_FRAME = /^\s*at (?:async )?(?:(.+) \()?(?:file:\/\/)?(\/[^:()]+):(\d+):\d+\)?$/;
const UPLOADED = /\/code\/[0-9a-f]{24}(\/.*)$/;

export function Failure({ error, root }) {
  const frames = [
    ...matched(error.stackTrace, FRAME).map(([, file, line, name, code]) => ({ file, line, name, code })),
    ...matched(error.trace, NODE_FRAME).map(([, name, file, line]) => ({ file, line, name: name ?? "a function" })).reverse(),
  ].map((each) => ({ ...each, own: isOwn(each.file, root) }));
  const own = frames.filter((each) => each.own).reverse();
  const others = frames.filter((each) => !each.own).reverse();
  return html`<${Notice} kind="bad" label="Error"><h2>${error.errorType ?? "Failed"}</h2><p class="message">${error.errorMessage ?? ""}</p>
    ${own.length > 0 && html`<ol class="frames">${own.map((each) => html`<${Frame} frame=${each} root=${root} />`)}</ol>`}
    ${others.length > 0 && html`<details><summary>${plural(others.length, "frame")} of libraries and the runtime</summary>
      <ol class="frames">${others.map((each) => html`<${Frame} frame=${each} root=${root} />`)}</ol></details>`}<//>`;
}

const matched = (lines, pattern) => (Array.isArray(lines) ? lines : []).map((each) => String(each).match(pattern)).filter(Boolean);

/** Whether a frame is in code of the project's own, or of a function that was uploaded. */
function isOwn(file, root) {
  const path = root !== null && file.startsWith(`${root}/`) ? file.slice(root.length) : file.match(UPLOADED)?.[1];
  return path !== undefined && !/^\/(\.venv|packages)\/|\/(site-packages|node_modules)\//.test(path);
}

function Frame({ frame: { file, line, name, code }, root }) {
  const place = root !== null && file.startsWith(`${root}/`) ? file.slice(root.length + 1) : file;
  return html`<li><code>${place}:${line}</code> in ${name}${code && html`<pre>${code.trim()}</pre>`}</li>`;
}
