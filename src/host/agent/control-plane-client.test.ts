import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import type { SpecificationPage } from "../protocol/exchange.ts";
import type { MachineReport } from "../protocol/report.ts";
import { ControlPlaneClient } from "./control-plane-client.ts";
import { unixSocketTransport } from "./control-plane-transport.ts";
import { FakeControlPlane, serveFakeControlPlane } from "./testing/fake-control-plane.ts";
import { machineId, machineOf } from "./testing/specifications.ts";

let directory: string;
let socket: string;
let plane: FakeControlPlane;
let leave: AbortController;

beforeEach(async () => {
  directory = await mkdtemp("/tmp/hostelry-client-");
  socket = join(directory, "control.sock");
  plane = new FakeControlPlane();
  leave = new AbortController();
});

afterEach(async () => {
  leave.abort();
  await rm(directory, { recursive: true, force: true });
});

const availability = { works: true, engine: "simulated" };
const description = { version: "1", engines: { emulated: availability, paravirtual: availability, hardware: availability }, machine: { cpus: 2, memoryMib: 1024, cpuModel: "", kernel: "" } };

function connect() {
  const transport = unixSocketTransport(socket);
  const seen = { pages: new Array<SpecificationPage>(), arrivals: 0 };
  const client = new ControlPlaneClient({
    hostId: "us-east-1a-1",
    incarnation: 7,
    description,
    transport,
    log: silentLog,
    random: systemRandom,
    arrived: () => void seen.arrivals++,
    take: async (page) => void seen.pages.push(page),
    longestPauseMs: 20,
  });
  return { client, seen, end: client.run(leave.signal).finally(() => transport.close()) };
}

const reportOf = (change: Partial<MachineReport>): MachineReport => ({ kind: "machine", id: machineId, generation: 1, run: 1, state: "running", reboots: 0, ...change });

describe("the conversation with the control plane", () => {
  it("begins with an arrival and a complete page, and goes on with what is newer", async () => {
    await using _server = await serveFakeControlPlane(plane, socket);
    plane.set(machineOf());
    const { seen } = connect();
    await expect.poll(() => seen.pages.length).toBe(1);
    plane.set(machineOf({ generation: 2 }));
    await expect.poll(() => seen.pages.length).toBe(2);
    expect(plane.arrivals.map(({ incarnation }) => incarnation)).toEqual([7]);
    expect(seen.pages.map(({ complete, specifications }) => [complete, specifications.map(({ generation }) => generation)])).toEqual([[true, [1]], [false, [2]]]);
  });

  it.each([403, 426])("keeps what it has to say while it is turned away with %i, and says it when it is let in again", async (status) => {
    await using _server = await serveFakeControlPlane(plane, socket);
    const { client, seen } = connect();
    await expect.poll(() => seen.arrivals).toBe(1);
    plane.outage = status;
    client.report(reportOf({}));
    await expect.poll(() => client.refusal).toBeDefined();
    await expect.poll(() => plane.refused).toBeGreaterThan(5);
    plane.outage = undefined;
    await plane.until((reports) => reports.size === 1);
    await expect.poll(() => client.refusal).toBeUndefined();
  });

  it("says anew what the host can do, and says it again to a control plane that has forgotten the host", async () => {
    const { client } = connect();
    const late = client.describe({ ...description, version: "2" });
    {
      await using _first = await serveFakeControlPlane(plane, socket);
      await late;
      await client.describe({ ...description, version: "3" });
    }
    expect(plane.arrivals.map((arrival) => arrival.description.version).at(-1)).toBe("3");
    const other = new FakeControlPlane();
    other.outage = 404;
    await using _second = await serveFakeControlPlane(other, socket);
    await expect.poll(() => other.refused).toBeGreaterThan(0);
    other.outage = undefined;
    await expect.poll(() => other.arrivals.at(-1)?.description.version).toBe("3");
  });

  it("waits for a control plane that is not there yet, and survives its restart without asking for all again", async () => {
    const { client, seen } = connect();
    client.report(reportOf({}));
    await new Promise((resolve) => setTimeout(resolve, 100));
    {
      await using _first = await serveFakeControlPlane(plane, socket);
      plane.set(machineOf());
      await plane.until((reports) => reports.has(machineId));
      await expect.poll(() => seen.pages.length).toBe(1);
    }
    client.report(reportOf({ state: "stopping" }));
    client.report(reportOf({ state: "stopped", cause: "guest" }));
    plane.set(machineOf({ generation: 2 }));
    await using _second = await serveFakeControlPlane(plane, socket);
    await plane.until((reports) => reports.get(machineId)?.state === "stopped");
    await expect.poll(() => seen.pages.length).toBe(2);
    expect([plane.arrivals.length, plane.reportLog.map(({ state }) => state)]).toEqual([1, ["running", "stopped"]]);
  });

  it("arrives again at a control plane that has forgotten the host", async () => {
    await using _server = await serveFakeControlPlane(plane, socket);
    plane.outage = 404;
    const { seen } = connect();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(seen.arrivals).toBe(0);
    plane.outage = undefined;
    await expect.poll(() => seen.arrivals).toBe(1);
    plane.outage = 404;
    plane.set(machineOf());
    await new Promise((resolve) => setTimeout(resolve, 100));
    plane.outage = undefined;
    await expect.poll(() => seen.arrivals).toBe(2);
  });

  it("ends when another agent speaks for the host", async () => {
    await using _server = await serveFakeControlPlane(plane, socket);
    plane.outage = 409;
    expect(await connect().end).toBe("superseded");
  });

  it("keeps a report until it was answered", async () => {
    await using _server = await serveFakeControlPlane(plane, socket);
    const { client, seen } = connect();
    await expect.poll(() => seen.arrivals).toBe(1);
    plane.outage = 503;
    client.report(reportOf({}));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(client.unsentReports).toBe(1);
    plane.outage = undefined;
    await expect.poll(() => client.unsentReports).toBe(0);
    expect([...plane.reports.values()]).toEqual([reportOf({})]);
  });
});
