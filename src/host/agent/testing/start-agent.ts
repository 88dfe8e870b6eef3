/** An agent with parts of the test's choice, in conversation with the test's control plane. */
import { systemClock } from "../../../base/clock.ts";
import { silentLog } from "../../../base/log.ts";
import { systemRandom } from "../../../base/random.ts";
import type { Agent } from "../agent.ts";
import type { AgentParts } from "../parts.ts";
import { startSimulatedAgent } from "../run-simulated-agent.ts";
import type { FakeControlPlane } from "./fake-control-plane.ts";

export function startTestAgent(plane: FakeControlPlane, parts: AgentParts, signal: AbortSignal, bootId?: string): Promise<Agent> {
  return startSimulatedAgent({
    hostId: "us-east-1a-1",
    installation: "abcdef",
    transport: plane.transport(),
    parts,
    ...(bootId === undefined ? {} : { bootId }),
    version: "1",
    machine: { cpus: 1, memoryMib: 1, cpuModel: "", kernel: "" },
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    watchTiming: { everyMs: 20, againMs: 1 },
    signal,
  });
}
