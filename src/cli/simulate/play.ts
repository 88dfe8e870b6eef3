/**
 * Plays a data centre: arrivals, departures and hosts that die, by the control plane's own rules and reconcilers, with hosts whose machines run as soon as they
 * are asked for and are gone as soon as that is asked for.
 */
import { isApiError } from "../../base/api-error.ts";
import type { InstanceId } from "../../base/ids.ts";
import { silentLog } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { findSpots } from "../../compute/find-spots.ts";
import { terminateInstance, requireInstances } from "../../compute/instance.ts";
import { wishOfInstance } from "../../compute/instance-placement.ts";
import { launch, planLaunch } from "../../compute/launch.ts";
import type { MachineSpecification } from "../../host/protocol/specification.ts";
import { createPlacementGroup } from "../../placement/placement-group.ts";
import { recordReport } from "../../reconcile/hosts/record-report.ts";
import { declareDead } from "../../reconcile/hosts/watch-hosts.ts";
import { instanceReconciler } from "../../reconcile/instance-reconciler.ts";
import { runRound, type LoopParts } from "../../reconcile/loop.ts";
import { findPublished } from "../../reconcile/publish.ts";
import type { InstanceRow } from "../../store/compute-tables.ts";
import type { Tx } from "../../store/store.ts";
import type { DataCentre } from "./data-centre.ts";
import { between } from "./seeded-random.ts";
import { drawLaunch, type DrawnLaunch } from "./workload.ts";

interface Guest {
  readonly id: InstanceId;
  readonly account: string;
}

/** Calls under way at once, as many clients would have. */
const callsAtOnce = 64;
/** Of so many launches one is measured. */
const measureEvery = 4;
const stepMs = 60_000;

export class Play {
  /** Those that are there, in no order. */
  readonly guests: Guest[] = [];
  /** Instances that were launched, calls for them and those refused for lack of room, instances that were taken to another host. */
  readonly counts = { launched: 0, calls: 0, refused: 0, recovered: 0 };
  /** How long it took to find a place for one more like the last launched, in ms; emptied by whoever reads it. */
  readonly placementMs: number[] = [];
  readonly #centre: DataCentre;
  readonly #random: Random;
  readonly #loop: LoopParts;
  readonly #signal: AbortSignal;
  #now: number;
  /** What hosts have yet to answer for. */
  readonly #asked = new Set<InstanceId>();
  #dead: string[] = [];

  constructor(centre: DataCentre, random: Random, start: number, signal: AbortSignal) {
    this.#centre = centre;
    this.#random = random;
    this.#now = start;
    this.#signal = signal;
    this.#loop = { store: centre.store, clock: { now: () => this.#now }, log: silentLog, reconcilers: [instanceReconciler(random, new Uint8Array(32))] };
  }

  /** Launches until so many more instances are there, too many were refused, or the signal aborts. */
  async arrive(instances: number): Promise<void> {
    const { counts } = this;
    const target = counts.launched + instances;
    while (!this.#signal.aborted && counts.launched < target && counts.refused * 5 <= counts.calls + 100) {
      const drawn = Array.from({ length: Math.min(callsAtOnce, target - counts.launched) }, () => drawLaunch(this.#random, this.#centre, counts.calls++));
      await Promise.all(drawn.map((each, index) => this.#launch(each, index % measureEvery === 0)));
    }
  }

  async #launch({ account, input, group }: DrawnLaunch, isMeasured: boolean): Promise<void> {
    const { region, store, zones } = this.#centre;
    try {
      const rows = await store.write(async (tx) => {
        if (group !== undefined) await createPlacementGroup(tx, group, this.#random, this.#now);
        const launched = await launch(tx, await planLaunch(tx, { account, region }, input, this.#now), this.#random, this.#now);
        if (isMeasured && launched[0] !== undefined) this.placementMs.push(await timePlacement(tx, launched[0], zones, this.#now));
        return launched;
      });
      this.counts.launched += rows.length;
      for (const { id } of rows) {
        this.guests.push({ id, account });
        this.#asked.add(id);
      }
    } catch (thrown) {
      if (!isApiError(thrown) || thrown.code !== "InsufficientInstanceCapacity") throw thrown;
      this.counts.refused++;
    }
  }

  /** Ends so many instances, whichever. */
  async depart(instances: number): Promise<void> {
    for (let left = Math.min(instances, this.guests.length); left > 0; left -= callsAtOnce) {
      await Promise.all(Array.from({ length: Math.min(left, callsAtOnce) }, () => this.#terminate(this.#takeGuest())));
    }
  }

  #takeGuest(): Guest {
    const at = between(this.#random, 0, this.guests.length - 1);
    const [guest, last] = [this.guests[at], this.guests.pop()];
    if (guest === undefined || last === undefined) throw new RangeError("there is nobody left");
    if (at < this.guests.length) this.guests[at] = last;
    return guest;
  }

  async #terminate({ id, account }: Guest): Promise<void> {
    this.#asked.add(id);
    await this.#centre.store.write(async (tx) => {
      for (const row of await requireInstances(tx, { account, region: this.#centre.region }, [id])) await terminateInstance(tx, row, { skipOsShutdown: true }, this.#now);
    });
  }

  /** So many hosts die, and those that died before are repaired. */
  async fail(count: number): Promise<void> {
    await this.#centre.store.write(async (tx) => {
      for (const id of this.#dead) await tx.db.updateTable("hosts").set({ failed_at: null }).where("id", "=", id).execute();
      const hosts = await tx.db.selectFrom("hosts").select("id").where("role", "=", "host").orderBy("id").execute();
      this.#dead = Array.from({ length: count }, () => hosts[between(this.#random, 0, hosts.length - 1)]?.id ?? "");
      for (const id of new Set(this.#dead)) {
        for (const row of await tx.db.selectFrom("instances").select("id").where("host_id", "=", id).execute()) this.#asked.add(row.id);
        await declareDead(tx, id, this.#now);
      }
    });
  }

  /** Every reconciler looks, and every host answers, until nothing is left to do. */
  async settle(): Promise<void> {
    const { store } = this.#centre;
    const before = await store.read((tx) => readRuns(tx, [...this.#asked]));
    for (let moved = true; moved; ) {
      while ((await runRound(this.#loop)) > 0);
      moved = await store.write((tx) => answerAll(tx, [...this.#asked], this.#now));
    }
    const after = await store.read((tx) => readRuns(tx, [...this.#asked]));
    for (const [id, run] of after) if (run > (before.get(id) ?? run)) this.counts.recovered++;
    this.#endStep();
  }

  /** Takes all that was launched as running, without a look at each. */
  async assumeRunning(): Promise<void> {
    await this.#centre.store.write(async (tx) => {
      const running = { observed_state: "running", observed_run: 1, observed_reached: 1, observed_at: this.#now } as const;
      for (const id of this.#asked) await tx.db.updateTable("instances").set(running).where("id", "=", id).execute();
      await tx.db.deleteFrom("due").execute();
    });
    this.#endStep();
  }

  #endStep(): void {
    this.#asked.clear();
    this.#now += stepMs;
  }
}

/** In the same transaction, so that nothing else runs meanwhile. */
async function timePlacement(tx: Tx, row: InstanceRow, zones: readonly string[], now: number): Promise<number> {
  const wish = await wishOfInstance(tx, row);
  const begin = performance.now();
  await findSpots(tx, wish, row.placement_group_id === null ? zones : [row.zone], 1, now);
  return performance.now() - begin;
}

async function readRuns(tx: Tx, ids: readonly InstanceId[]): Promise<ReadonlyMap<InstanceId, number>> {
  const runs = new Map<InstanceId, number>();
  for (const id of ids) {
    const row = await tx.db.selectFrom("instances").select("run").where("id", "=", id).executeTakeFirst();
    if (row !== undefined) runs.set(id, row.run);
  }
  return runs;
}

/** Hosts that are alive say of each machine what was asked of them; returns whether any had something to say. */
async function answerAll(tx: Tx, ids: readonly InstanceId[], now: number): Promise<boolean> {
  let moved = false;
  for (const id of ids) {
    const row = await tx.db.selectFrom("instances").select(["host_id", "run", "observed_generation"]).where("id", "=", id).executeTakeFirst();
    const published = row?.host_id == null ? undefined : await findPublished(tx, row.host_id, "machine", id);
    if (row?.host_id == null || published === undefined || published.generation <= row.observed_generation) continue;
    const { want } = JSON.parse(published.body) as MachineSpecification; // written by publish
    await recordReport(tx, row.host_id, { kind: "machine", id, generation: published.generation, run: row.run, reboots: 0, state: want, ...(want === "running" ? { reached: true } : {}) }, now);
    moved = true;
  }
  return moved;
}
