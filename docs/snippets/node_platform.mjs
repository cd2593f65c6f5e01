// A signed call of Extra Horizon, with nothing but what Node.js has.
import { createHmac, randomBytes } from "node:crypto";

const hex = (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
const encoded = (text) => encodeURIComponent(text).replace(/[!'()*]/g, hex);

export async function call(method, path, body) {
  const env = process.env;
  const url = new URL(path, env.API_HOST);
  const oauth = {
    oauth_consumer_key: env.API_OAUTH_CONSUMER_KEY,
    oauth_nonce: randomBytes(16).toString("hex"),
    oauth_signature_method: "HMAC-SHA1",
    oauth_timestamp: String(Math.floor(Date.now() / 1000)),
    oauth_token: env.API_OAUTH_TOKEN,
    oauth_version: "1.0",
  };
  const pairs = [...Object.entries(oauth), ...url.searchParams].map((pair) => pair.map(encoded).join("=")).sort();
  const base = [method, url.origin + url.pathname, pairs.join("&")].map(encoded).join("&");
  const key = [env.API_OAUTH_CONSUMER_SECRET, env.API_OAUTH_TOKEN_SECRET].map(encoded).join("&");
  const signed = { ...oauth, oauth_signature: createHmac("sha1", key).update(base).digest("base64") };
  const authorization = `OAuth ${Object.entries(signed).map(([name, value]) => `${name}="${encoded(value)}"`)}`;
  const headers = { authorization, "content-type": "application/json", "x-amzn-trace-id": env._X_AMZN_TRACE_ID };
  const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  const found = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(found.message), { name: found.name });
  return found;
}
