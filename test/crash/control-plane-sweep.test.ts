/**
 * The control plane is killed before and after every commit, at every moment of a machine's life, twice if need be; the hosts go on. In the end everything must
 * be as the user last asked, nothing may be held that has no owner, and no run may have been booted twice.
 */
import { afterAll, describe, expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { requireInstances, startInstance, stopInstance, terminateInstance } from "../../src/compute/instance.ts";
import { toInstanceState } from "../../src/compute/instance-state.ts";
import { builtinImages, imageNameOf, registerImages, stableId } from "../../src/compute/image-registration.ts";
import { launch, planLaunch } from "../../src/compute/launch.ts";
import { ensureDefaultNetwork } from "../../src/network/default-network.ts";
import { openHostDesk } from "../../src/reconcile/hosts/host-desk.ts";
import { instanceReconciler } from "../../src/reconcile/instance-reconciler.ts";
import { runRound, scanAll, type LoopParts } from "../../src/reconcile/loop.ts";
import { volumeReconciler } from "../../src/reconcile/volume-reconciler.ts";
import type { InstanceRow } from "../../src/store/compute-tables.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { fakeDescription, fakeHost, type FakeHost } from "./fake-host.ts";

const owner = { account: "111122223333", region: "us-east-1" };
const clock = manualClock();
const store = await openStore(":memory:");
await seed();
afterAll(() => store[Symbol.asyncDispose]());

type Id = InstanceRow["id"];
type Act = (id: Id, hosts: readonly FakeHost[]) => Promise<void> | void;

/** What happens after the launch, at any moment, and how it must end. */
interface Script {
  /** What has happened before, undisturbed; the last of it is still under way when the kills begin. */
  readonly before?: readonly Act[];
  readonly act: Act;
  readonly then?: readonly Act[];
  readonly end: { readonly state: string; readonly running: number; readonly reserved: number; readonly interfaces: number; readonly volumes: number };
  readonly broken?: boolean;
}

const up = { state: "running", running: 1, reserved: 1, interfaces: 1, volumes: 1 };
const down = { state: "stopped", running: 0, reserved: 0, interfaces: 1, volumes: 1 };
const over = { state: "terminated", running: 0, reserved: 0, interfaces: 0, volumes: 0 };
const stop: Act = (id) => ignoreWrongState(change(id, (tx, row) => stopInstance(tx, row, { force: false, skipOsShutdown: false }, clock.now())));
const start: Act = (id) => ignoreWrongState(change(id, (tx, row) => startInstance(tx, row, systemRandom, clock.now())));
const terminate: Act = (id) => change(id, (tx, row) => terminateInstance(tx, row, { skipOsShutdown: false }, clock.now()));

const scripts: Readonly<Record<string, Script>> = {
  "a launch": { act: () => {}, end: up },
  "a stop": { act: stop, end: down },
  "a stop and a start": { act: stop, then: [start], end: up },
  "a termination": { act: terminate, end: over },
  "a stop and a termination": { act: stop, then: [terminate], end: over },
  "a stop, a start and a termination": { act: stop, then: [start, terminate], end: over },
  "a termination while it starts again": { before: [stop, start], act: terminate, end: over },
  "a shutdown by the guest": { act: (id, hosts) => hosts.forEach((host) => host.befall(id, "guest")), end: down },
  "an engine that dies": { act: (id, hosts) => hosts.forEach((host) => host.befall(id, "engine")), end: down },
  "an engine that never starts": { act: () => {}, broken: true, end: over },
};

describe.each(Object.entries(scripts))("%s", (_name, script) => {
  test("converges whatever commit of it is the last before a kill", async () => {
    const quiet = await play(script, { kills: [], actAt: undefined });
    expect(quiet.end).toEqual(script.end);
    const length = quiet.ticks + 4;
    let scenarios = 0;
    for (let kill = 1; kill <= length; kill++) {
      for (const second of kill % 3 === 0 ? [undefined, kill + 3] : [undefined]) {
        for (const actAt of [undefined, kill]) {
          const kills = second === undefined ? [kill] : [kill, second];
          const played = await play(script, { kills, actAt });
          expect({ ...played.end, kills, actAt }).toEqual({ ...lenientEnd(script, played), kills, actAt });
          expect(played.mostBoots, JSON.stringify({ kills, actAt })).toBeLessThanOrEqual(1);
          scenarios++;
        }
      }
    }
    expect(scenarios).toBeGreaterThan(50);
  });
});

/** What befalls a machine that does not run yet has no effect: the machine then simply runs. A stop of a pending instance is refused. */
function lenientEnd(script: Script, played: Played): Script["end"] {
  return played.acted ? script.end : up;
}

interface Played {
  readonly end: Script["end"];
  readonly ticks: number;
  readonly mostBoots: number;
  /** Whether the script's act had an effect. */
  readonly acted: boolean;
}

class Killed extends Error {}

async function play(script: Script, { kills, actAt }: { kills: readonly number[]; actAt: number | undefined }): Promise<Played> {
  const hosts = await freshHosts();
  if (script.broken === true) hosts.forEach((host) => host.breakEngine());
  let ticks = 0;
  let acted = false;
  const id = await launchOne(hosts);
  for (const earlier of script.before ?? []) {
    await settle(hosts, store);
    await earlier(id, hosts);
  }
  const act = async (): Promise<void> => {
    if (acted) return;
    const before = await snapshot(id, hosts);
    await script.act(id, hosts);
    acted = (await snapshot(id, hosts)) !== before || script.end === up || script.broken === true;
  };
  const tick = async (): Promise<void> => {
    ticks++;
    if (ticks === actAt) await act();
    if (kills.includes(ticks)) throw new Killed("killed");
  };
  await settle(hosts, killable(store, tick));
  await act();
  await settle(hosts, killable(store, tick));
  for (const next of acted ? (script.then ?? []) : []) {
    await next(id, hosts);
    await settle(hosts, killable(store, tick));
  }
  const desk = openHostDesk(store, clock);
  for (const host of hosts) await host.replay(desk);
  desk.close();
  await settle(hosts, store);
  const played = { end: await look(id, hosts), ticks, mostBoots: Math.max(0, ...hosts.flatMap((host) => [...host.boots.values()])), acted };
  await forget(hosts);
  return played;
}

/** A store whose process dies where `tick` says so: before a commit (nothing is written) or after it (everything is, and nobody knows). */
function killable(real: Store, tick: () => Promise<void>): Store {
  return {
    ...real,
    write: async (fn, urgency) => {
      await tick();
      const result = await real.write(fn, urgency);
      await tick();
      return result;
    },
  };
}

/** Lets control plane and hosts work until nothing changes; a killed control plane starts anew, without its memory. */
async function settle(hosts: readonly FakeHost[], through: Store): Promise<void> {
  for (let life = 0; life < 10; life++) {
    const desk = openHostDesk(through, clock);
    const parts: LoopParts = { store: through, clock, log: silentLog, reconcilers: [instanceReconciler(systemRandom), volumeReconciler] };
    try {
      for (let round = 0, still = 0; round < 60 && still < 5; round++) {
        clock.advance(1_000);
        if (round % 2 === 0) await scanAll(parts); // looks that nothing asked for must do no harm
        const looked = await runRound(parts);
        let moved = false;
        if (round % 3 === 2) for (const host of hosts) moved = (await host.step(desk)) || moved;
        still = (looked === 0 || round % 2 === 0) && !moved ? still + 1 : 0;
      }
      return;
    } catch (thrown) {
      if (!(thrown instanceof Killed)) throw thrown;
    } finally {
      desk.close();
    }
  }
  throw new Error("the control plane was killed more often than the scenario says");
}

async function look(id: Id, hosts: readonly FakeHost[]): Promise<Script["end"]> {
  return store.read(async (tx) => {
    const row = await tx.db.selectFrom("instances").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    const count = async (table: "host_reservations" | "network_interfaces") =>
      (await tx.db.selectFrom(table).select("instance_id").where("instance_id", "=", id).execute()).length;
    const volumes = await tx.db.selectFrom("volumes").select("id").where("storage_node", "in", hosts.map((host) => host.id)).execute();
    return {
      state: toInstanceState(row),
      running: hosts.flatMap((host) => host.running()).length,
      reserved: await count("host_reservations"),
      interfaces: await count("network_interfaces"),
      volumes: volumes.length,
    };
  });
}

async function snapshot(id: Id, hosts: readonly FakeHost[]): Promise<string> {
  const row = await store.read((tx) => tx.db.selectFrom("instances").select(["want", "run"]).where("id", "=", id).executeTakeFirst());
  return JSON.stringify([row, hosts.flatMap((host) => host.running())]);
}

async function change(id: Id, fn: (tx: Parameters<Parameters<Store["write"]>[0]>[0], row: InstanceRow) => Promise<unknown>): Promise<void> {
  await store.write(async (tx) => {
    for (const row of await requireInstances(tx, owner, [id])) await fn(tx, row);
  });
}

async function ignoreWrongState(work: Promise<void>): Promise<void> {
  await work.catch((thrown: unknown) => {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "IncorrectInstanceState")) throw thrown;
  });
}

async function seed(): Promise<void> {
  await store.write(async (tx) => {
    await ensureDefaultNetwork(tx, owner, systemRandom, clock.now());
    await tx.db.insertInto("settings").values({ name: "public_pool", value: "198.18.0.0/24" }).execute();
    await registerImages(tx, builtinImages.map((image) => ({ ...image, file: "tiny.raw", kernelFile: "kernel" })));
  });
}

let generation = 0;

/** Two hosts and a storage node that no other scenario knows. */
async function freshHosts(): Promise<FakeHost[]> {
  generation++;
  const ids = [`h${generation}a`, `h${generation}b`, `s${generation}`];
  const desk = openHostDesk(store, clock);
  await store.write(async (tx) => {
    for (const id of ids) {
      const role = id.startsWith("s") ? "storage" : "host";
      const size = { vcpus: 4, memory_mib: 4096, created_at: clock.now(), incarnation: 0, description: null, heard_at: null };
      await tx.db.insertInto("hosts").values({ id, role, region: owner.region, zone: "us-east-1a", underlay_address: "100.64.0.1", ...size }).execute();
    }
  });
  for (const id of ids) await desk.arrive(id, { incarnation: 1, description: fakeDescription });
  desk.close();
  return ids.map(fakeHost);
}

async function launchOne(hosts: readonly FakeHost[]): Promise<Id> {
  const tiny = builtinImages[0];
  if (tiny === undefined) throw new Error("there is no built-in image");
  const input = { ImageId: stableId("image", imageNameOf(tiny, "hvm")), InstanceType: "t3.micro" as const, MinCount: 1, MaxCount: 1 };
  return store.write(async (tx) => {
    for (const { id } of hosts) await tx.db.updateTable("hosts").set({ heard_at: clock.now() }).where("id", "=", id).execute();
    const [row] = await launch(tx, await planLaunch(tx, owner, input, clock.now()), systemRandom, clock.now());
    if (row === undefined) throw new Error("nothing was launched");
    return row.id;
  });
}

/** Takes the scenario's rows away, so that the next finds an empty data centre. */
async function forget(hosts: readonly FakeHost[]): Promise<void> {
  await store.write(async (tx) => {
    const ids = hosts.map((host) => host.id);
    await tx.db.deleteFrom("hosts").where("id", "in", ids).execute();
    for (const table of ["instances", "host_reservations", "network_interfaces", "volumes", "volume_attachments", "specifications", "due", "public_addresses"] as const) {
      await tx.db.deleteFrom(table).execute();
    }
  });
}
