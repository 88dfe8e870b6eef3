/**
 * What can be asked of instances that exist. Each function writes a wish and wakes the reconciler; nothing here waits for a host.
 * Rules and error codes: facts §1.1, §1.2, §1.3.
 */
import { incorrectInstanceState, instanceProtected, noRootVolume, unsupportedRequest } from "../base/api-error.ts";
import type { Random } from "../base/random.ts";
import { touchVpc } from "../network/vpc-specification.ts";
import { reserve } from "../placement/reservation.ts";
import { listAttachments, renewAttachmentTokens } from "../storage/volume-attachment.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import { wake } from "../store/due.ts";
import type { Tx } from "../store/store.ts";
import { creditsOfStart } from "./cpu-credits.ts";
import { findSpots } from "./find-spots.ts";
import { toSpotColumns, wishOfInstance } from "./instance-placement.ts";
import { requireEbsRoot } from "./instance-store.ts";
import { toInstanceState, type InstanceState } from "./instance-state.ts";
import { noCapacity } from "./launch-placement.ts";
import { inRequestedOrder, requireWellFormed } from "./resources.ts";

/** How long EC2 leaves a guest for its shutdown before it is powered off: "a few minutes" (facts §1.2). */
export const gracefulStopMs = 120_000;
/** Terminated instances stay visible for about an hour. */
export const terminatedVisibleMs = 3_600_000;

export interface StateChange {
  readonly instance: InstanceRow;
  readonly previous: InstanceState;
  readonly current: InstanceState;
}

/** The account's instances of the given ids, in that order. Fails for malformed, unknown and foreign ids. */
export async function requireInstances(tx: Tx, owner: { account: string; region: string }, ids: readonly string[]): Promise<InstanceRow[]> {
  requireWellFormed("instance", ids);
  const rows =
    ids.length === 0
      ? []
      : await tx.db
          .selectFrom("instances")
          .selectAll()
          .where("id", "in", ids as InstanceRow["id"][]) // well-formed, see above
          .where("account", "=", owner.account)
          .where("region", "=", owner.region)
          .execute();
  return inRequestedOrder("instance", ids, rows);
}

/** Wakes the instance's reconciler and returns what changed to the caller's eyes. */
async function change(tx: Tx, instance: InstanceRow, columns: Partial<InstanceRow>, now: number): Promise<StateChange> {
  const after = { ...instance, ...columns };
  await tx.db.updateTable("instances").set(columns).where("id", "=", instance.id).execute();
  await wake(tx, { kind: "instance", key: instance.id }, now);
  return { instance: after, previous: toInstanceState(instance), current: toInstanceState(after) };
}

function unchanged(instance: InstanceRow): StateChange {
  const state = toInstanceState(instance);
  return { instance, previous: state, current: state };
}

/** Stops a running instance. Repeating it while it stops changes nothing, except that `force` ends the graceful phase. */
export async function stopInstance(tx: Tx, instance: InstanceRow, how: { force: boolean; skipOsShutdown: boolean }, now: number): Promise<StateChange> {
  requireEbsRoot(instance, "stopped");
  const state = toInstanceState(instance);
  if (state === "stopped") return unchanged(instance);
  if (state === "stopping" && instance.want === "stopped" && !how.skipOsShutdown) return unchanged(instance);
  if (state !== "running" && state !== "stopping") throw incorrectInstanceState(instance.id, "stopped");
  if (instance.disable_api_stop === 1) throw instanceProtected(instance.id, "disableApiStop", "stopped");
  return change(tx, instance, { want: "stopped", stop_mode: how.skipOsShutdown ? "force" : "graceful", ...stopReason(now, "user") }, now);
}

/** The columns that say why an instance is stopped or gone, in EC2's words. */
export function stopReason(now: number, by: "user" | "guest"): Pick<InstanceRow, "transition_reason" | "state_reason_code" | "state_reason_message"> {
  const at = new Date(now).toISOString().replace("T", " ").replace(/\.\d+Z$/, " GMT");
  return by === "user"
    ? {
        transition_reason: `User initiated (${at})`,
        state_reason_code: "Client.UserInitiatedShutdown",
        state_reason_message: "Client.UserInitiatedShutdown: User initiated shutdown",
      }
    : {
        transition_reason: "",
        state_reason_code: "Client.InstanceInitiatedShutdown",
        state_reason_message: "Client.InstanceInitiatedShutdown: Instance initiated shutdown",
      };
}

/** Starts a stopped instance: a new run, placed anew. Fails for lack of room, and then the instance stays stopped. */
export async function startInstance(tx: Tx, instance: InstanceRow, random: Random, now: number): Promise<StateChange> {
  const state = toInstanceState(instance);
  if (state === "running" || state === "pending") return unchanged(instance);
  if (state !== "stopped") throw incorrectInstanceState(instance.id, "started");
  await requireRootVolume(tx, instance);
  const run = await beginRun(tx, instance, random, now);
  if (run === undefined) throw await noCapacity(tx, await wishOfInstance(tx, instance), [instance.zone], now);
  return change(
    tx,
    instance,
    {
      ...run,
      want: "running",
      launched_at: now,
      stop_mode: "graceful",
      transition_reason: "",
      state_reason_code: null,
      state_reason_message: null,
    },
    now,
  );
}

/** Reserves room for another run in the instance's zone, where its volumes go by new names from now on; undefined when there is none. */
export async function beginRun(tx: Tx, instance: InstanceRow, random: Random, now: number): Promise<(Partial<InstanceRow> & Pick<InstanceRow, "run">) | undefined> {
  const wish = await wishOfInstance(tx, instance);
  const { spots: [spot] } = await findSpots(tx, wish, [instance.zone], 1, now);
  if (spot === undefined) return undefined;
  await reserve(tx, instance, spot, wish.need);
  await renewAttachmentTokens(tx, instance.id, random, now);
  await touchVpc(tx, instance.vpc_id, now);
  return { run: instance.run + 1, ...toSpotColumns(spot, instance.tenancy), ...(await creditsOfStart(tx, instance, now)) };
}

async function requireRootVolume(tx: Tx, instance: InstanceRow): Promise<void> {
  const attachments = await listAttachments(tx, { instance: instance.id });
  if (attachments.every((attachment) => attachment.root === 0)) throw noRootVolume(instance.id, instance.root_device_name);
}

/** Reboots a running instance; a terminated one is left alone without an error (facts §1.1). */
export async function rebootInstance(tx: Tx, instance: InstanceRow, now: number): Promise<void> {
  const state = toInstanceState(instance);
  if (state === "terminated" || state === "shutting-down") return;
  if (state !== "running" && state !== "pending") throw incorrectInstanceState(instance.id, "rebooted");
  await change(tx, instance, { reboots: instance.reboots + 1 }, now);
}

/** Terminates the instance, whatever it does now. A terminated one stays so. */
export async function terminateInstance(tx: Tx, instance: InstanceRow, how: { skipOsShutdown: boolean }, now: number): Promise<StateChange> {
  if (instance.want === "terminated") return unchanged(instance);
  const { transition_reason: reason } = stopReason(now, "user");
  const force = how.skipOsShutdown || instance.stop_mode === "force";
  return change(
    tx,
    instance,
    {
      want: "terminated",
      stop_mode: force ? "force" : "graceful",
      transition_reason: reason,
      state_reason_code: "Client.UserInitiatedShutdown",
      state_reason_message: "Client.UserInitiatedShutdown: User initiated shutdown",
    },
    now,
  );
}

/** Which attribute protects the instance from termination through the API, if any (facts §1.3). */
export function terminationProtection(instance: InstanceRow): "disableApiTermination" | "disableApiStop" | undefined {
  if (instance.want === "terminated") return undefined;
  if (instance.disable_api_termination === 1) return "disableApiTermination";
  return instance.disable_api_stop === 1 ? "disableApiStop" : undefined;
}

/** Hibernation needs a flag that this installation never sets. */
export function refuseHibernation(asked: boolean | undefined): void {
  if (asked === true) throw unsupportedRequest("Hibernation is not supported. Stop the instance without Hibernate.");
}

/** Switches detailed monitoring; returns whether that changed anything. */
export async function setMonitoring(tx: Tx, instance: InstanceRow, enabled: boolean, now: number): Promise<boolean> {
  if (instance.want === "terminated") throw incorrectInstanceState(instance.id, "monitored");
  if ((instance.monitoring === 1) === enabled) return false;
  await change(tx, instance, { monitoring: enabled ? 1 : 0 }, now);
  return true;
}
