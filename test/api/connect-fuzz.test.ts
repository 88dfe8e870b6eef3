/** Frames and messages that nobody should send, to the sockets of terminals and of tunnels: the connection ends at most, and everybody else's go on. */
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { terminalPath } from "../../src/base/terminal-protocol.ts";
import { seededChoices, type SeededChoices } from "../../src/iam/policy/testing/seeded.ts";
import { signRequest } from "../../src/wire/signature.ts";
import { launchOne } from "./launch-one.ts";
import { launchRunning, openRequest, openTerminalServer, signedTerminal, type TerminalServer, type TestTerminal } from "./terminal-server.ts";
import { account, region } from "./test-server.ts";
import { presignedTunnel } from "./tunnel-client.ts";
import { makeVpc } from "./vpc-parts.ts";

const [rounds, atOnce] = [120, 10];
let server: TerminalServer;
let id: string;
let tunnelQuery: Readonly<Record<string, string>>;
let bystander: TestTerminal;

beforeAll(async () => {
  server = await openTerminalServer({ graceMs: 50, idleMs: 60_000, checkMs: 100 });
  id = await launchRunning(server);
  const { reach } = server;
  server.reach = (target, guest) => (target.kind === "tcp" ? reach(target, guest) : void guest.on("error", () => undefined).pipe(guest));
  const { ec2, subnetId: SubnetId } = await makeVpc(server);
  const { instance } = await launchOne(server, { SubnetId });
  await ec2.enableSerialConsoleAccess({});
  const { InstanceConnectEndpoint: endpoint } = await ec2.createInstanceConnectEndpoint({ SubnetId });
  await server.hosts.settle();
  const { Reservations: [reservation] = [] } = await ec2.describeInstances({ InstanceIds: [instance] });
  tunnelQuery = { instanceConnectEndpointId: endpoint?.InstanceConnectEndpointId ?? "", privateIpAddress: reservation?.Instances?.[0]?.PrivateIpAddress ?? "", remotePort: "22" };
  bystander = signedTerminal(server, openRequest(id));
  await vi.waitUntil(() => bystander.id !== "", { timeout: 60_000 });
});
afterAll(() => server?.[Symbol.asyncDispose]());

/** A connection whose handshake is right; what follows is anything. */
function upgrade(url: URL, headers: Readonly<Record<string, string>>): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers: { ...headers, connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": randomBytes(16).toString("base64") } });
    asked.on("upgrade", (_answer, socket) => resolve(socket.on("error", () => undefined).resume()));
    asked.on("response", ({ statusCode }) => reject(new Error(`refused: ${statusCode}`)));
    asked.on("error", reject);
    asked.end();
  });
}

function openTerminalSocket(): Promise<Duplex> {
  const { headers } = signRequest({ method: "GET", path: terminalPath, query: "", headers: { host: new URL(server.url).host }, body: new Uint8Array() }, { accessKeyId: account, secretAccessKey: "test" }, { region, service: "ec2-instance-connect", nowMs: Date.now() });
  return upgrade(new URL(terminalPath, server.url), headers);
}

/** As soon as the endpoint has room for one: those that were cut leave it after a while. */
async function openTunnelSocket(): Promise<Duplex> {
  const open = () => upgrade(new URL(presignedTunnel(server.url, tunnelQuery, account).replace("ws:", "http:")), {}).catch(() => undefined);
  let socket: Duplex | undefined;
  await expect.poll(async () => (socket = await open()) !== undefined).toBe(true);
  return socket as Duplex; // it was polled for
}

const words = ["open", "open-serial", "resume", "resize", "acknowledge", "end", "__proto__", "", "i-0123456789abcdef0", "us-east-1", "admin", "\u0000", "x".repeat(2_000)];
const numbers = [0, -1, 1, 1.5, 80, 2 ** 31, Number.MAX_SAFE_INTEGER, 1e300];

function anyMessage({ pick, count }: SeededChoices): string {
  const value = () => pick<unknown>([pick(words), pick(numbers), null, true, [], {}, id]);
  const known = { type: pick(words), region: pick([region, value()]), instance: pick([id, value()]), user: value(), terminal: pick([bystander.id.slice(1), value()]), received: value(), columns: value(), rows: value() };
  const text = JSON.stringify(known);
  return pick([text, text, text.slice(0, count(text.length)), JSON.stringify(value())]);
}

/** As RFC 6455 §5.2 has it, with whatever in its place that must not be there. */
function anyFrame(choices: SeededChoices): Buffer {
  const { pick, count } = choices;
  const payload = pick([Buffer.from(anyMessage(choices)), Buffer.alloc(count(300), count(255)), Buffer.alloc(pick([0, 125, 126, 65_535, 65_536, 70_000]))]);
  const isRight = count(2) > 0;
  const opcode = isRight ? pick([1, 1, 2, 8, 9]) : count(15);
  const first = (isRight || count(1) === 0 ? 0x80 : 0) | (isRight ? 0 : count(7) << 4) | opcode;
  const isMasked = isRight || count(1) === 0;
  const claimed = isRight ? payload.length : pick([payload.length, 0, 125, 2 ** 16, 2 ** 31, 2 ** 53]);
  const size = claimed < 126 ? Buffer.of(claimed) : claimed < 2 ** 16 ? Buffer.of(126, claimed >> 8, claimed & 0xff) : Buffer.concat([Buffer.of(127), bigEndian(claimed)]);
  size[0] = (size[0] ?? 0) | (isMasked ? 0x80 : 0);
  const mask = Buffer.from([count(255), count(255), count(255), count(255)]);
  return Buffer.concat([Buffer.of(first), size, ...(isMasked ? [mask, payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))] : [payload])]);
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** Sends a few frames, in pieces as they fall, and leaves, politely or not. */
async function disturb(socket: Duplex, seed: number): Promise<void> {
  const choices = seededChoices(seed);
  const bytes = Buffer.concat(Array.from({ length: 1 + choices.count(5) }, () => anyFrame(choices)));
  for (let at = 0; at < bytes.length && !socket.destroyed; ) {
    const piece = 1 + choices.count(choices.pick([8, 4_096, bytes.length]));
    socket.write(bytes.subarray(at, at + piece));
    at += piece;
    if (choices.count(3) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  if (choices.count(1) === 0) socket.end();
  else socket.destroy();
}

test.each([
  ["a terminal", openTerminalSocket],
  ["a tunnel", openTunnelSocket],
])("Whatever is sent to %s's socket ends that connection at most", async (_what, open) => {
  for (let round = 0; round < rounds; round += atOnce) {
    const sockets = await Promise.all(Array.from({ length: atOnce }, open));
    await Promise.all(sockets.map((socket, index) => disturb(socket, 1 + round + index)));
    for (const socket of sockets) socket.destroy();
  }
  await expect.poll(() => server.terminals.count, { timeout: 10_000 }).toBe(1); // the bystander's
  const before = bystander.output.length;
  bystander.type("still here");
  await expect.poll(() => bystander.output.slice(before)).toContain("still here");
  (await openTunnelSocket()).destroy(); // nobody's tunnels are counted for ever
});
