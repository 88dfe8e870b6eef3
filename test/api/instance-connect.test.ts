/** EC2 Instance Connect: pushed keys on their way from the call to the guest's metadata, and who may push them. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { readMetadata } from "./guest-metadata.ts";
import { allowUser, createUser } from "./identity-steps.ts";
import { launchOne } from "./launch-one.ts";
import { openStaffedServer, type StaffedServer } from "./simulated-hosts.ts";
import { account, openTestServer, otherAccount, refusal, type TestServer } from "./test-server.ts";

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAkZ5Sd0c3cxDPHZ1Gm0sCPSBpJUGn3oICcs8nWWQ2u2";
const rsaKey =
  "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCvE7JzAm3m9+yAffLZYOp/FGbOtYBLwDWNMdcAxiUr64OXroi0GpHXNpWWixvZmrzSKt0XKdc8vjfi59PzY8lkqdt41UFnXBcZ2kLWH6d8KlBiY0IDOoKAwiqgMGueN5p7gjkj6Qi1RRGG4vgNxcVXo8oLfQg2Y9IynQDOuIn3Sdf+9XAm0lak+QiS60WxHeVV+sccS4PcCJAUcpVZKqRb40gjAXizdrFeg4o60iG1047RXaH9dwrsbT4wbGdFylbP+ro66HM0Iwbnf4egdxL3+dNz84YMZrkxttD6Di8+miEYbdfaMA68gfHQmyupBefqOOO+4lsLTJHcnAEsWJtd";
const keysOf = (user: string) => `managed-ssh-keys/active-keys/${user}/`;

async function launchRunning(server: StaffedServer): Promise<string> {
  const { instance } = await launchOne(server);
  await server.hosts.settle();
  return instance;
}

function push(server: TestServer, InstanceId: string, more: object = {}, key?: Parameters<TestServer["connect"]>[0]) {
  return server.connect(key).sendSSHPublicKey({ InstanceId, InstanceOSUser: "admin", SSHPublicKey: `${publicKey} me@home`, ...more });
}

test("A pushed key is in the guest's metadata for a minute, with who pushed it, and then it is nowhere", async () => {
  await using server = await openStaffedServer();
  const id = await launchRunning(server);
  const before = Date.now();
  const { Success, RequestId, $metadata } = await push(server, id);
  const after = Date.now();
  expect([Success, RequestId]).toEqual([true, $metadata.requestId]);
  const block = String(await readMetadata(server, id, keysOf("admin")));
  const lines = block.split("\n");
  expect(lines.slice(1, 5)).toEqual([`#Instance=${id}`, `#Caller=arn:aws:iam::${account}:root`, `#Request=${RequestId}`, publicKey]);
  expect(Number(lines[0]?.replace("#Timestamp=", ""))).toSatisfy((until: number) => until * 1000 >= before + 60_000 && until * 1000 < after + 61_000);
  expect(block.endsWith("\n\n")).toBe(true);
  expect(await readMetadata(server, id, "managed-ssh-keys/")).toBe("active-keys/\nsigner-cert\nsigner-ocsp/");
  expect(await readMetadata(server, id, keysOf("root"))).toBe(404);
  expect(await readMetadata(server, id, keysOf("admin"), manualClock(before + 59_000))).toBe(block);
  expect(await readMetadata(server, id, "managed-ssh-keys/", manualClock(after + 61_000))).toBe(404);

  const due = await server.read((tx) => tx.db.selectFrom("due").select("due_at").where("key", "=", id).executeTakeFirstOrThrow());
  expect(due.due_at).toSatisfy((at: number) => at >= before + 60_000 && at <= after + 60_000);
  expect(await server.dump()).toContain(publicKey);
  await server.write((tx) => tx.db.updateTable("connect_keys").set({ expires_at: before }).execute());
  expect(await readMetadata(server, id, "managed-ssh-keys/")).toBe(404);
  expect(await server.dump()).not.toContain(publicKey);
});

test("Several keys are there beside each other, for one user and for another", async () => {
  await using server = await openStaffedServer();
  const id = await launchRunning(server);
  for (const InstanceOSUser of ["admin", "admin", "root"]) await push(server, id, { InstanceOSUser });
  expect(await readMetadata(server, id, "managed-ssh-keys/active-keys/")).toBe("admin\nroot");
  const count = (text: string | number) => String(text).split(publicKey).length - 1;
  expect([count(await readMetadata(server, id, keysOf("admin"))), count(await readMetadata(server, id, keysOf("root")))]).toEqual([2, 1]);
});

test("The signer's chain and staples are named as guests look for them", async () => {
  await using server = await openStaffedServer();
  const id = await launchRunning(server);
  await push(server, id);
  const [signer = "", authority = ""] = String(await readMetadata(server, id, "managed-ssh-keys/signer-cert/")).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const der = Buffer.from(signer.replaceAll(/-----[^-]+-----/g, ""), "base64");
  expect(await readMetadata(server, id, "managed-ssh-keys/signer-ocsp/")).toBe(createHash("sha1").update(der).digest("hex").toUpperCase());
  await push(server, id);
  expect(String(await readMetadata(server, id, "managed-ssh-keys/signer-cert/"))).toContain(authority);
});

test("The answer waits until the guest's host has the key", async () => {
  await using server = await openStaffedServer({ longestSettleMs: 10_000 });
  const id = await launchRunning(server);
  let answered = false;
  const pushing = push(server, id).then(() => (answered = true));
  while ((await server.read((tx) => tx.db.selectFrom("connect_keys").select("request_id").execute())).length === 0) await sleep(5);
  expect(answered).toBe(false);
  await server.hosts.settle();
  await pushing;
  expect(await readMetadata(server, id, "managed-ssh-keys/active-keys/")).toBe("admin");
});

test("Policies decide by instance, by its tags and by the user in the guest, before anything is said about the instance", async () => {
  await using server = await openStaffedServer();
  const id = await launchRunning(server);
  const Action = "ec2-instance-connect:SendSSHPublicKey";
  const Resource = `arn:aws:ec2:us-east-1:${account}:instance/${id}`;
  const key = await createUser(server, "ann", { Action, Resource, Condition: { StringEquals: { "ec2:osuser": "admin" } } });
  expect((await push(server, id, {}, key)).Success).toBe(true);
  const denied = await refusal(push(server, id, { InstanceOSUser: "root" }, key));
  expect(denied).toMatchObject({ code: "AccessDeniedException", message: expect.stringContaining(`arn:aws:iam::${account}:user/ann is not authorized to perform: ${Action} on resource: ${Resource}`) });
  expect((await refusal(push(server, "i-0123456789abcdef0", {}, key))).code).toBe("AccessDeniedException");
  await allowUser(server, "ann", { Action, Condition: { StringEquals: { "aws:ResourceTag/team": "blue" } } });
  expect((await refusal(push(server, id, {}, key))).code).toBe("AccessDeniedException");
  await server.ec2().createTags({ Resources: [id], Tags: [{ Key: "team", Value: "blue" }] });
  expect((await push(server, id, {}, key)).Success).toBe(true);
});

test("What cannot be is refused with the service's own codes, and changes nothing", async () => {
  await using server = await openStaffedServer();
  const id = await launchRunning(server);
  const { instance: pending } = await launchOne(server);
  const zone = (await server.ec2().describeInstances({ InstanceIds: [id] })).Reservations?.[0]?.Instances?.[0]?.Placement?.AvailabilityZone;
  const before = await server.dump();
  const code = async (InstanceId: string, more: object = {}, key?: string) => (await refusal(push(server, InstanceId, more, key))).code;
  const keys = ["", "hello", "ssh-dss AAAAB3NzaC1kc3M= me", `${publicKey}\n${publicKey}`, "ssh-ed25519 AAAA"];
  for (const SSHPublicKey of keys) expect([SSHPublicKey, await code(id, { SSHPublicKey })]).toEqual([SSHPublicKey, "InvalidArgsException"]);
  for (const InstanceOSUser of ["", "-a", "a b", "a/b", "../a", "a".repeat(32)]) expect([InstanceOSUser, await code(id, { InstanceOSUser })]).toEqual([InstanceOSUser, "InvalidArgsException"]);
  expect(await code("i-1")).toBe("InvalidArgsException");
  expect(await code("i-0123456789abcdef0")).toBe("EC2InstanceNotFoundException");
  expect(await code(id, {}, otherAccount)).toBe("EC2InstanceNotFoundException");
  expect(await code(id, { AvailabilityZone: zone === "us-east-1a" ? "us-east-1b" : "us-east-1a" })).toBe("EC2InstanceNotFoundException");
  expect(await code(pending)).toBe("EC2InstanceStateInvalidException");
  expect(await server.dump()).toBe(before);
  await server.write((tx) => tx.db.updateTable("hosts").set({ failed_at: Date.now() }).execute());
  expect(await refusal(push(server, id))).toMatchObject({ code: "EC2InstanceUnavailableException", status: 503 });
  await server.write((tx) => tx.db.updateTable("hosts").set({ failed_at: null }).execute());
  expect((await push(server, id, { AvailabilityZone: zone, SSHPublicKey: rsaKey })).Success).toBe(true);
});

test("Serial consoles are closed until the account opens them, and take keys then", async () => {
  await using server = await openTestServer();
  const { instance: InstanceId } = await launchOne(server);
  const send = (more: object = {}) => server.connect().sendSerialConsoleSSHPublicKey({ InstanceId, SSHPublicKey: publicKey, ...more });
  expect((await server.ec2().getSerialConsoleAccessStatus({})).SerialConsoleAccessEnabled).toBe(false);
  expect((await refusal(send())).code).toBe("SerialConsoleAccessDisabledException");
  expect((await server.ec2().enableSerialConsoleAccess({})).SerialConsoleAccessEnabled).toBe(true);
  expect((await server.ec2(otherAccount).getSerialConsoleAccessStatus({})).SerialConsoleAccessEnabled).toBe(false);
  expect((await send()).Success).toBe(true);
  expect((await refusal(send({ SerialPort: 1 }))).code).toBe("InvalidArgsException");
  expect((await server.ec2().disableSerialConsoleAccess({})).SerialConsoleAccessEnabled).toBe(false);
  expect((await refusal(send())).code).toBe("SerialConsoleAccessDisabledException");
});
