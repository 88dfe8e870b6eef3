/**
 * The agent is killed before and after every effect that it has on its world, once and then again a little later, while a user
 * launches, stops, starts, reboots, plugs and terminates. Whenever it was, a new agent brings the machine to where it should be,
 * no guest is ever started while it runs or twice for one run, and nothing is left of a terminated one.
 */
import { describe, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import type { StateReport } from "../protocol/report.ts";
import type { MachineSpecification } from "../protocol/specification.ts";
import { startAgent } from "./agent.ts";
import type { HostParts } from "./parts.ts";
import { simulatedHost } from "./simulated-parts.ts";
import { CrashGate } from "./testing/crash-gate.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { diskOf, firstInterface, interfaceOf, machineId, machineOf, rootVolume } from "./testing/specifications.ts";
import { WorldEngine } from "./testing/world-engine.ts";

interface Act {
  readonly change: Partial<MachineSpecification>;
  /** The state that ends the act; empty: not waited for. */
  readonly until: string;
}

const root = diskOf(rootVolume, { device: "/dev/xvda", root: true });
const launch: Act = { change: {}, until: "running" };
const stop: Act = { change: { want: "stopped" }, until: "stopped" };
const restart: Act = { change: { want: "running", run: 2 }, until: "running" };
const reboot: Act = { change: { reboots: 1 }, until: "running" };
const terminate: Act = { change: { want: "absent" }, until: "absent" };
const plug: Act = {
  change: { disks: [root, diskOf("vol-0123456789abcdef1")], interfaces: [interfaceOf(firstInterface), interfaceOf("eni-0123456789abcdef1", { deviceIndex: 1 })] },
  until: "running",
};
const unplug: Act = { change: { disks: [root], interfaces: [interfaceOf(firstInterface)] }, until: "running" };

const scripts: Readonly<Record<string, readonly Act[]>> = {
  "launch": [launch],
  "launch with local disks, stop": [{ change: { instanceStoreGib: [1, 1] }, until: "running" }, stop],
  "launch, stop, start": [launch, stop, restart],
  "launch, reboot": [launch, reboot],
  "launch, plug, unplug": [launch, plug, unplug],
  "launch, terminate": [launch, terminate],
  "launch with accelerators, stop, terminate": [{ change: { accelerators: 2 }, until: "running" }, stop, terminate],
  "terminate at once": [{ change: {}, until: "" }, terminate],
  "stop and start at once": [launch, { change: { want: "running", run: 2 }, until: "running" }],
};

class World {
  readonly plane = new FakeControlPlane();
  readonly engine = new WorldEngine();
  readonly parts = simulatedHost(this.engine.engines());
  bootId = "first";

  /** The physical machine restarts: whatever ran on it is gone, what was on disk is there. */
  restart(): void {
    this.bootId = `${this.bootId}, restarted`;
    this.engine.guests.clear();
  }

  start(gate: CrashGate, signal: AbortSignal): Promise<unknown> {
    const parts: HostParts = gate.host(this.parts);
    return startAgent(
      {
        hostId: "host-1",
        installation: "abcdef",
        dataDirectory: "/data",
        runDirectory: "/run",
        imagesDirectory: "/images",
        bootId: this.bootId,
        transport: gate.transport(this.plane.transport()),
        parts,
        userOf: () => undefined,
        describe: async () => ({ version: "0", engines: await works(), machine: { cpus: 1, memoryMib: 1, cpuModel: "", kernel: "" } }),
        clock: systemClock,
        random: systemRandom,
        log: silentLog,
        longestPauseMs: 5,
      },
      signal,
    );
  }
}

async function works() {
  const availability = { works: true, engine: "simulated" };
  return { emulated: availability, paravirtual: availability, hardware: availability };
}

/** Plays the script to its end with an agent killed at each of these moments, one after the other; returns how many moments the last agent had. */
async function play(script: readonly Act[], kills: readonly number[], machineRestarts = false): Promise<{ world: World; moments: number; last: MachineSpecification }> {
  const world = new World();
  const end = new AbortController();
  let gate = new CrashGate(0);
  const over = (async () => {
    for (const killAt of [...kills, 0]) {
      gate = new CrashGate(killAt);
      void world.start(gate, end.signal).catch(() => undefined);
      if (killAt > 0) await Promise.race([gate.killed, new Promise((resolve) => end.signal.addEventListener("abort", resolve))]);
      if (end.signal.aborted) return;
      if (killAt > 0 && machineRestarts) world.restart();
    }
  })();
  let specification = machineOf({ generation: 0 });
  for (const act of script) {
    specification = { ...specification, ...act.change, generation: specification.generation + 1 };
    world.plane.set(specification);
    await world.plane.until((reports) => act.until === "" || isDone(reports.get(machineId), specification, act.until));
  }
  const { moments } = gate;
  // A message from the past, delivered last: nothing may come of it.
  world.plane.set(machineOf({ generation: 1 }));
  if (specification.want === "absent") await world.plane.until((reports) => reports.get(machineId)?.generation === 1);
  end.abort();
  gate.kill();
  await over;
  return { world, moments, last: specification };
}

function isDone(report: StateReport | undefined, { generation, run, reboots }: MachineSpecification, state: string): boolean {
  return report?.kind === "machine" && report.state === state && report.generation === generation && report.run === run && (state !== "running" || report.reboots >= reboots);
}

/** What is there of a terminated machine besides its tombstone. */
function leftBehind({ world, last }: { readonly world: World; readonly last: MachineSpecification }): readonly string[] {
  if (last.want !== "absent") return [];
  const { files, held, network } = outcome(world);
  const guests = [...world.engine.guests.keys()];
  return [...guests, ...held, ...network.flat(), ...files.filter((path) => path !== `/data/tombstones/${machineId}.json`)];
}

function outcome({ engine, parts }: World) {
  const guest = engine.guests.get(machineId);
  return {
    wrongs: engine.wrongs,
    boots: engine.boots,
    guests: engine.guests.size,
    disks: [...(guest?.disks ?? [])],
    interfaces: [...(guest?.interfaces ?? [])],
    held: [...parts.disks.held, ...[...parts.accelerators.held].map((id) => `${id} accelerators`)].toSorted(),
    network: [...parts.network.interfaces].toSorted(),
    files: [...parts.files.contents.keys()].filter((path) => path.includes(machineId)).toSorted(),
  };
}

describe.each(Object.entries(scripts))("the machine restarts anywhere during: %s", (_name, script) => {
  it("converges to the same world as a machine that never restarts, but for the boots", async () => {
    const undisturbed = await play(script, []);
    const { boots, ...expected } = outcome(undisturbed.world);
    for (let moment = 1; moment <= undisturbed.moments; moment++) {
      const { world } = await play(script, [moment], true);
      await expect.poll(() => outcome(world), { timeout: 2_000 }).toMatchObject(expected);
      expect([boots, boots + 1], `restarted at ${moment}`).toContain(outcome(world).boots);
    }
  });
});

describe.each(Object.entries(scripts))("killed anywhere during: %s", (_name, script) => {
  it("converges to the same world as an agent that is never killed", async () => {
    const undisturbed = await play(script, []);
    const expected = outcome(undisturbed.world);
    expect(expected.wrongs).toEqual([]);
    expect(leftBehind(undisturbed)).toEqual([]);
    for (let first = 1; first <= undisturbed.moments; first++) {
      for (const second of [undefined, 1 + (first % 13)]) {
        const { world } = await play(script, second === undefined ? [first] : [first, second]);
        expect(outcome(world), `killed at ${first}, then at ${second}`).toEqual(expected);
      }
    }
  });
});
