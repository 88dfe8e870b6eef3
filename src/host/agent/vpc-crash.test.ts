/**
 * The agent is killed before and after every effect that it has on its world, once and then again a little later, while a VPC comes,
 * changes, goes and comes back. Whenever it was, the next agent ends where the control plane wants it.
 */
import { expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { MachineRoom } from "../engine/simulated.ts";
import type { VpcSpecification } from "../protocol/specification.ts";
import { startAgent } from "./agent.ts";
import { simulatedEngines, simulatedHost } from "./simulated-parts.ts";
import { CrashGate } from "./testing/crash-gate.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { vpcOf } from "./testing/specifications.ts";

const wishes: readonly VpcSpecification["want"][] = ["present", "present", "absent", "present", "absent"];
const availability = { works: true, engine: "simulated" };
const description = { version: "0", engines: { emulated: availability, paravirtual: availability, hardware: availability }, machine: { cpus: 1, memoryMib: 1, cpuModel: "", kernel: "" } };

/** Plays the first `acts` wishes with an agent killed at each of these moments; what is there at the end, and how many moments the last agent had. */
async function play(acts: number, kills: readonly number[]) {
  const plane = new FakeControlPlane();
  const parts = simulatedHost(simulatedEngines(new MachineRoom()));
  const end = new AbortController();
  let gate = new CrashGate(0);
  const over = (async () => {
    for (const killAt of [...kills, 0]) {
      gate = new CrashGate(killAt);
      const places = { dataDirectory: "/data", runDirectory: "/run", imagesDirectory: "/images" };
      const transport = gate.transport(plane.transport());
      const options = { hostId: "host-1", installation: "abcdef", ...places, bootId: "boot", transport, parts: gate.host(parts), userOf: () => undefined, describe: async () => description };
      void startAgent({ ...options, clock: systemClock, random: systemRandom, log: silentLog, longestPauseMs: 5 }, end.signal).catch(() => undefined);
      if (killAt > 0) await Promise.race([gate.killed, new Promise((resolve) => end.signal.addEventListener("abort", resolve))]);
      if (end.signal.aborted) return;
    }
  })();
  for (const [index, want] of wishes.slice(0, acts).entries()) {
    const wanted = vpcOf({ generation: index + 1, want });
    plane.set(wanted);
    await plane.until((reports) => {
      const report = reports.get(wanted.id);
      return report?.kind === "vpc" && report.generation === wanted.generation && report.state === (want === "present" ? "applied" : "absent");
    });
  }
  const { moments } = gate;
  end.abort();
  gate.kill();
  await over;
  const files = [...parts.files.contents].filter(([path]) => path.includes("vpc-"));
  return { moments, outcome: { vpcs: [...parts.network.vpcs], files } };
}

it.each([2, 3, 4, 5])("killed anywhere, it ends after %i wishes where an agent ends that is never killed", async (acts) => {
  const undisturbed = await play(acts, []);
  for (let first = 1; first <= undisturbed.moments; first++) {
    for (const kills of [[first], [first, 1 + (first % 7)]]) {
      expect((await play(acts, kills)).outcome, `killed at ${kills.join(", then at ")}`).toEqual(undisturbed.outcome);
    }
  }
});
