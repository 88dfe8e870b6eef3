import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TerminalError } from "../../base/errors.ts";
import type { MachineReport } from "../protocol/report.ts";
import type { MachineSpecification } from "../protocol/specification.ts";
import type { Agent } from "./agent.ts";
import type { ClientEnd } from "./control-plane-client.ts";
import type { AgentParts } from "./parts.ts";
import { simulatedHost, simulatedStorage } from "./simulated-parts.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { diskOf, machineId, machineOf, rootVolume, volumeOf } from "./testing/specifications.ts";
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
  leave = new AbortController();
});

afterEach(() => leave.abort());

function start(parts: AgentParts = host): Promise<Agent> {
  return startTestAgent(plane, parts, leave.signal);
}

/** The agent leaves and another comes. */
async function restart(agent: Agent, parts: AgentParts = host): Promise<Agent> {
  leave.abort();
  await agent.over;
  leave = new AbortController();
  return start(parts);
}

const specify = (change: Partial<MachineSpecification> = {}) => plane.set(machineOf(change));
const untilState = (state: string, generation = 1) => plane.until((reports) => reports.get(machineId)?.state === state && reports.get(machineId)?.generation === generation);
const report = () => plane.reports.get(machineId);

describe("a host's agent", () => {
  it("runs a machine, and reports it running when its interface is connected", async () => {
    await start();
    specify();
    await untilState("running");
    expect([engine.guests.size, ...host.network.interfaces.values()]).toEqual([1, "connected"]);
    expect(report()).toMatchObject({ run: 1, reboots: 0, startedAt: expect.any(Number) });
  });

  it("gives a guest its accelerators for as long as it runs, whichever agent is there", async () => {
    const agent = await start();
    specify({ accelerators: 2 });
    await untilState("running");
    const taken = engine.guests.get(machineId)?.plan.accelerators;
    await restart(agent);
    await expect.poll(() => plane.arrivals.length).toBe(2);
    const between = [...host.accelerators.held];
    specify({ generation: 2, accelerators: 2, want: "stopped" });
    await untilState("stopped", 2);
    expect([taken?.length, between, [...host.accelerators.held]]).toEqual([2, [machineId], []]);
  });

  it("leaves guests alone when it leaves, and adopts them when it comes back", async () => {
    const agent = await start();
    specify();
    await untilState("running");
    plane.reports.clear();
    await restart(agent);
    await untilState("running");
    expect([engine.boots, engine.guests.size, plane.arrivals.length]).toEqual([1, 1, 2]);
  });

  it("has a higher incarnation at each start", async () => {
    const agent = await start();
    await expect.poll(() => plane.arrivals.length).toBe(1);
    await restart(agent);
    await expect.poll(() => plane.arrivals.length).toBe(2);
    const [first, second] = plane.arrivals.map(({ incarnation }) => incarnation);
    expect(second).toBeGreaterThan(first ?? Infinity);
  });

  it("leaves when another agent speaks for the host, and its guests go on", async () => {
    const agent = await start();
    specify();
    await untilState("running");
    plane.outage = 409;
    plane.set(volumeOf());
    const end: ClientEnd = await agent.over;
    expect([end, engine.guests.size]).toEqual(["superseded", 1]);
  });

  it.each(["guest", "engine"] as const)("reports a run that its %s ended, and does not begin it again", async (cause) => {
    await start();
    specify();
    await untilState("running");
    engine.end(machineId, cause);
    await untilState("stopped");
    specify({ generation: 2, metadata: { ...machineOf().metadata, tags: { changed: "yes" } } });
    await untilState("stopped", 2);
    expect(report()).toMatchObject({ state: "stopped", cause, run: 1 });
    expect([engine.boots, [...host.disks.held], [...host.network.interfaces.keys()]]).toEqual([1, [], []]);
    specify({ generation: 3, run: 2 });
    await untilState("running", 3);
    expect(engine.boots).toBe(2);
  });

  it("powers a guest off that does not shut down in time, also when the agent restarts meanwhile", async () => {
    engine.stubborn = true;
    const agent = await start();
    specify();
    await untilState("running");
    specify({ generation: 2, want: "stopped", gracefulStopMs: 300 });
    await untilState("stopping", 2);
    await restart(agent);
    await untilState("stopped", 2);
    expect([engine.guests.size, report()]).toMatchObject([0, { cause: "requested" }]);
  });

  it("honours reboots by their count", async () => {
    await start();
    specify({ reboots: 3 });
    await untilState("running");
    expect(report()).toMatchObject({ reboots: 3 });
    specify({ generation: 2, reboots: 4 });
    await plane.until((reports) => reports.get(machineId)?.kind === "machine" && report()?.generation === 2 && JSON.stringify(report()).includes('"reboots":4'));
    expect([engine.guests.get(machineId)?.reboots, engine.boots]).toEqual([1, 1]);
  });

  it("fails a run that can never be started, with a reason, and begins the next", async () => {
    await start();
    engine.refusal = new TerminalError("the kernel is for another processor");
    specify();
    await untilState("failed");
    expect(report()).toMatchObject({ run: 1, reason: "the kernel is for another processor" });
    expect([[...host.disks.held], [...host.network.interfaces.keys()]]).toEqual([[], []]);
    engine.refusal = undefined;
    specify({ generation: 2, run: 2 });
    await untilState("running", 2);
  });

  it("tries again what failed for the moment", async () => {
    await start();
    engine.refusal = new Error("no tap yet");
    specify();
    await untilState("preparing");
    await new Promise((resolve) => setTimeout(resolve, 50));
    engine.refusal = undefined;
    await untilState("running");
    expect(engine.boots).toBe(1);
  });

  it("can be stopped while a start fails again and again", async () => {
    await start();
    engine.refusal = new Error("no tap yet");
    specify();
    await untilState("preparing");
    specify({ generation: 2, want: "stopped" });
    await untilState("stopped", 2);
    expect([[...host.disks.held], [...host.network.interfaces.keys()], engine.boots]).toEqual([[], [], 0]);
  });

  it("keeps the first of two specifications of one generation", async () => {
    await start();
    specify();
    await untilState("running");
    specify({ want: "absent" });
    specify({ generation: 2 });
    await untilState("running", 2);
    expect(engine.guests.size).toBe(1);
  });

  it("lets nothing come back from an old specification after it was removed", async () => {
    await start();
    specify();
    await untilState("running");
    specify({ generation: 2, want: "absent" });
    await untilState("absent", 2);
    specify({ generation: 1 });
    await untilState("absent", 1);
    expect([engine.boots, engine.guests.size]).toEqual([1, 0]);
  });

  it("takes a machine that it once removed back for a new run", async () => {
    const agent = await start();
    specify();
    await untilState("running");
    specify({ generation: 2, want: "absent" });
    await untilState("absent", 2);
    specify({ generation: 3, run: 2 });
    await untilState("running", 3);
    await restart(agent);
    expect([engine.boots, engine.guests.size]).toEqual([2, 1]);
  });

  it("removes what a complete page does not name at once, without waiting for the guest: it may run elsewhere", async () => {
    const agent = await start();
    engine.stubborn = true;
    specify({ gracefulStopMs: 600_000 });
    await untilState("running");
    plane.forget(machineId);
    await restart(agent);
    await untilState("absent");
    expect([engine.guests.size, [...host.disks.held], [...host.files.contents.keys()].filter((path) => path.includes("/machines/"))]).toEqual([0, [], []]);
  });

  it("refuses the state of another installation", async () => {
    await host.files.write("/simulated/data/agent.json", JSON.stringify({ installation: "000000", incarnation: 1 }));
    await expect(start()).rejects.toThrow("belongs to installation 000000");
  });

  it("tells that a volume is attached by its generation", async () => {
    await start();
    specify();
    await untilState("running");
    specify({ generation: 2, disks: [...machineOf().disks, diskOf("vol-0123456789abcdef1")] });
    await untilState("running", 2);
    expect([...(engine.guests.get(machineId)?.disks ?? [])]).toEqual([rootVolume, "vol-0123456789abcdef1"]);
  });

  it("tells which volumes the guest has, which it holds on to, and which it cannot take", async () => {
    const seen = () => (report() as MachineReport | undefined)?.disks?.map(({ volume, state }) => [volume, state]); // the reports of a machine's id
    const untilDisks = (...expected: readonly (readonly string[])[]) => plane.until(() => JSON.stringify(seen()?.toSorted()) === JSON.stringify(expected.toSorted()));
    const data = diskOf("vol-0000000000000000d");
    await start();
    specify();
    await untilState("running");
    engine.refusing = true;
    specify({ generation: 2, disks: [...machineOf().disks, data] });
    await untilDisks([rootVolume, "attached"], [data.volume, "failed"]);
    engine.refusing = false;
    await untilDisks([rootVolume, "attached"], [data.volume, "attached"]);
    engine.clinging = true;
    specify({ generation: 3 });
    await untilDisks([rootVolume, "attached"], [data.volume, "busy"]);
    expect(report()).toMatchObject({ state: "running", generation: 2, accepted: 3 });
    engine.clinging = false;
    await untilDisks([rootVolume, "attached"]);
    expect(engine.guests.get(machineId)?.disks).toEqual(new Set([rootVolume]));
  });
});

describe("a storage node's agent", () => {
  const storage = simulatedStorage();
  const untilVolume = (state: string, generation: number) => plane.until((reports) => reports.get(rootVolume)?.state === state && reports.get(rootVolume)?.generation === generation);

  it("makes, exports, withdraws and removes a volume", async () => {
    const agent = await start(storage);
    plane.set(volumeOf({ exportNames: ["one"] }));
    await untilVolume("available", 1);
    expect(storage.volumes.exports.get(rootVolume)).toEqual(["one"]);
    plane.set(volumeOf({ generation: 2 }));
    await untilVolume("available", 2);
    expect(storage.volumes.exports.get(rootVolume)).toEqual([]);
    plane.reports.clear();
    await restart(agent, storage);
    await untilVolume("available", 2);
    plane.set(volumeOf({ generation: 3, want: "absent" }));
    await untilVolume("absent", 3);
    expect([storage.volumes.exports.size, [...storage.files.contents.keys()].filter((path) => path.includes("/volumes/"))]).toEqual([0, []]);
  });

  it("reports a volume whose data is missing, and makes no empty one in its place", async () => {
    const node = simulatedStorage();
    const agent = await start(node);
    plane.set(volumeOf());
    await untilVolume("available", 1);
    await node.volumes.remove(rootVolume);
    await restart(agent, node);
    await untilVolume("failed", 1);
    expect(node.volumes.exports.size).toBe(0);
  });
});
