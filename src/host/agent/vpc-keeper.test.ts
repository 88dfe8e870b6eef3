import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { MachineRoom } from "../engine/simulated.ts";
import type { VpcReport } from "../protocol/report.ts";
import type { VpcSpecification } from "../protocol/specification.ts";
import type { Agent } from "./agent.ts";
import { startSimulatedAgent } from "./run-simulated-agent.ts";
import { simulatedEngines, simulatedHost } from "./simulated-parts.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { machineOf, vpcId, vpcOf } from "./testing/specifications.ts";

let plane: FakeControlPlane;
let host: ReturnType<typeof simulatedHost>;
let leave: AbortController;

beforeEach(() => {
  plane = new FakeControlPlane();
  host = simulatedHost(simulatedEngines(new MachineRoom()));
  leave = new AbortController();
});
afterEach(() => leave.abort());

function start(): Promise<Agent> {
  const machine = { cpus: 1, memoryMib: 1, cpuModel: "", kernel: "" };
  return startSimulatedAgent({ hostId: "us-east-1a-1", installation: "abcdef", transport: plane.transport(), parts: host, version: "1", machine, clock: systemClock, random: systemRandom, log: silentLog, signal: leave.signal });
}

async function restart(agent: Agent): Promise<void> {
  leave.abort();
  await agent.over;
  leave = new AbortController();
  plane.reports.clear();
  await start();
}

const untilReported = (state: VpcReport["state"], generation: number) =>
  plane.until((reports) => {
    const report = reports.get(vpcId);
    return report?.kind === "vpc" && report.state === state && report.generation === generation;
  });

describe("a host's VPC", () => {
  it("is applied, reported, and changed by a higher generation only", async () => {
    await start();
    plane.set(vpcOf());
    await untilReported("applied", 1);
    plane.set(vpcOf({ generation: 3 }));
    await untilReported("applied", 3);
    plane.set(vpcOf({ generation: 2 }), vpcOf({ id: "vpc-0123456789abcdef1" }));
    await plane.until((reports) => reports.has("vpc-0123456789abcdef1"));
    expect([...host.network.vpcs]).toEqual([[vpcId, 3], ["vpc-0123456789abcdef1", 1]]);
  });

  it("keeps the first of two specifications with one generation", async () => {
    await start();
    plane.set(vpcOf());
    await untilReported("applied", 1);
    plane.set(vpcOf({ networkIdentifier: 8 }));
    plane.set(vpcOf({ id: "vpc-0123456789abcdef1" }));
    await plane.until((reports) => reports.has("vpc-0123456789abcdef1"));
    expect(JSON.parse((await host.files.read(`/simulated/data/vpcs/${vpcId}.json`)) ?? "{}")).toEqual(vpcOf());
  });

  it("is told to the network again by the next agent, before any machine is taken up", async () => {
    const agent = await start();
    plane.set(vpcOf(), machineOf());
    await untilReported("applied", 1);
    const calls: string[] = [];
    const { applyVpc, retainOnly } = host.network;
    Object.assign(host.network, {
      applyVpc: (specification: VpcSpecification) => (calls.push("applyVpc"), applyVpc(specification)),
      retainOnly: (ids: Parameters<typeof retainOnly>[0]) => (calls.push("retainOnly"), retainOnly(ids)),
    });
    await restart(agent);
    await untilReported("applied", 1);
    expect(calls).toEqual(["applyVpc", "retainOnly"]);
  });

  it("is withdrawn on request, does not come back with an old generation, and does with a higher one", async () => {
    const agent = await start();
    plane.set(vpcOf());
    await untilReported("applied", 1);
    plane.set(vpcOf({ generation: 2, want: "absent" }));
    await untilReported("absent", 2);
    plane.set(vpcOf());
    await restart(agent);
    await untilReported("absent", 1);
    expect(host.network.vpcs.size).toBe(0);
    plane.set(vpcOf({ generation: 3 }));
    await untilReported("applied", 3);
  });

  it("that the control plane does not name any more is withdrawn", async () => {
    const agent = await start();
    plane.set(vpcOf());
    await untilReported("applied", 1);
    plane.forget(vpcId);
    await restart(agent);
    await untilReported("absent", 1);
    expect([host.network.vpcs.size, await host.files.list("/simulated/data/vpcs")]).toEqual([0, []]);
  });
});
