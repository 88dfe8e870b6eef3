/** Whatever is open, in whichever way, ends within five seconds when its user might not open it any more; what is not concerned stays. */
import ssh2, { type Client } from "ssh2";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openSerialDoor, type SerialDoor } from "../../src/api/connect/serial-door.ts";
import { openPipeline } from "../../src/api/pipeline.ts";
import { makeSshKey } from "./guest-with-ssh.ts";
import { allowUser, createUser } from "./identity-steps.ts";
import { launchOne } from "./launch-one.ts";
import { launchRunning, openRequest, openTerminalServer, signedTerminal, type TerminalServer, type TestTerminal } from "./terminal-server.ts";
import { region, type Key } from "./test-server.ts";
import { presignedTunnel, TestTunnel } from "./tunnel-client.ts";
import { makeVpc } from "./vpc-parts.ts";

const checkMs = 100;
const mine = await makeSshKey();
let server: TerminalServer;
let door: SerialDoor;
/** One with a public address, and one without. */
let [seen, hidden, subnet] = ["", "", ""];
const closings: (() => void)[] = [];

beforeAll(async () => {
  server = await openTerminalServer({ graceMs: 5_000, idleMs: 60_000, checkMs });
  const { reach } = server;
  server.reach = (target, guest) => (target.kind === "serial" ? void guest.pipe(guest) : reach(target, guest));
  const { private: hostKey } = await makeSshKey();
  door = await openSerialDoor({ ...server.parts, pipeline: openPipeline(server.parts), streams: server.streams, hostKey, checkMs }, 0);
  seen = await launchRunning(server);
  ({ subnetId: subnet } = await makeVpc(server));
  ({ instance: hidden } = await launchOne(server, { SubnetId: subnet }));
  await openAccess();
});
afterEach(() => closings.splice(0).forEach((close) => close()));
afterAll(async () => {
  await door?.close();
  await server?.[Symbol.asyncDispose]();
});

/** What this account opens for everybody. */
async function openAccess(): Promise<void> {
  await server.ec2().enableSerialConsoleAccess({});
  await server.ec2().createInstanceConnectEndpoint({ SubnetId: subnet }).catch(() => undefined); // it is there
  await server.hosts.settle();
}

interface Open {
  readonly name: string;
  readonly isOpen: () => boolean;
  readonly isOver: () => boolean;
}

function ofTerminal(name: string, terminal: TestTerminal): Open {
  closings.push(() => terminal.say({ type: "end" }));
  return { name, isOpen: () => terminal.id !== "", isOver: () => terminal.end !== undefined };
}

async function tunnel(key: Key): Promise<Open> {
  const { InstanceConnectEndpoints: [endpoint] = [] } = await server.ec2().describeInstanceConnectEndpoints({});
  const { Reservations: [reservation] = [] } = await server.ec2().describeInstances({ InstanceIds: [hidden] });
  const privateIpAddress = reservation?.Instances?.[0]?.PrivateIpAddress ?? "";
  const opened = new TestTunnel(presignedTunnel(server.url, { instanceConnectEndpointId: endpoint?.InstanceConnectEndpointId ?? "", privateIpAddress, remotePort: "22" }, key));
  closings.push(() => opened.close());
  return { name: "tunnel", isOpen: () => opened.text.startsWith("SSH-2.0-"), isOver: () => opened.closeCode !== undefined };
}

async function serialOverSsh(key: Key): Promise<Open> {
  await server.connect(key).sendSerialConsoleSSHPublicKey({ InstanceId: seen, SSHPublicKey: mine.public });
  const client: Client = new ssh2.Client();
  closings.push(() => client.destroy());
  const state = { heard: false, over: false };
  client.on("error", () => (state.over = true));
  client.on("ready", () => client.shell((_error, channel) => channel.on("data", () => (state.heard = true)).on("close", () => (state.over = true)).write("\r")));
  client.connect({ host: "127.0.0.1", port: door.port, username: `${seen}.port0`, privateKey: mine.private });
  return { name: "serial console over SSH", isOpen: () => state.heard, isOver: () => state.over };
}

async function openAll(key: Key): Promise<readonly Open[]> {
  const all = [
    ofTerminal("terminal", signedTerminal(server, openRequest(seen), key)),
    ofTerminal("terminal through the endpoint", signedTerminal(server, openRequest(hidden), key)),
    ofTerminal("serial console", signedTerminal(server, { type: "open-serial", region, instance: seen }, key)),
    await tunnel(key),
    await serialOverSsh(key),
  ];
  await expect.poll(() => all.filter(({ isOpen }) => !isOpen()).map(({ name }) => name)).toEqual([]);
  return all;
}

const all = ["terminal", "terminal through the endpoint", "serial console", "tunnel", "serial console over SSH"];
const right = (...names: readonly string[]) => ({ Action: names.map((name) => `ec2-instance-connect:${name}`) });

test.each([
  ["its user loses all rights", all, (user: string) => allowUser(server, user)],
  ["its user loses the right to tunnels", ["terminal through the endpoint", "tunnel"], (user: string) => allowUser(server, user, right("Send*"))],
  ["its user loses the right to serial consoles", ["serial console", "serial console over SSH"], (user: string) => allowUser(server, user, right("SendSSHPublicKey", "OpenTunnel"))],
  ["its user's key is deleted", all, (UserName: string, { accessKeyId: AccessKeyId }: { accessKeyId: string }) => server.iam().deleteAccessKey({ UserName, AccessKeyId })],
  ["the account disables serial consoles", ["serial console", "serial console over SSH"], () => server.ec2().disableSerialConsoleAccess({})],
  ["the endpoint is deleted", ["terminal through the endpoint", "tunnel"], async () => {
    const { InstanceConnectEndpoints: [endpoint] = [] } = await server.ec2().describeInstanceConnectEndpoints({});
    await server.ec2().deleteInstanceConnectEndpoint({ InstanceConnectEndpointId: endpoint?.InstanceConnectEndpointId });
    await server.hosts.settle();
  }],
  ["the instances stop", all, async () => {
    await server.ec2().stopInstances({ InstanceIds: [seen, hidden] });
    await server.hosts.settle();
  }],
])("What is open ends within five seconds when %s", async (reason, ending, happen) => {
  await openAccess();
  const user = reason.replaceAll(/\W/g, "-");
  const key = await createUser(server, user, right("*"));
  const open = await openAll(key);
  await happen(user, key);
  await expect.poll(() => open.filter(({ isOver }) => isOver()).map(({ name }) => name), { timeout: 5_000 }).toEqual(ending);
});
