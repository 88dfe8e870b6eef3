/**
 * Declares hosts dead that nothing was heard of for a while, and wakes the instances that were on them: their reconciler takes them elsewhere or leaves them
 * (facts §1.9, §2.5). Storage nodes are only shown as silent: there is one in a zone, and nothing to go to.
 *
 * Silence counts only as long as somebody listened: after a start of the control plane, and after a pause of this process or of its whole machine, every host
 * has time to make itself heard anew.
 */
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { silentAfterMs } from "../../host/protocol/exchange.ts";
import { wakeReservationsOn } from "../../placement/capacity-reservation.ts";
import type { InstanceRow } from "../../store/compute-tables.ts";
import { wake } from "../../store/due.ts";
import type { Store, Tx } from "../../store/store.ts";

const lookEveryMs = 1_000;
/** A look that comes this much later than it should says that this process stood still. */
const pauseMs = 3_000;
/** How long hosts have to be heard after the control plane's start: their machine may just have started, too. */
export const firstHearingMs = 30_000;

export interface HostWatchParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/** Watches until the signal aborts. */
export function watchHosts(parts: HostWatchParts, signal: AbortSignal): void {
  const watch = newWatch(parts.clock.now());
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      await watch(parts);
    } catch (thrown) {
      if (!signal.aborted) parts.log.error("the hosts could not be looked at", { error: thrown });
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), lookEveryMs);
  signal.addEventListener("abort", () => clearInterval(timer));
}

/** One look at all hosts with each call; returns those that it declared dead. */
export function newWatch(startedAt: number): (parts: HostWatchParts) => Promise<readonly string[]> {
  let listeningSince = startedAt + firstHearingMs - silentAfterMs;
  let lookedAt = startedAt;
  return async ({ store, clock, log }) => {
    const now = clock.now();
    if (Math.abs(now - lookedAt) > lookEveryMs + pauseMs) listeningSince = Math.max(listeningSince, now);
    lookedAt = now;
    if (now - listeningSince <= silentAfterMs) return [];
    const silent = await store.read((tx) => selectSilent(tx, now).execute());
    for (const { id } of silent) log.error("a host is silent and counts as dead; its guests go elsewhere", { host: id });
    if (silent.length > 0) {
      await store.write(async (tx) => {
        for (const { id } of await selectSilent(tx, now).execute()) await declareDead(tx, id, now);
      });
    }
    return silent.map(({ id }) => id);
  };
}

/** Hosts that had an agent once. A host whose row says nothing of when it was heard was silent since this control plane's start. */
function selectSilent(tx: Tx, now: number) {
  return tx.db
    .selectFrom("hosts")
    .select("id")
    .where("role", "=", "host")
    .where("incarnation", ">", 0)
    .where("failed_at", "is", null)
    .where((test) => test.or([test("heard_at", "is", null), test("heard_at", "<", now - silentAfterMs)]));
}

/** From now on nothing that the host says counts until it asks for everything anew. */
export async function declareDead(tx: Tx, hostId: string, now: number): Promise<void> {
  await tx.db.updateTable("hosts").set({ failed_at: now }).where("id", "=", hostId).execute();
  await wakeInstancesOf(tx, hostId, now);
  await wakeReservationsOn(tx, hostId, now);
}

/** Of a host that has died, or that is there again. */
export async function wakeInstancesOf(tx: Tx, hostId: string, now: number): Promise<void> {
  for (const { id } of await selectIds(tx, hostId)) await wake(tx, { kind: "instance", key: id }, now);
}

function selectIds(tx: Tx, hostId: string): Promise<Pick<InstanceRow, "id">[]> {
  return tx.db.selectFrom("instances").select("id").where("host_id", "=", hostId).execute();
}
