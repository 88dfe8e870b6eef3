/** Byte streams between the control plane and a host's agent, over the agent's own socket; what they lead to is simulated. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { InstanceId } from "../../src/base/ids.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { inspectGuest } from "../../src/cli/inspect/inspect-guest.ts";
import type { Agent } from "../../src/host/agent/agent.ts";
import { unixSocketTransport, type ControlPlaneTransport } from "../../src/host/agent/control-plane-transport.ts";
import { startSimulatedAgent } from "../../src/host/agent/run-simulated-agent.ts";
import { simulatedEngines, simulatedHost, simulatedStreams } from "../../src/host/agent/simulated-parts.ts";
import { machineOf } from "../../src/host/agent/testing/specifications.ts";
import { MachineRoom } from "../../src/host/engine/simulated.ts";
import { StreamError, streamProtocol, type StreamTarget } from "../../src/host/protocol/stream.ts";
import { answerHost, answerUpgrade } from "../../src/reconcile/hosts/exchange-server.ts";
import { openHostDesk, type HostDesk } from "../../src/reconcile/hosts/host-desk.ts";
import { publish } from "../../src/reconcile/publish.ts";
import { launchOne } from "./launch-one.ts";
import { openTestServer, secretKey, type TestServer } from "./test-server.ts";

const hostId = "host-a";
const target = { kind: "tcp", address: "198.18.0.9", port: 22 } satisfies StreamTarget;
const patient = new AbortController().signal;

let folder: string;
let server: TestServer;
let desk: HostDesk;
let control: Server;
let transport: ControlPlaneTransport;
let agent: Agent;
let leave: AbortController;
let serve: (target: StreamTarget, guest: Duplex) => void;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "hostelry-streams-"));
  server = await openTestServer();
  desk = openHostDesk(server.store, systemClock, secretKey);
  control = createServer((request, response) => void answerHost(desk, request, response, silentLog));
  control.on("upgrade", (request, socket, head) => answerUpgrade(desk, request, socket, head));
  await new Promise<void>((resolve) => control.listen(join(folder, "control.sock"), resolve));
  transport = unixSocketTransport(join(folder, "control.sock"));
  leave = new AbortController();
  serve = (_target, guest) => void guest.pipe(guest);
  const parts = { ...simulatedHost(simulatedEngines(new MachineRoom())), streams: simulatedStreams((asked, guest) => serve(asked, guest)) };
  const machine = { cpus: 1, memoryMib: 1, cpuModel: "", kernel: "" };
  agent = await startSimulatedAgent({ hostId, installation: "abcdef", transport, parts, version: "1", machine, clock: systemClock, random: systemRandom, log: silentLog, signal: leave.signal });
});

afterEach(async () => {
  leave.abort();
  await agent.over;
  transport.close();
  desk.close();
  control.closeAllConnections();
  control.close();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const connections = () => new Promise<number>((resolve, reject) => control.getConnections((error, count) => (error === null ? resolve(count) : reject(error))));
const codeOf = (opening: Promise<unknown>) => opening.then(() => "opened", (error: unknown) => (error instanceof StreamError ? error.code : String(error)));

describe("a byte stream", () => {
  it("is there at once though the host waits in a long poll, and carries bytes both ways", async () => {
    const began = performance.now();
    const stream = await desk.streams.open(hostId, target, patient);
    stream.end("héllo");
    expect(await text(stream)).toBe("héllo");
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it("lets each direction end alone", async () => {
    serve = (_target, guest) => {
      guest.resume().once("end", () => setImmediate(() => guest.end("after your end")));
    };
    const stream = await desk.streams.open(hostId, target, patient);
    stream.end("mine");
    expect(await text(stream)).toBe("after your end");

    serve = (_target, guest) => {
      guest.end("mine");
      void text(guest).then((heard) => heardLater.resolve(heard));
    };
    const heardLater = Promise.withResolvers<string>();
    const other = await desk.streams.open(hostId, target, patient);
    expect(await text(other)).toBe("mine");
    other.end("after your end");
    expect(await heardLater.promise).toBe("after your end");
  });

  it("says why there is none", async () => {
    serve = (asked) => {
      throw asked.kind === "tcp" && asked.port === target.port ? new StreamError("refused") : new Error("something else");
    };
    expect(await codeOf(desk.streams.open(hostId, target, patient))).toBe("refused");
    expect(await codeOf(desk.streams.open(hostId, { ...target, port: 23 }, patient))).toBe("failed");
    expect(await codeOf(desk.streams.open(hostId, { kind: "serial", machine: "i-0123456789abcdef0" }, patient))).toBe("no-such-machine");
  });

  it("of a host that is not there is given up", async () => {
    const { openStreamDesk } = await import("../../src/reconcile/hosts/stream-desk.ts");
    expect(await codeOf(openStreamDesk(() => undefined, 20).open("host-b", target, patient))).toBe("host-silent");
  });

  it("is held back by whoever does not read", async () => {
    let sent = 0;
    serve = (_target, guest) => {
      const chunk = Buffer.alloc(64 * 1024);
      const fill = () => {
        while (guest.write(chunk)) sent += chunk.length;
      };
      guest.on("drain", fill);
      fill();
    };
    const stream = await desk.streams.open(hostId, target, patient);
    let before = -1;
    await expect.poll(() => [before, (before = sent)].every((value) => value === sent), { interval: 100 }).toBe(true);
    expect(sent).toBeLessThan(4 * 1024 * 1024);
    stream.destroy();
  });
});

describe("the end of a byte stream", () => {
  /** An open stream, and the far end's closing. */
  async function openOne(): Promise<{ stream: Duplex; closed: Promise<void> }> {
    const closed = Promise.withResolvers<void>();
    serve = (_target, guest) => void guest.once("close", closed.resolve).resume();
    return { stream: await desk.streams.open(hostId, target, patient), closed: closed.promise };
  }

  it("comes to both when the control plane's side breaks, and nothing stays open", async () => {
    const { stream, closed } = await openOne();
    stream.destroy();
    await closed;
    await expect.poll(() => agent.status().streams).toBe(0);
    await expect.poll(connections).toBeLessThanOrEqual(1); // the long poll's
  });

  it("comes to both when the agent ends", async () => {
    const { stream, closed } = await openOne();
    const over = new Promise((resolve) => stream.resume().once("close", resolve));
    leave.abort();
    await Promise.all([closed, over]);
    expect(agent.status().streams).toBe(0);
  });

  it("comes to both when the control plane ends", async () => {
    const { closed } = await openOne();
    desk.close();
    await closed;
    await expect.poll(() => agent.status().streams).toBe(0);
  });

  it("that the caller wants before it has begun leaves nothing behind", async () => {
    const held = Promise.withResolvers<Duplex>();
    serve = (_target, guest) => held.resolve(guest);
    const cancel = new AbortController();
    const opening = codeOf(desk.streams.open(hostId, target, cancel.signal));
    cancel.abort(new Error("enough"));
    expect(await opening).toBe("Error: enough");
    await delay(20);
    await expect.poll(() => agent.status().streams).toBe(0);
  });

  it("is not another host's to take", async () => {
    const told = desk.streams.open("host-b", target, patient).catch(() => undefined);
    const [order] = desk.streams.tell("host-b");
    await expect(transport.dial(`/v1/hosts/${hostId}/streams/${order?.id}`, streamProtocol)).rejects.toThrow("takes no such connection");
    await expect(transport.dial("/v1/hosts/host-b/streams/0", streamProtocol)).rejects.toThrow("takes no such connection");
    desk.close();
    await told;
  });
});

describe("a look into a guest", () => {
  const parts = () => ({ store: server.store, desk });

  it("is asked of the host that has it, which may say that it cannot", async () => {
    const { instance } = await launchOne(server, { Placement: { AvailabilityZone: "us-east-1a" } });
    await expect(inspectGuest(parts(), instance, 10)).rejects.toThrow("The host host-a cannot do it: it does not have this machine.");
    await expect(inspectGuest(parts(), "i-0123456789abcdef0", 10)).rejects.toThrow("No host has the instance i-0123456789abcdef0.");
  });

  it("is what the host says of the machine, as soon as it has looked", async () => {
    const { instance } = await launchOne(server, { Placement: { AvailabilityZone: "us-east-1a" } });
    await server.write((tx) => publish(tx, hostId, machineOf({ id: instance as InstanceId }))); // of an answer of this server
    await expect.poll(() => agent.status().machines.find(({ state }) => state === "running")?.id).toBe(instance);
    expect(await inspectGuest(parts(), instance, 10)).toMatchObject({ host: hostId, id: instance, engine: "simulated", sampledMs: 10 });
  });
});
