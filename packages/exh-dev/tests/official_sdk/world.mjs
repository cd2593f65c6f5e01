// What the sequences have at hand: clients of the first user, users of their own, and the local platform's own paths.

import { createHmac, randomBytes } from "node:crypto";
import assert from "node:assert/strict";
import { sdk } from "./installed.mjs";

export const rql = sdk.rqlBuilder;
export const PASSWORD = "Correct-Horse-1";

export const newId = () => randomBytes(12).toString("hex");

/** Members that every page has; `call` is a `find`. */
export async function firstOf(call) {
  const page = await call;
  assert.ok(page.data.length > 0, "an empty page");
  return page.data[0];
}

/** All that an iterator of pages gives. */
export async function collected(pages) {
  const found = [];
  for await (const page of pages) found.push(...page.data);
  return found;
}

/** The code of an authenticator app (RFC 6238) for a secret in base 32, `steps` half minutes from now. */
export function totp(secret, steps = 0) {
  const bits = [...secret.replace(/=+$/, "")]
    .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const digest = createHmac("sha1", key).update(counter).digest();
  const number = digest.readUInt32BE(digest[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

export class World {
  /** `credentials` are those that `exh-dev credentials` tells, and `function_code`, a function to upload. */
  constructor(credentials, recorder) {
    this.credentials = credentials;
    this.host = credentials.host;
    this.recorder = recorder;
    this.consumer = { consumerKey: credentials.consumer_key, consumerSecret: credentials.consumer_secret };
    this.oauth2Client = { clientId: credentials.oauth2_client_id, clientSecret: credentials.oauth2_client_secret };
    this.adminLogin = { email: credentials.email, password: credentials.password };
    this.adminId = credentials.user_id;
    this.admin = this.oauth1({ token: credentials.token, tokenSecret: credentials.token_secret });
  }

  /** The same, with the first user logged in by OAuth2. */
  async byOAuth2() {
    const world = new World(this.credentials, this.recorder);
    world.admin = this.oauth2();
    await world.admin.auth.authenticate({ username: this.adminLogin.email, password: this.adminLogin.password });
    return world;
  }

  /** A client by OAuth1; `token` and `tokenSecret`, where it is logged in already. */
  oauth1(token = {}) {
    return this.recorder.wrap(sdk.createOAuth1Client({ host: this.host, ...this.consumer, ...token }), "OAuth1Client");
  }

  oauth2(application = this.oauth2Client) {
    return this.recorder.wrap(sdk.createOAuth2Client({ host: this.host, ...application }), "OAuth2Client");
  }

  /** A new user, activated nowhere, without any role: `{ id, email, client }`, the client logged in by OAuth1. */
  async user(members = {}) {
    const email = `${newId()}@users.example`;
    const names = { firstName: "Ada", lastName: "Byron", phoneNumber: "0123456789", language: "EN" };
    const made = await this.admin.users.createAccount({ ...names, email, password: PASSWORD, ...members });
    const client = this.oauth1();
    await client.auth.authenticate({ email, password: PASSWORD });
    return { id: made.id, email, client };
  }

  /** The local platform's own paths, which no SDK knows. */
  async dev(method, path, body) {
    const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
    const answer = await fetch(`${this.host}/_dev/${path}`, { method, ...sent });
    assert.ok(answer.ok, `${method} /_dev/${path}: ${answer.status}`);
    const text = await answer.text();
    return text ? JSON.parse(text) : undefined;
  }

  /** Wait until the tasks that are due have run. */
  settle() {
    return this.dev("POST", "tasks/settle");
  }
}
