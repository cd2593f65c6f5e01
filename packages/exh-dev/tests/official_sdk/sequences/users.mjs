import assert from "node:assert/strict";
import { refused } from "../recorder.mjs";
import { collected, firstOf, newId, PASSWORD, rql } from "../world.mjs";

export async function accounts(world) {
  const { admin } = world;
  const { id, client, email } = await world.user({ birthday: "1990-01-31", gender: 2, country: "BE", timeZone: "Europe/Brussels" });
  const { users } = admin;
  assert.equal(await users.health(), true);
  assert.equal((await client.users.me()).id, id);
  assert.equal((await users.findById(id)).email, email);
  assert.equal((await users.findByEmail(email)).id, id);
  await firstOf(users.find());
  assert.ok((await users.findAll()).length > 1);
  assert.ok((await collected(users.findAllIterator({ rql: rql().limit(1).build() }))).length > 1);
  assert.equal((await users.findFirst({ rql: rql().eq("id", id).build() })).id, id);
  const two = await users.find({ rql: rql().limit(1).build() });
  assert.notEqual((await two.next()).data[0].id, two.data[0].id);
  assert.equal((await client.users.update(id, { firstName: "Grace" })).firstName, "Grace");
  assert.deepEqual(await users.isEmailAvailable(email), { emailAvailable: false });
  assert.equal((await users.authenticate({ email, password: PASSWORD })).id, id);
  assert.equal(await client.users.confirmPassword({ password: PASSWORD }), true);
  assert.equal(await client.users.changePassword({ oldPassword: PASSWORD, newPassword: `${PASSWORD}2` }), true);
  await refused(106, users.authenticate({ email, password: PASSWORD }));
  assert.ok((await users.updateProfileImage(id, { hash: "a".repeat(64) })).profileImage);
  await users.deleteProfileImage(id);
  assert.equal((await users.updateEmail(id, { email: `new-${email}` })).email, `new-${email}`);
  assert.equal((await users.remove(id)).affectedRecords, 1);
  const other = await world.user();
  assert.equal((await users.removeUsers(rql().eq("id", other.id).build())).affectedRecords, 1);
}

export async function passwordPolicy({ admin }) {
  const before = await admin.users.passwordPolicy();
  await admin.users.updatePasswordPolicy({ minimumLength: 9 });
  assert.equal((await admin.users.passwordPolicy()).minimumLength, 9);
  await admin.users.updatePasswordPolicy({ minimumLength: before.minimumLength });
}

/** What the latest mail to this address says. */
async function mailedTo(admin, address) {
  const mails = await admin.mails.findAll();
  const [mail] = mails.filter(({ recipients }) => recipients.to.includes(address)).slice(-1);
  return mail.body;
}

export async function verification(world) {
  const { admin } = world;
  const { users } = admin;
  const settings = await users.settings.getVerificationSettings();
  const pinCodes = { enablePinCodeActivationRequests: true, enablePinCodeForgotPasswordRequests: true };
  const limits = { limitHashActivationRequests: false, limitHashForgotPasswordRequests: false };
  assert.equal((await users.settings.updateVerificationSettings({ ...pinCodes, ...limits })).enablePinCodeActivationRequests, true);
  const template = async (input) => {
    const name = `mail-${newId()}`;
    const inputs = { [input]: { type: "string" } };
    await admin.templatesV2.create({ name, inputs, outputs: { subject: "s", body: `{{@inputs.${input}}}` } });
    return name;
  };
  await users.setEmailTemplates({
    activationEmailTemplateName: await template("activation_hash"),
    activationPinEmailTemplateName: await template("pin_code"),
    passwordResetEmailTemplateName: await template("reset_hash"),
    passwordResetPinEmailTemplateName: await template("pin_code"),
  });
  assert.ok((await users.getEmailTemplates()).activationEmailTemplateName);

  const byHash = await world.user();
  const own = { rql: rql().eq("user_id", byHash.id).build() };
  assert.equal(await users.requestEmailActivation(byHash.email), true);
  assert.equal(await users.requestEmailActivation({ email: byHash.email, mode: "hash" }), true);
  const { activationRequests, forgotPasswordRequests } = users;
  const pending = await firstOf(activationRequests.find(own));
  await activationRequests.findAll();
  await activationRequests.findFirst(own);
  assert.equal((await activationRequests.findById(pending.id)).userId, byHash.id);
  assert.equal((await activationRequests.findByUserId(byHash.id)).id, pending.id);
  assert.equal(await users.validateEmailActivation({ hash: await mailedTo(admin, byHash.email) }), true);
  assert.equal((await users.findById(byHash.id)).activation, true);

  const byPin = await world.user({ activationMode: "pin_code" });
  const { id } = await activationRequests.findByUserId(byPin.id);
  const pinCode = await mailedTo(admin, byPin.email);
  assert.equal(await users.validateEmailActivation({ email: byPin.email, pinCode }), true);
  assert.equal(await activationRequests.findById(id), undefined);

  assert.equal(await users.requestPasswordReset(byHash.email), true);
  assert.equal(await users.requestPasswordReset({ email: byPin.email, mode: "pin_code" }), true);
  const forgotten = await firstOf(forgotPasswordRequests.find(own));
  await forgotPasswordRequests.findAll();
  await forgotPasswordRequests.findFirst(own);
  assert.equal((await forgotPasswordRequests.findById(forgotten.id)).userId, byHash.id);
  assert.equal((await forgotPasswordRequests.findByUserId(byHash.id)).id, forgotten.id);
  const hash = await mailedTo(admin, byHash.email);
  assert.equal(await users.validatePasswordReset({ hash, newPassword: `${PASSWORD}3` }), true);
  const pin = { email: byPin.email, pinCode: await mailedTo(admin, byPin.email) };
  assert.equal(await users.validatePasswordReset({ ...pin, newPassword: `${PASSWORD}3` }), true);

  const gone = await world.user();
  const request = await activationRequests.findByUserId(gone.id);
  assert.equal((await activationRequests.remove(request.id)).affectedRecords, 1);
  await users.requestPasswordReset(byHash.email);
  const reset = await forgotPasswordRequests.findByUserId(byHash.id);
  assert.equal((await forgotPasswordRequests.remove(reset.id)).affectedRecords, 1);
  await users.settings.updateVerificationSettings(settings);
}

export async function roles(world) {
  const { admin } = world;
  const { globalRoles } = admin.users;
  const { id, client } = await world.user();
  const name = `role-${newId()}`;
  const role = await globalRoles.create({ name, description: "d" });
  const it = rql().eq("id", role.id).build();
  const user = rql().eq("id", id).build();
  const permissions = ["VIEW_TEMPLATES"];
  assert.ok((await globalRoles.getPermissions()).data.length > 100);
  assert.equal((await globalRoles.addPermissions(it, { permissions })).affectedRecords, 1);
  await refused(10, client.templatesV2.find());
  assert.equal((await globalRoles.addToUsers(user, { roles: [role.id] })).affectedRecords, 1);
  await client.templatesV2.find();
  assert.equal((await admin.users.findById(id)).roles[0].id, role.id);
  await firstOf(globalRoles.find());
  await firstOf(globalRoles.get({ rql: it }));
  assert.ok((await globalRoles.findAll()).length > 0);
  assert.equal((await globalRoles.findFirst({ rql: it })).id, role.id);
  assert.equal((await globalRoles.findById(role.id)).permissions[0].name, "VIEW_TEMPLATES");
  assert.equal((await globalRoles.findByName(name)).id, role.id);
  assert.equal((await globalRoles.update(role.id, { description: "e" })).description, "e");
  assert.equal((await globalRoles.removeFromUser(user, { roles: [role.id] })).affectedRecords, 1);
  assert.equal((await globalRoles.removePermissions(it, { permissions })).affectedRecords, 1);
  assert.equal((await globalRoles.remove(it)).affectedRecords, 1);
}

export async function groups(world) {
  const { admin } = world;
  const { groupRoles } = admin.users;
  const { id, client } = await world.user();
  const groupId = newId();
  const user = rql().eq("id", id).build();
  assert.ok((await groupRoles.getPermissions()).data.length > 10);
  assert.equal((await groupRoles.addUsersToStaff({ groups: [groupId] }, { rql: user })).affectedRecords, 1);
  const role = await groupRoles.add(groupId, { name: "nurse", description: "d" });
  const it = rql().eq("id", role.id).build();
  const permissions = ["VIEW_PATIENTS"];
  assert.equal((await groupRoles.addPermissions(groupId, { permissions }, { rql: it })).affectedRecords, 1);
  assert.equal((await groupRoles.assignToStaff(groupId, { roles: [role.id] }, { rql: user })).affectedRecords, 1);
  await firstOf(groupRoles.find(groupId));
  await firstOf(groupRoles.get(groupId));
  assert.equal((await groupRoles.findAll(groupId)).length, 1);
  assert.equal((await groupRoles.findFirst(groupId)).id, role.id);
  assert.equal((await groupRoles.findById(groupId, role.id)).name, "nurse");
  assert.equal((await groupRoles.findByName(groupId, "nurse")).id, role.id);
  assert.equal((await groupRoles.update(groupId, role.id, { name: "nurse", description: "e" })).description, "e");

  const patient = await world.user();
  const until = Date.now() + 86_400_000;
  assert.equal((await admin.users.addPatientEnlistment(patient.id, { groupId, expiryTimestamp: until })).affectedRecords, 1);
  assert.equal((await firstOf(client.users.patients())).id, patient.id);
  assert.equal((await firstOf(admin.users.staff({ rql: user }))).id, id);
  assert.equal((await client.users.me()).staffEnlistments[0].groupId, groupId);
  assert.equal((await patient.client.users.me()).patientEnlistments[0].groupId, groupId);
  assert.equal((await admin.users.removePatientEnlistment(patient.id, groupId)).affectedRecords, 1);

  assert.equal((await groupRoles.removeFromStaff(user, groupId, { roles: [role.id] })).affectedRecords, 1);
  assert.equal((await groupRoles.removePermissions(it, groupId, { permissions })).affectedRecords, 1);
  assert.equal((await groupRoles.remove(it, groupId)).affectedRecords, 1);
  assert.equal((await groupRoles.removeUsersFromStaff(user, { groups: [groupId] })).affectedRecords, 1);
}
