/** Runs that nobody wanted to end: the whole installation went down, or the physical machine restarted. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MachineSpecification } from "../protocol/specification.ts";
import type { Agent } from "./agent.ts";
import { simulatedHost } from "./simulated-parts.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { machineId, machineOf } from "./testing/specifications.ts";
import { startTestAgent } from "./testing/start-agent.ts";
import { WorldEngine } from "./testing/world-engine.ts";

let plane: FakeControlPlane;
let engine: WorldEngine;
let host: ReturnType<typeof simulatedHost>;
let leave: AbortController;

beforeEach(() => {
  plane = new FakeControlPlane();
  engine = new WorldEngine();
  host = simulatedHost(engine.engines());
});

afterEach(() => leave.abort());

function start(bootId = "first"): Promise<Agent> {
  leave = new AbortController();
  return startTestAgent(plane, host, leave.signal, bootId);
}

/** The agent leaves and another comes. */
async function restart(agent: Agent): Promise<Agent> {
  leave.abort();
  await agent.over;
  return start();
}

const specify = (change: Partial<MachineSpecification> = {}) => plane.set(machineOf(change));
const untilState = (state: string, generation = 1) => plane.until((reports) => reports.get(machineId)?.state === state && reports.get(machineId)?.generation === generation);

describe("a host's agent", () => {
  it("parks its guests, and the next agent starts those again that should run, with empty local disks", async () => {
    const agent = await start();
    specify({ instanceStoreGib: [1] });
    await untilState("running");
    plane.reportLog.length = 0;
    await agent.park();
    expect([engine.guests.size, [...host.disks.held], agent.status().machines[0]]).toMatchObject([0, [], { state: "stopped", parked: true }]);
    expect(plane.reportLog).toEqual([]);
    await restart(agent);
    await expect.poll(() => engine.guests.size).toBe(1);
    await expect.poll(() => plane.reportLog.at(-1)).toMatchObject({ state: "running", run: 1 });
    expect(engine.boots).toBe(2);
  });

  it("leaves local disks to the next run where that is the same guest's, and not where it is not", async () => {
    await start();
    specify({ instanceStoreGib: [1] });
    await untilState("running");
    const local = `${machineId} instance-store`;
    specify({ generation: 2, instanceStoreGib: [1], want: "stopped", stop: "force", keepInstanceStore: true });
    await untilState("stopped", 2);
    expect(host.disks.held).toContain(local);
    specify({ generation: 3, instanceStoreGib: [1], run: 2 });
    await untilState("running", 3);
    specify({ generation: 4, instanceStoreGib: [1], run: 2, want: "stopped", stop: "force" });
    await untilState("stopped", 4);
    expect(host.disks.held).not.toContain(local);
  });

  it("starts its guests again after a restart of the physical machine, with their volumes and empty local disks, and reports no end", async () => {
    const agent = await start();
    specify({ instanceStoreGib: [1] });
    await untilState("running");
    const held = [...host.disks.held];
    plane.reportLog.length = 0;
    leave.abort();
    await agent.over;
    engine.guests.clear();
    await start("second");
    await expect.poll(() => plane.reportLog.at(-1)).toMatchObject({ state: "running", run: 1 });
    expect([engine.boots, engine.guests.size, [...host.disks.held]]).toEqual([2, 1, held]);
    expect(plane.reportLog.map((each) => each.state)).not.toContain("stopped");
  });

  it("starts a guest again whose engine was seen to die just before the physical machine restarted", async () => {
    const agent = await start();
    specify();
    await untilState("running");
    plane.outage = 503;
    engine.end(machineId, "engine");
    await expect.poll(() => agent.status().machines[0]?.state).toBe("stopped");
    plane.outage = undefined;
    leave.abort();
    await agent.over;
    plane.reportLog.length = 0;
    await start("second");
    await expect.poll(() => plane.reportLog.at(-1)).toMatchObject({ state: "running", run: 1 });
    expect([engine.boots, plane.reportLog.map((each) => each.state)]).toEqual([2, expect.not.arrayContaining(["stopped"])]);
  });

  it.each([
    ["the installation went down", (agent: Agent) => agent.park()],
    ["the physical machine restarted", () => engine.guests.clear()],
  ])("gives up a guest whose root disk was the host's own when %s", async (_what, befall) => {
    const agent = await start();
    specify({ disks: [], localRoot: { file: "image.raw", sizeGib: 1, device: "/dev/xvda" } });
    await untilState("running");
    await befall(agent);
    leave.abort();
    await agent.over;
    await start("second");
    await untilState("stopped");
    expect(plane.reportLog.at(-1)).toMatchObject({ state: "stopped", run: 1, cause: "engine" });
    expect([engine.boots, engine.guests.size, [...host.disks.held]]).toEqual([1, 0, []]);
  });

  it("does not start a parked guest again that was stopped meanwhile", async () => {
    const agent = await start();
    specify();
    await untilState("running");
    await agent.park();
    specify({ generation: 2, want: "stopped" });
    await restart(agent);
    await untilState("stopped", 2);
    expect(engine.boots).toBe(1);
  });
});
