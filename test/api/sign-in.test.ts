/** People: passwords by IAM, signing in with a browser, and what a page may do then. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { consoleApi } from "../../src/api/console/console-service.ts";
import { openSignInLinks, type SignInLinks } from "../../src/api/console/sign-in-links.ts";
import { openPipeline } from "../../src/api/pipeline.ts";
import { manualClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { allowUser, createUser } from "./identity-steps.ts";
import { giveDevice, makeDevice } from "./mfa-steps.ts";
import { launchRunning, openRequest, openTerminalServer, TestTerminal, type TerminalServer } from "./terminal-server.ts";
import { account, codeOf as codeOfRefusal, region } from "./test-server.ts";

let server: TerminalServer;
let links: SignInLinks;
const clock = manualClock(Date.now());
const password = "Correct horse 1";
const rights = [{ Action: ["ec2:DescribeInstances", "ec2-instance-connect:SendSSHPublicKey"] }];

beforeAll(async () => {
  server = await openTerminalServer();
  links = openSignInLinks(clock, systemRandom);
  const answer = consoleApi({ ...server.parts, clock, pipeline: openPipeline(server.parts), links });
  const [api] = server.http.listeners("request") as ((...message: unknown[]) => void)[];
  server.http.removeAllListeners("request");
  server.http.on("request", (request, response) => (request.url?.startsWith("/console/api/") === true ? void answer(request, response) : api?.(request, response)));
  await server.write((tx) => tx.db.insertInto("accounts").values({ id: account, name: "first", created_at: 0 }).execute());
  await createUser(server, "ann", ...rights);
  await server.iam().createLoginProfile({ UserName: "ann", Password: password });
});
afterAll(() => server?.[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly cookie: string;
  readonly body: { readonly code?: string; readonly message?: string; readonly [member: string]: unknown };
}

async function post(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const answer = await fetch(`${server.url}/console/api/${path}`, { method: "POST", headers: { "content-type": "application/json", origin: server.url, ...headers }, body: JSON.stringify(body) });
  return { status: answer.status, cookie: (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "", body: (await answer.json()) as Answer["body"] };
}

const signIn = (more: object = {}) => post("sign-in", { account, user: "ann", password, ...more });
const call = (action: string, cookie: string) => post("call", { service: "ec2", action, region, input: {} }, { cookie });
const describeInstances = (cookie: string) => call("DescribeInstances", cookie);

/** Events of signing in as the user, or of those whom the account has not, the newest first. */
async function signInEvents(user: string): Promise<readonly Record<string, unknown>[]> {
  await server.audit.flush();
  const { Events: events = [] } = await server.cloudTrail().lookupEvents({ EndTime: new Date(clock.now() + 1000), LookupAttributes: [{ AttributeKey: "Username", AttributeValue: user }] });
  return events.filter(({ EventName }) => EventName === "ConsoleLogin").map(({ CloudTrailEvent: text }) => JSON.parse(text ?? "{}") as Record<string, unknown>); // a record is an object
}

describe("a password", () => {
  test("is made, shown, changed and deleted by IAM's own actions, and a user with one stays", async () => {
    const iam = server.iam();
    const key = await createUser(server, "pat", { Action: "iam:ChangePassword", Resource: "*" });
    expect(await codeOfRefusal(iam.getLoginProfile({ UserName: "pat" }))).toBe("NoSuchEntity");
    expect(await codeOfRefusal(iam.createLoginProfile({ UserName: "pat", Password: "short" }))).toBe("PasswordPolicyViolation");
    await iam.createLoginProfile({ UserName: "pat", Password: password, PasswordResetRequired: true });
    expect(await codeOfRefusal(iam.createLoginProfile({ UserName: "pat", Password: password }))).toBe("EntityAlreadyExists");
    expect((await iam.getLoginProfile({ UserName: "pat" })).LoginProfile).toMatchObject({ UserName: "pat", PasswordResetRequired: true });
    await iam.updateLoginProfile({ UserName: "pat", PasswordResetRequired: false });
    const change = (OldPassword: string, user = key) => codeOfRefusal(server.iam(user).changePassword({ OldPassword, NewPassword: `${password}2` }));
    const guesser = await createUser(server, "guesser", { Action: "iam:ChangePassword" });
    for (let guess = 0; guess < 5; guess++) expect(await change("wrong", guesser)).toBe("AccessDenied");
    await expect.poll(() => change("wrong", guesser)).toBe("Throttling"); // each wait is twice as long as the one before
    expect(await change("wrong")).toBe("AccessDenied");
    await server.iam(key).changePassword({ OldPassword: password, NewPassword: `${password}2` });
    expect((await signIn({ user: "pat", password: `${password}2` })).status).toBe(200);
    await iam.deleteUserPolicy({ UserName: "pat", PolicyName: "own" });
    await iam.deleteAccessKey({ UserName: "pat", AccessKeyId: key.accessKeyId });
    expect(await codeOfRefusal(iam.deleteUser({ UserName: "pat" }))).toBe("DeleteConflict");
    await iam.deleteLoginProfile({ UserName: "pat" });
    await iam.deleteUser({ UserName: "pat" });
  });

  test("is nowhere in the clear", async () => {
    const { events } = await server.read(async (tx) => ({ events: JSON.stringify(await tx.db.selectFrom("audit_events").selectAll().execute()) }));
    const { cookie } = await signIn();
    const rows = await server.dump();
    expect([events.includes(password), rows.includes(password), rows.includes(cookie.split("=")[1] ?? "?")]).toEqual([false, false, false]);
  });

  test("that must be changed lets nobody in before it is", async () => {
    await createUser(server, "new");
    await server.iam().createLoginProfile({ UserName: "new", Password: password, PasswordResetRequired: true });
    const first = await signIn({ user: "new" });
    expect([first.status, first.body.code, first.cookie]).toEqual([403, "PasswordChangeRequired", ""]);
    expect((await signIn({ user: "new", newPassword: "weak" })).body.code).toBe("PasswordPolicyViolation");
    expect((await signIn({ user: "new", newPassword: `${password}!` })).status).toBe(200);
    expect([(await signIn({ user: "new" })).status, (await signIn({ user: "new", password: `${password}!` })).status]).toEqual([401, 200]);
  });
});

describe("signing in", () => {
  test("gives the page the user's rights, in a cookie that is the service's alone, until signing out", async () => {
    const answer = await fetch(`${server.url}/console/api/sign-in`, { method: "POST", headers: { "content-type": "application/json", origin: server.url }, body: JSON.stringify({ account, user: "ann", password }) });
    expect(answer.headers.get("set-cookie")).toMatch(/^hostelry-session-\d+=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    const cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    expect((await post("session", {}, { cookie })).body).toMatchObject({ account, name: "ann", arn: `arn:aws:iam::${account}:user/ann` });
    expect((await describeInstances(cookie)).status).toBe(200);
    expect((await post("call", { service: "ec2", action: "TerminateInstances", region, input: { InstanceIds: ["i-0123456789abcdef0"] } }, { cookie })).status).not.toBe(200);
    expect((await post("sign-out", {}, { cookie })).cookie).toMatch(/^hostelry-session-\d+=$/);
    expect((await describeInstances(cookie)).body.code).toBe("SignedOut");
  });

  test("ends by itself, and with the password", async () => {
    const [first, second] = [await signIn(), await signIn()];
    await server.iam().updateLoginProfile({ UserName: "ann", Password: `${password}2` });
    expect((await post("session", {}, { cookie: first.cookie })).body.code).toBe("SignedOut");
    await server.iam().updateLoginProfile({ UserName: "ann", Password: password });
    expect((await post("session", {}, { cookie: second.cookie })).status).toBe(401);
    const third = await signIn();
    clock.advance(12 * 3_600_000 + 1);
    expect((await post("session", {}, { cookie: third.cookie })).status).toBe(401);
  });

  test("fails alike for a wrong password, user or account, and is held up after some failures", async () => {
    const wrong = [await signIn({ password: "wrong" }), await signIn({ user: "nobody" }), await signIn({ account: "000000000000" }), await signIn({ user: "powerless" })];
    expect(new Set(wrong.map(({ status, body }) => `${status} ${body.code} ${body.message}`))).toEqual(new Set(["401 SignInFailed The account, the user name or the password is wrong."]));
    await signIn({ password: "wrong" });
    expect([(await signIn()).status, (await post("sign-in", { link: links.make(account) })).status]).toEqual([429, 200]);
    clock.advance(1_001);
    expect((await signIn({ password: "wrong" })).status).toBe(401);
    clock.advance(1_001);
    expect((await signIn()).status).toBe(429);
    clock.advance(1_001);
    expect((await signIn()).status).toBe(200);
  });

  test("by a link works once, within five minutes", async () => {
    const link = links.make(account);
    const { body, cookie } = await post("sign-in", { link });
    expect([body["name"], (await post("session", {}, { cookie })).status, (await post("sign-in", { link })).status]).toEqual(["root", 200, 401]);
    const late = links.make(account);
    clock.advance(5 * 60_000);
    expect((await post("sign-in", { link: late })).body.code).toBe("SignInFailed");
  });
});

test("A user with an MFA device signs in with one of its codes, each good for once, and policies know it; the device is made, shown and taken away by IAM's own actions", async () => {
  const iam = server.iam();
  await allowUser(server, "ann", ...rights, { Action: "ec2:DescribeRegions", Condition: { Bool: { "aws:MultiFactorAuthPresent": "true" }, NumericLessThan: { "aws:MultiFactorAuthAge": "60" } } });
  expect((await call("DescribeRegions", (await signIn()).cookie)).body.code).toBe("UnauthorizedOperation");
  const device = await makeDevice(iam, "phone");
  const now = Date.now();
  const enable = (first: string, second: string) => iam.enableMFADevice({ UserName: "ann", SerialNumber: device.serial, AuthenticationCode1: first, AuthenticationCode2: second });
  expect([device.serial, await codeOfRefusal(enable(device.codeAt(now), device.codeAt(now)))]).toEqual([`arn:aws:iam::${account}:mfa/phone`, "InvalidAuthenticationCode"]);
  await enable(device.codeAt(now - 30_000), device.codeAt(now));
  expect(await codeOfRefusal(enable(device.codeAt(now - 30_000), device.codeAt(now)))).toBe("EntityAlreadyExists");
  expect((await iam.listMFADevices({ UserName: "ann" })).MFADevices).toMatchObject([{ UserName: "ann", SerialNumber: device.serial }]);
  expect((await iam.listVirtualMFADevices({ AssignmentStatus: "Unassigned" })).VirtualMFADevices).toEqual([]);
  expect(await codeOfRefusal(iam.deleteVirtualMFADevice({ SerialNumber: device.serial }))).toBe("DeleteConflict");

  clock.advance(120_000);
  const good = device.codeAt(clock.now());
  expect([(await signIn()).body.code, (await signIn({ code: "000000" })).status]).toEqual(["CodeRequired", 401]);
  const { status, cookie } = await signIn({ code: good });
  expect([status, (await signIn({ code: good })).status, (await call("DescribeRegions", cookie)).status]).toEqual([200, 401, 200]);
  clock.advance(60_000);
  expect((await call("DescribeRegions", cookie)).body.code).toBe("UnauthorizedOperation");
  const shown = (await signInEvents("ann")).filter(({ additionalEventData: data }) => (data as Record<string, unknown>)["MFAUsed"] === "Yes"); // the record's own form
  expect(shown.map(({ errorMessage: why }) => why ?? "signed in").toSorted()).toEqual(["Failed authentication", "Failed authentication", "signed in"]);
  expect(await server.dump()).not.toContain(device.seed);

  await iam.deactivateMFADevice({ UserName: "ann", SerialNumber: device.serial });
  await iam.deleteVirtualMFADevice({ SerialNumber: device.serial });
  expect([(await signIn()).status, await codeOfRefusal(iam.deactivateMFADevice({ UserName: "ann", SerialNumber: device.serial }))]).toEqual([200, "NoSuchEntity"]);
});

test("The account's root signs in with a password and its device's code, once it has given itself both", async () => {
  const iam = server.iam();
  const asRoot = (more: object = {}) => signIn({ user: "", password: `${password} root`, ...more });
  expect([(await asRoot()).status, await codeOfRefusal(iam.getLoginProfile({}))]).toEqual([401, "NoSuchEntity"]);
  await iam.createLoginProfile({ Password: `${password} root` });
  expect((await asRoot()).body).toMatchObject({ account, name: "root", arn: `arn:aws:iam::${account}:root` });
  const device = await giveDevice(iam, "root", "root-account-mfa-device");
  expect([(await iam.listMFADevices({})).MFADevices?.length, (await iam.getAccountSummary({})).SummaryMap]).toMatchObject([1, { AccountMFAEnabled: 1, AccountPasswordPresent: 1 }]);
  clock.advance(60_000);
  expect((await asRoot()).body.code).toBe("CodeRequired");
  const { cookie } = await asRoot({ code: device.codeAt(clock.now()) });
  expect((await describeInstances(cookie)).status).toBe(200);
  expect((await signInEvents("root"))[0]).toMatchObject({ userIdentity: { type: "Root" }, eventSource: "signin.amazonaws.com", eventType: "AwsConsoleSignIn", additionalEventData: { MFAUsed: "Yes" } });

  await iam.deactivateMFADevice({ SerialNumber: device.serial });
  await iam.deleteVirtualMFADevice({ SerialNumber: device.serial });
  await iam.deleteLoginProfile({});
  expect([(await post("session", {}, { cookie })).status, (await asRoot()).status]).toEqual([401, 401]);
});

test("Nobody whom the account has not is named in its audit, and no names are kept that may be passwords", async () => {
  clock.advance(3_600_001); // whatever failed before is forgotten
  await signIn({ user: "My password 1", password: "x" });
  expect((await signInEvents("HIDDEN_DUE_TO_SECURITY_REASONS"))[0]).toMatchObject({ errorMessage: "No username found in supplied account", userIdentity: { accountId: account } });
  const events = await server.read((tx) => tx.db.selectFrom("audit_events").selectAll().execute());
  expect(JSON.stringify(events)).not.toContain("My password 1");
});

test.each(["constructor", "__proto__", "toString", ""])("There is nothing at /console/api/%s", async (path) => {
  expect((await post(path, {})).status).toBe(404);
});

describe("a page that is not the service's own", () => {
  test.each([
    ["of another origin", { origin: "http://evil.example" }],
    ["of another port", { origin: "http://127.0.0.1:1" }],
    ["without origin", { origin: "" }],
  ])("%s gets nothing done with the cookie", async (_what, headers) => {
    const { cookie } = await signIn();
    expect((await post("sign-out", {}, { cookie, ...headers })).status).toBe(403);
    expect((await post("session", {}, { cookie })).status).toBe(200);
    const terminal = new TestTerminal(server.url, { cookie, ...headers }, openRequest("i-0123456789abcdef0"));
    await expect.poll(() => terminal.refusal?.status).toBe(401);
  });

  test("has no terminal without a session, and a session's terminal ends when it does", async () => {
    const id = await launchRunning(server);
    const { cookie } = await signIn();
    const terminal = new TestTerminal(server.url, { cookie, origin: server.url }, openRequest(id));
    await expect.poll(() => terminal.id || terminal.end).toMatch(/^[\da-f]{8}-/);
    await post("sign-out", {}, { cookie });
    await expect.poll(() => terminal.end).toBe("forbidden");
    for (const headers of [{ origin: server.url }, { origin: server.url, cookie }]) {
      const stranger = new TestTerminal(server.url, headers, openRequest(id));
      await expect.poll(() => stranger.refusal !== undefined).toBe(true);
    }
  });
});
