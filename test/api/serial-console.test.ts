/** The serial console's SSH endpoint with SSH's own client library; what stands for the host gives each session the other end of its stream. */
import { duplexPair, type Duplex } from "node:stream";
import ssh2, { type Client, type ClientChannel } from "ssh2";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSerialDoor, type SerialDoor } from "../../src/api/connect/serial-door.ts";
import { openPipeline } from "../../src/api/pipeline.ts";
import { silentLog } from "../../src/base/log.ts";
import { StreamError } from "../../src/host/protocol/stream.ts";
import { makeSshKey } from "./guest-with-ssh.ts";
import { launchOne } from "./launch-one.ts";
import { openTestServer, type TestServer } from "./test-server.ts";

const [mine, another] = await Promise.all([makeSshKey(), makeSshKey()]);
let server: TestServer;
let door: SerialDoor;
let id: string;
/** What the endpoint's clock shows; undefined: as everywhere. */
let at: number | undefined;
let refuse: StreamError | undefined;
let guests: Duplex[];
const clients: Client[] = [];

beforeEach(async () => {
  [at, refuse, guests] = [undefined, undefined, []];
  server = await openTestServer();
  id = (await launchOne(server)).instance;
  await server.ec2().enableSerialConsoleAccess({});
  const open = async (): Promise<Duplex> => {
    if (refuse !== undefined) throw refuse;
    const [near, far] = duplexPair();
    guests.push(far);
    return near;
  };
  const { private: hostKey } = await makeSshKey();
  door = await openSerialDoor({ ...server.parts, pipeline: openPipeline(server.parts), streams: { open }, clock: { now: () => at ?? Date.now() }, log: silentLog, hostKey }, 0);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await door.close();
  await server[Symbol.asyncDispose]();
});

const push = (InstanceId = id) => server.connect().sendSerialConsoleSSHPublicKey({ InstanceId, SSHPublicKey: mine.public });

/** Rejects when the login is refused. */
function connect(privateKey = mine.private, username = `${id}.port0`): Promise<Client> {
  const client = new ssh2.Client();
  clients.push(client);
  return new Promise((resolve, reject) => {
    client.once("ready", () => resolve(client)).once("error", reject);
    client.connect({ host: "127.0.0.1", port: door.port, username, privateKey });
  });
}

function shell(client: Client): Promise<ClientChannel> {
  return new Promise((resolve, reject) => client.shell((error, channel) => (error === undefined ? resolve(channel) : reject(error))));
}

const nextOf = (stream: Duplex) => new Promise<string>((resolve) => stream.once("data", (data: Buffer) => resolve(data.toString())));
const refused = expect.objectContaining({ message: expect.stringContaining("authentication methods failed") });

test("A pushed key opens the console, and bytes go both ways until one side ends", async () => {
  await push();
  const channel = await shell(await connect());
  channel.write("admin\r");
  const [guest] = guests;
  if (guest === undefined) throw new Error("no stream was opened");
  expect(await nextOf(guest)).toBe("admin\r");
  guest.write("Password: ");
  expect(await nextOf(channel)).toBe("Password: ");
  const closed = new Promise((resolve) => channel.once("close", resolve));
  guest.end();
  await closed;
});

test("No other key, no other instance, no minute later, and no account that has closed its consoles", async () => {
  const { instance: other } = await launchOne(server);
  await expect(connect()).rejects.toEqual(refused);
  const before = Date.now();
  await push();
  const after = Date.now();
  await expect(connect(another.private)).rejects.toEqual(refused);
  await expect(connect(mine.private, `${other}.port0`)).rejects.toEqual(refused);
  for (const name of [id, `${id}.port1`, "root", "../.port0"]) await expect(connect(mine.private, name)).rejects.toEqual(refused);
  at = before + 59_000;
  (await connect()).end();
  at = after + 61_000;
  await expect(connect()).rejects.toEqual(refused);
  at = before;
  await server.ec2().disableSerialConsoleAccess({});
  await expect(connect()).rejects.toEqual(refused);
});

test("There is nothing but the console: no commands, no files, no forwarded ports", async () => {
  await push();
  const client = await connect();
  await expect(new Promise((_resolve, reject) => client.exec("id", (error) => reject(error)))).rejects.toThrow();
  await expect(new Promise((_resolve, reject) => client.sftp((error) => reject(error)))).rejects.toThrow();
  await expect(new Promise((_resolve, reject) => client.forwardOut("127.0.0.1", 1, "127.0.0.1", 22, (error) => reject(error)))).rejects.toThrow();
  expect(guests).toEqual([]);
});

test("Who does not get it is told why, and the console is free when a user has gone", async () => {
  await push();
  refuse = new StreamError("busy");
  const channel = await shell(await connect());
  expect(await nextOf(channel.stderr as Duplex)).toBe("The serial console has another user. Try again when their session is over.\r\n"); // a channel's stderr is one
  refuse = undefined;
  const client = await connect();
  await shell(client);
  const left = new Promise((resolve) => guests[0]?.resume().once("close", resolve).once("end", resolve));
  client.destroy();
  await left;
});
