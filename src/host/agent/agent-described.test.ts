import { expect, test } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import type { HostDescription } from "../protocol/report.ts";
import { startAgent } from "./agent.ts";
import { simulatedHost } from "./simulated-parts.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { WorldEngine } from "./testing/world-engine.ts";

const works = { works: true, engine: "simulated" };
const machine = { cpus: 1, memoryMib: 1, cpuModel: "", kernel: "" };
const first: HostDescription = { version: "1", engines: { emulated: works, paravirtual: works, hardware: { works: false, engine: "simulated" } }, machine };

test("An agent arrives with what it knows soon, and says anew what it finds out later, whichever comes first", async () => {
  const plane = new FakeControlPlane();
  const leave = new AbortController();
  const [hardware, arm64] = [Promise.withResolvers<HostDescription>(), Promise.withResolvers<HostDescription>()];
  await startAgent(
    {
      hostId: "us-east-1a-1", installation: "abcdef", dataDirectory: "/d", runDirectory: "/r", imagesDirectory: "/i", bootId: "b", transport: plane.transport(),
      parts: simulatedHost(new WorldEngine().engines()), userOf: () => undefined, clock: systemClock, random: systemRandom, log: silentLog,
      describe: async () => first, describeLater: [() => hardware.promise, () => arm64.promise],
    },
    leave.signal,
  );
  const said = () => plane.arrivals.map((arrival) => (arrival as unknown as { description: HostDescription }).description); // as the client sends it
  await expect.poll(said).toEqual([first]);
  arm64.resolve({ ...first, arm64: works });
  await expect.poll(said).toEqual([first, { ...first, arm64: works }]);
  hardware.reject(new Error("nobody knows"));
  leave.abort();
});
