/**
 * The sweep: plays a script again and again and kills the control plane before and after every commit, at every moment that differs from the one before, twice if need
 * be; the hosts go on.
 * In the end everything must be as the user last asked, nothing may be held that has no owner, no run may have been booted twice, and no volume may ever have
 * been writable from two places.
 */
import { afterAll, expect } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { requireInstances } from "../../src/compute/instance.ts";
import { toInstanceState } from "../../src/compute/instance-state.ts";
import { builtinImages, imageNameOf, registerImages, stableId } from "../../src/compute/image-registration.ts";
import { launch, planLaunch } from "../../src/compute/launch.ts";
import { ensureDefaultNetwork } from "../../src/network/default-network.ts";
import { openHostDesk } from "../../src/reconcile/hosts/host-desk.ts";
import { capacityReservationReconciler } from "../../src/reconcile/capacity-reservation-reconciler.ts";
import { instanceReconciler } from "../../src/reconcile/instance-reconciler.ts";
import { runRound, scanAll, type LoopParts } from "../../src/reconcile/loop.ts";
import { imageTaskReconciler } from "../../src/reconcile/image-task-reconciler.ts";
import { natGatewayReconciler } from "../../src/reconcile/nat-gateway-reconciler.ts";
import { snapshotReconciler } from "../../src/reconcile/snapshot-reconciler.ts";
import { volumeReconciler } from "../../src/reconcile/volume-reconciler.ts";
import { connectEndpointReconciler } from "../../src/reconcile/connect-endpoint-reconciler.ts";
import { vpcEndpointReconciler } from "../../src/reconcile/vpc-endpoint-reconciler.ts";
import { vpcReconciler } from "../../src/reconcile/vpc-reconciler.ts";
import type { InstanceRow } from "../../src/store/compute-tables.ts";
import type { Store } from "../../src/store/store.ts";
import { expectTrueSums } from "../api/true-sums.ts";
import { countWriters, fakeDescription, fakeHost, packetDescription, type FakeHost } from "./fake-host.ts";
import { Killed, killable } from "./killable.ts";
import { MomentWatch, countEffects } from "./moments.ts";
import { openPatientStore } from "./patient-store.ts";
import { readMade } from "./read-made.ts";
import { expectTrueVpcs } from "./vpc-truth.ts";

export const owner = { account: "111122223333", region: "us-east-1" };
export const clock = manualClock();
export const store = await openPatientStore();
await seed();
await countEffects(store);
afterAll(() => store[Symbol.asyncDispose]());

export type Id = InstanceRow["id"];
export type Act = (id: Id, hosts: readonly FakeHost[]) => Promise<void> | void;

/** What is true of the instance, and how many volumes there are, rows that attach them, and volumes that its guest has. */
export interface End {
  readonly state: string;
  readonly running: number;
  readonly reserved: number;
  readonly interfaces: number;
  readonly volumes: number;
  readonly attached: number;
  readonly plugged: number;
  /** The states of the images, snapshots, NAT gateways, endpoints and capacity reservations that were made; absent when there are none. */
  readonly made?: string;
}

/** What happens after the launch, at any moment, and how it must end. */
export interface Script {
  /** What has happened before, undisturbed; the last of it is still under way when the kills begin. */
  readonly before?: readonly Act[];
  readonly act: Act;
  readonly then?: readonly Act[];
  readonly end: End;
  readonly broken?: boolean;
  /** Guests send packets, so hosts must know of the VPC what is in the rows; it makes a sweep longer. */
  readonly packets?: boolean;
}

/** The instance and its root volume as a launch leaves them. */
export const up: End = { state: "running", running: 1, reserved: 1, interfaces: 1, volumes: 1, attached: 1, plugged: 1 };

/**
 * Plays the script with a kill at each of its moments, and with its act at each of them too; with `least`, at so many of them or a few more, before commits as often as
 * after them. Returns how many plays that were.
 */
export async function sweep(script: Script, least?: number): Promise<number> {
  const quiet = await play(script, { kills: [], actAt: undefined });
  expect(quiet.end).toEqual(script.end);
  const moments = [...quiet.moments, ...[1, 2, 3, 4].map((later) => quiet.ticks + later)]; // with kills a play has more of them
  const stride = least === undefined ? 1 : Math.max(1, Math.floor((moments.length / least - 1) / 2) * 2 + 1);
  let scenarios = 0;
  for (const [index, kill] of moments.entries()) {
    if (index % stride !== 0) continue;
    for (const second of index % 3 === 0 ? [undefined, kill + 3] : [undefined]) {
      for (const actAt of [undefined, kill]) {
        const kills = second === undefined ? [kill] : [kill, second];
        const played = await play(script, { kills, actAt });
        expect({ ...played.end, kills, actAt }).toEqual({ ...lenientEnd(script, played), kills, actAt });
        expect([played.mostBoots, played.mostWriters].map((most) => most <= 1), JSON.stringify({ kills, actAt })).toEqual([true, true]);
        scenarios++;
      }
    }
  }
  return scenarios;
}

/** What befalls a machine that does not run yet has no effect: the machine then simply runs. A stop of a pending instance is refused. */
function lenientEnd(script: Script, played: Played): End {
  return played.acted ? script.end : up;
}

interface Played {
  readonly end: End;
  readonly ticks: number;
  /** Of a play without kills, the ticks that differ. */
  readonly moments: readonly number[];
  readonly mostBoots: number;
  /** The most guests that could write to one volume at once. */
  readonly mostWriters: number;
  /** Whether the script's act had an effect. */
  readonly acted: boolean;
}

async function play(script: Script, { kills, actAt }: { kills: readonly number[]; actAt: number | undefined }): Promise<Played> {
  const packets = script.packets === true;
  const hosts = await freshHosts(packets);
  const watch = new MomentWatch(hosts);
  const watched = (tick: () => Promise<void>) => (kills.length === 0 ? watch.through(store, tick) : killable(store, tick));
  const rest = (through: Store) => settle(hosts, through, packets);
  if (script.broken === true) hosts.forEach((host) => host.breakEngine());
  let ticks = 0;
  let acted = false;
  mostWriters = 0;
  const id = await launchOne(hosts);
  for (const earlier of script.before ?? []) {
    await rest(store);
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
  await rest(watched(tick));
  await act();
  await rest(watched(tick));
  for (const next of acted ? (script.then ?? []) : []) {
    await next(id, hosts);
    await rest(watched(tick));
  }
  const desk = openHostDesk(store, clock, new Uint8Array(32));
  for (const host of hosts) await host.replay(desk);
  desk.close();
  await rest(store);
  const mostBoots = Math.max(0, ...hosts.flatMap((host) => [...host.boots.values()]));
  if (packets) await expectTrueVpcs(store, hosts);
  await store.read(expectTrueSums);
  const played = { end: await look(id, hosts), ticks, moments: watch.distinct(), mostBoots, mostWriters, acted };
  await forget(hosts);
  return played;
}

let mostWriters = 0;

/** Lets control plane and hosts work until nothing changes; a killed control plane starts anew, without its memory. */
async function settle(hosts: readonly FakeHost[], through: Store, packets: boolean): Promise<void> {
  for (let life = 0; life < 10; life++) {
    const desk = openHostDesk(through, clock, new Uint8Array(32));
    const parts: LoopParts = { store: through, clock, log: silentLog, reconcilers: reconcilersOf(through, packets) };
    try {
      for (let round = 0, still = 0; round < 60 && still < 5; round++) {
        clock.advance(1_000);
        if (round % 2 === 0) await scanAll(parts); // looks that nothing asked for must do no harm
        const looked = await runRound(parts);
        let moved = false;
        if (round % 3 === 2) for (const host of hosts) moved = (await host.step(desk)) || moved;
        mostWriters = Math.max(mostWriters, countWriters(hosts));
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

function reconcilersOf(through: Store, packets: boolean): LoopParts["reconcilers"] {
  const noBlocks = () => ({ removeSnapshot: async () => undefined });
  const noJobs = { stop: () => false };
  return [instanceReconciler(systemRandom, new Uint8Array(32)), volumeReconciler, snapshotReconciler(through, noBlocks, noJobs), imageTaskReconciler, capacityReservationReconciler, ...(packets ? [vpcReconciler, natGatewayReconciler, vpcEndpointReconciler, connectEndpointReconciler] : [])];
}

async function look(id: Id, hosts: readonly FakeHost[]): Promise<End> {
  return store.read(async (tx) => {
    const row = await tx.db.selectFrom("instances").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    const count = async (table: "host_reservations" | "network_interfaces" | "volume_attachments") =>
      (await tx.db.selectFrom(table).select("instance_id").where("instance_id", "=", id).execute()).length;
    const volumes = await tx.db.selectFrom("volumes").select("id").where("storage_node", "in", hosts.map((host) => host.id)).execute();
    return {
      state: toInstanceState(row),
      running: hosts.flatMap((host) => host.running()).length,
      reserved: await count("host_reservations"),
      interfaces: await count("network_interfaces"),
      volumes: volumes.length,
      attached: await count("volume_attachments"),
      plugged: Math.max(0, ...hosts.map((host) => (host.held.get(id)?.state === "running" ? (host.held.get(id)?.plugged.size ?? 0) : 0))),
      ...(await readMade(tx)),
    };
  });
}

async function snapshot(id: Id, hosts: readonly FakeHost[]): Promise<string> {
  const rows = await store.read(async (tx) => [
    await tx.db.selectFrom("instances").select(["want", "run"]).where("id", "=", id).executeTakeFirst(),
    await tx.db.selectFrom("volumes").select(["id", "want", "size_gib"]).execute(),
    await tx.db.selectFrom("snapshots").select(["id", "want"]).execute(),
    await tx.db.selectFrom("nat_gateways").select(["id", "want", "silent_since"]).execute(),
    await tx.db.selectFrom("vpc_endpoints").select(["id", "want"]).execute(),
    await tx.db.selectFrom("instance_connect_endpoints").select(["id", "want", "generation"]).execute(),
    await tx.db.selectFrom("volume_attachments").select(["volume_id", "instance_id", "want", "force"]).execute(),
    await tx.db.selectFrom("hosts").select(["id", "failed_at", "draining"]).execute(),
    await tx.db.selectFrom("capacity_reservations").select(["id", "state", "end_at"]).execute(),
  ]);
  return JSON.stringify([rows, hosts.flatMap((host) => host.running())]);
}

export async function change(id: Id, fn: (tx: Parameters<Parameters<Store["write"]>[0]>[0], row: InstanceRow) => Promise<unknown>): Promise<void> {
  await store.write(async (tx) => {
    for (const row of await requireInstances(tx, owner, [id])) await fn(tx, row);
  });
}

const wrongState = ["IncorrectInstanceState", "IncorrectState"];

/** What the state does not allow has no effect. */
export async function ignoreWrongState(work: Promise<unknown>): Promise<void> {
  await work.catch((thrown: unknown) => {
    if (!(thrown instanceof Error && "code" in thrown && wrongState.includes(String(thrown.code)))) throw thrown;
  });
}

async function seed(): Promise<void> {
  await store.write(async (tx) => {
    await ensureDefaultNetwork(tx, owner, systemRandom, clock.now());
    await tx.db.insertInto("settings").values([{ name: "public_pool", value: "198.18.0.0/24" }, { name: "ipv6_pool", value: "3fff:abc:def0::/44" }]).execute();
    await registerImages(tx, builtinImages.map((image) => ({ ...image, file: "tiny.raw", kernelFile: "kernel", ramdiskFile: "ramdisk" })));
  });
}

let generation = 0;

/** Two hosts and a storage node that no other scenario knows. */
async function freshHosts(packets: boolean): Promise<FakeHost[]> {
  generation++;
  const ids = [`h${generation}a`, `h${generation}b`, `s${generation}`];
  const desk = openHostDesk(store, clock, new Uint8Array(32));
  await store.write(async (tx) => {
    for (const id of ids) {
      const role = id.startsWith("s") ? "storage" : "host";
      const size = { vcpus: 4, memory_mib: 4096, created_at: clock.now(), incarnation: 0, description: null, heard_at: null, failed_at: null, draining: 0 } as const;
      await tx.db.insertInto("hosts").values({ id, role, region: owner.region, zone: "us-east-1a", underlay_address: `${id}.underlay`, ...size }).execute();
    }
  });
  for (const id of ids) await desk.arrive(id, { incarnation: 1, description: packets ? packetDescription : fakeDescription });
  desk.close();
  return ids.map((id) => fakeHost(id, packets ? packetDescription : fakeDescription));
}

export async function launchOne(hosts: readonly FakeHost[]): Promise<Id> {
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
    for (const table of ["instances", "host_reservations", "host_rooms", "network_interfaces", "volumes", "volume_sums", "volume_attachments", "volume_modifications", "specifications", "vpc_hosts", "due", "public_addresses", "image_tasks", "nat_gateways", "vpc_endpoints", "instance_connect_endpoints", "capacity_reservations", "capacity_slots"] as const) {
      await tx.db.deleteFrom(table).execute();
    }
    await tx.db.deleteFrom("snapshots").where("origin", "!=", "file").execute();
    await tx.db.deleteFrom("images").where("local_name", "is", null).where("image_type", "=", "machine").execute();
  });
}
