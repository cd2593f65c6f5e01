// Asking the platform: its own endpoints as the first user, and what is below /_dev/api.

export class Refusal extends Error {}

async function ask(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refusal("The platform does not answer; is exh-dev serve still running?");
  }
  const text = await answer.text();
  let content = null;
  try {
    content = text ? JSON.parse(text) : null;
  } catch {
    throw new Refusal(`${method} ${path}: the answer is not JSON`);
  }
  if (!answer.ok) throw new Refusal(content?.message ?? `${method} ${path}: HTTP ${answer.status}`);
  return content;
}

const BASE = "/_dev/api";
const PLATFORM = `${BASE}/platform`;

export const get = (path) => ask("GET", BASE + path);
export const post = (path, body) => ask("POST", BASE + path, body);
export const faults = (method, path = "", body = undefined) => ask(method, `/_dev/faults${path}`, body);
export const platform = (method, path, body) => ask(method, PLATFORM + path, body);
export const urlOf = (path) => PLATFORM + path;
export const previewUrl = (id) => `${BASE}/previews/${id}`;
export const mailUrl = (id, rest) => `${BASE}/mails/${encodeURIComponent(id)}/${rest}`;

/** Send a request to the platform as the first user, and give its answer as it is. */
export async function send(method, path, body) {
  const began = performance.now();
  let answer;
  try {
    answer = await fetch(PLATFORM + path, { method, body, headers: body === undefined ? {} : { "Content-Type": "application/json" } });
  } catch {
    throw new Refusal("The platform does not answer; is exh-dev serve still running?");
  }
  const text = await answer.text();
  return { status: answer.status, headers: [...answer.headers], text, duration_ms: performance.now() - began };
}

/** Upload a file, and give what the platform says of it. */
export async function upload(file, tags) {
  const form = new FormData();
  form.append("file", file, file.name);
  for (const each of tags) form.append("tags", each);
  const answer = await fetch(`${PLATFORM}/files/v1`, { method: "POST", body: form });
  const content = await answer.json();
  if (!answer.ok) throw new Refusal(content.message);
  return content;
}

/** Everything of a list of the platform, up to a number of items. */
export async function list(path, rql = "", most = 200) {
  const found = [];
  let total = 0;
  while (found.length < most) {
    const page = await platform("GET", `${path}?${rql ? `${rql}&` : ""}limit(50,${found.length})`);
    found.push(...page.data);
    total = page.page.total;
    if (!page.data.length || found.length >= total) break;
  }
  return { data: found, total };
}
