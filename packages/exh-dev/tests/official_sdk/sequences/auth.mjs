import assert from "node:assert/strict";
import { refused } from "../recorder.mjs";
import { collected, firstOf, newId, PASSWORD, rql, totp } from "../world.mjs";

const REDIRECT = "http://localhost/callback";

export async function applications({ admin }) {
  const { applications } = admin.auth;
  const made = await applications.create({ type: "oauth1", name: `app-${newId()}`, description: "d" });
  const web = { type: "oauth2", name: `web-${newId()}`, description: "d", redirectUris: [REDIRECT], confidential: true };
  const other = await applications.create(web);
  assert.equal(other.confidential, true);
  const version = await applications.createVersion(made.id, { name: "1.0" });
  await applications.createVersion(other.id, { name: "1.0" });
  await applications.find();
  await applications.get({ rql: rql().eq("type", "oauth2").build() });
  assert.ok((await applications.findAll()).length >= 4);
  assert.ok(await applications.findFirst());
  assert.equal((await applications.findById(made.id)).versions.length, 1);
  assert.equal((await applications.findByName(web.name)).id, other.id);
  await applications.update(made.id, { type: "oauth1", description: "changed" });
  assert.equal((await applications.findById(made.id)).description, "changed");
  assert.equal((await applications.deleteVersion(made.id, version.id)).affectedRecords, 1);
  for (const { id } of [made, other]) assert.equal((await applications.remove(id)).affectedRecords, 1);
  assert.equal(await applications.findById(made.id), undefined);
}

export async function logins(world) {
  assert.equal(await world.admin.auth.health(), true);
  const byPassword = world.oauth1();
  const token = await byPassword.auth.authenticate(world.adminLogin);
  const byToken = world.oauth1();
  await byToken.auth.authenticate({ token: token.key, tokenSecret: token.secret });
  await byToken.auth.authenticate({ token: token.key, tokenSecret: token.secret, skipTokenCheck: true });
  assert.equal((await byToken.users.me()).id, world.adminId);
  const other = await world.user();
  await refused(106, other.client.auth.authenticate({ email: other.email, password: "wrong" }));
  assert.equal(byToken.auth.logout(), true);
  const { email, password } = world.adminLogin;
  const oauth2 = world.oauth2();
  const { refreshToken } = await oauth2.auth.authenticate({ username: email, password });
  await oauth2.auth.authenticate({ refreshToken });
  assert.equal((await oauth2.users.me()).id, world.adminId);
  assert.equal(oauth2.auth.logout(), true);
}

export async function oauth1Tokens(world) {
  const { id, client, email } = await world.user();
  await world.oauth1().auth.authenticate({ email, password: PASSWORD });
  const { oauth1 } = world.admin.auth;
  const own = { rql: rql().eq("userId", id).build() };
  const first = await firstOf(oauth1.tokens.find(own));
  await firstOf(oauth1.getTokens(own));
  assert.equal((await oauth1.tokens.findAll(own)).length, 2);
  assert.equal((await oauth1.tokens.findFirst(own)).id, first.id);
  assert.equal((await oauth1.tokens.findById(first.id)).userId, id);
  const { ssoToken } = await client.auth.oauth1.generateSsoToken();
  const consumed = await world.oauth1().auth.oauth1.consumeSsoToken(ssoToken);
  assert.equal(consumed.userId, id);
  assert.equal((await oauth1.tokens.remove(consumed.id)).affectedRecords, 1);
  assert.equal((await oauth1.removeToken(first.id)).affectedRecords, 1);
  const ended = await client.users.me().catch((error) => error);
  assert.equal(ended.name, "OAUTH_TOKEN_EXCEPTION");
}

export async function oauth2Tokens(world) {
  const { id, email } = await world.user();
  const client = world.oauth2();
  await client.auth.authenticate({ username: email, password: PASSWORD });
  const own = { rql: rql().eq("userId", id).build() };
  const { tokens, refreshTokens } = world.admin.auth.oauth2;
  for (const each of [tokens, refreshTokens]) {
    const first = await firstOf(each.find(own));
    assert.equal((await each.findAll(own)).length, 1);
    assert.equal((await each.findFirst(own)).id, first.id);
    assert.equal((await each.findById(first.id)).userId, id);
    assert.equal((await each.remove(first.id)).affectedRecords, 1);
  }
}

export async function authorizations(world) {
  const { id, client } = await world.user();
  const { applications } = world.admin.auth;
  const names = { type: "oauth2", name: `web-${newId()}`, description: "d", redirectUris: [REDIRECT] };
  const application = await applications.create({ ...names, confidential: false });
  await applications.createVersion(application.id, { name: "1" });
  const { clientId } = (await applications.findById(application.id)).versions[0];
  const asked = { responseType: "code", clientId, redirectUri: REDIRECT, state: "s" };
  const { authorizations } = client.auth.oauth2;
  const made = await authorizations.create(asked);
  const other = await client.auth.oauth2.createAuthorization({ ...asked, codeChallengeMethod: "plain", codeChallenge: "c".repeat(43) });
  await firstOf(client.auth.oauth2.getAuthorizations());
  await firstOf(authorizations.find());
  assert.equal((await authorizations.findAll()).length, 2);
  assert.ok(await authorizations.findFirst());
  assert.equal((await authorizations.findById(made.id)).userId, id);
  const redeemed = world.oauth2({ clientId });
  await redeemed.auth.authenticate({ code: made.authorizationCode });
  assert.equal((await redeemed.users.me()).id, id);
  assert.equal((await client.auth.oauth2.deleteAuthorization(other.id)).affectedRecords, 1);
  const third = await authorizations.create(asked);
  assert.equal((await authorizations.remove(third.id)).affectedRecords, 1);
}

export async function secondFactors(world) {
  const { id, client, email } = await world.user();
  const presenceToken = (await client.auth.confirmPresence({ password: PASSWORD })).token;
  const { users } = client.auth;
  await users.getMfaSetting(id);
  const phone = await users.addMfaMethod(id, { presenceToken, type: "totp", name: "phone", tags: ["mine"] });
  await users.confirmMfaMethodVerification(id, phone.id, { presenceToken, code: totp(phone.secret) });
  await users.getMfaSetting(id);
  const recovery = await users.addMfaMethod(id, { presenceToken, type: "recoveryCodes", name: "paper", tags: [] });
  assert.equal((await users.enableMfa(id, { presenceToken })).affectedRecords, 1);
  const asked = await world.oauth1().auth.authenticate({ email, password: PASSWORD }).catch((error) => error);
  assert.ok(asked.mfa, "a second factor is asked for");
  const oauth1 = world.oauth1();
  await oauth1.auth.confirmMfa({ token: asked.mfa.token, methodId: recovery.id, code: recovery.codes[0] });
  assert.equal((await oauth1.users.me()).id, id);
  const oauth2 = world.oauth2();
  const again = await oauth2.auth.authenticate({ username: email, password: PASSWORD }).catch((error) => error);
  await oauth2.auth.confirmMfa({ token: again.mfa.token, methodId: recovery.id, code: recovery.codes[1] });
  assert.equal((await oauth2.users.me()).id, id);
  await users.getMfaSetting(id);
  assert.equal((await users.disableMfa(id, { presenceToken })).affectedRecords, 1);
  assert.equal((await users.removeMfaMethod(id, phone.id, { presenceToken })).affectedRecords, 1);
}

export async function openId(world) {
  const { admin } = world;
  const { oidc } = admin.auth;
  const name = `op-${newId()}`;
  const registration = await world.dev("GET", `oidc/provider?name=${name}&redirectUri=${encodeURIComponent(REDIRECT)}`);
  const made = await oidc.providers.create(registration);
  assert.equal((await oidc.providers.update(made.id, { description: "e" })).affectedRecords, 1);
  assert.equal((await oidc.providers.enable(made.id)).affectedRecords, 1);
  await firstOf(oidc.providers.find());
  assert.ok((await oidc.providers.findAll()).length > 0);
  assert.ok((await collected(oidc.providers.findAllIterator())).length > 0);
  assert.ok(await oidc.providers.findFirst({ rql: rql().eq("name", name).build() }));

  const oauth2 = world.oauth2();
  const { authenticationUrl } = await oauth2.auth.generateOidcAuthenticationUrl(name, { state: "s" });
  await refused(139, oauth2.auth.authenticateWithOidc(name, { authorizationCode: "made-up" }));
  const email = `${newId()}@users.example`;
  const authorizationCode = await codeOf(authenticationUrl, email);
  await oauth2.auth.authenticateWithOidc(name, { authorizationCode });
  assert.equal((await oauth2.users.me()).email, email);
  const own = { rql: rql().eq("providerName", name).build() };
  assert.equal((await firstOf(oidc.loginAttempts.find(own))).providerId, made.id);
  assert.deepEqual((await oidc.loginAttempts.findAll(own)).map(({ status }) => status).sort(), ["failed", "success"]);
  assert.equal((await collected(oidc.loginAttempts.findAllIterator(own))).length, 2);
  assert.equal((await oidc.loginAttempts.findFirst(own)).providerId, made.id);

  const { id, client, email: other } = await world.user();
  const presenceToken = (await client.auth.confirmPresence({ password: PASSWORD })).token;
  const asked = await world.oauth2().auth.generateOidcAuthenticationUrl(name);
  const link = { presenceToken, authorizationCode: await codeOf(asked.authenticationUrl, other) };
  assert.equal((await client.auth.oidc.linkUserToOidcProvider(name, link)).affectedRecords, 1);
  const template = `mail-${newId()}`;
  await admin.templatesV2.create({ name: template, outputs: { subject: "s", body: "b" } });
  await admin.users.setEmailTemplates({ oidcUnlinkEmailTemplateName: template });
  assert.equal((await oidc.unlinkUserFromOidc(id)).affectedRecords, 1);

  await admin.users.remove((await oauth2.users.me()).id);
  const second = await oidc.providers.create({ ...registration, name: `${name}-2` });
  assert.equal((await oidc.providers.delete(second.id)).affectedRecords, 1);
  assert.equal((await oidc.providers.disable(made.id)).affectedRecords, 1);
  assert.equal((await oidc.providers.remove(made.id)).affectedRecords, 1);
}

/** Log in at the local provider, as its page does: the authorization code. */
async function codeOf(authenticationUrl, email) {
  const body = new URLSearchParams({ email, given_name: "Ada", family_name: "Byron" });
  const answer = await fetch(authenticationUrl, { method: "POST", body, redirect: "manual" });
  return new URL(answer.headers.get("Location")).searchParams.get("code");
}
