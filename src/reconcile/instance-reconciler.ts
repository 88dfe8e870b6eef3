/**
 * Instances: makes the wish true by publishing specifications, and lets go of what a gone machine held. Each look is one transaction of rows;
 * no host is ever called, so a control plane that dies at any point leaves the next look the same work.
 */
import type { Random } from "../base/random.ts";
import { stopReason, terminatedVisibleMs } from "../compute/instance.ts";
import { canRecover, moveToHost } from "../compute/instance-recovery.ts";
import { rootTypeOf } from "../compute/instance-store.ts";
import { readInstanceParts, toMachineSpecification } from "../compute/machine-specification.ts";
import { forgetEndedKeys } from "../compute/connect/pushed-key.ts";
import { credentialsOf, refreshCredentials, type CredentialParts } from "../compute/role-credentials.ts";
import { removeAllTags } from "../compute/tags.ts";
import { openPolicyCache } from "../iam/authorize.ts";
import type { SecretKey } from "../iam/secret.ts";
import type { MachineSpecification } from "../host/protocol/specification.ts";
import { hasElasticIp } from "../network/elastic-ip.ts";
import { assignPublicAddress, finishDetachments, listInterfacesOf, releaseInterfaces, withdrawPublicAddresses } from "../network/network-interface.ts";
import { touchVpc } from "../network/vpc-specification.ts";
import { wakeReservation } from "../placement/capacity-reservation.ts";
import { releaseReservation } from "../placement/reservation.ts";
import { listAttachedVolumes, releaseVolumes, removeAttachment, renewAttachmentTokens, settleAttachments, type AttachedVolume } from "../storage/volume-attachment.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import { wake } from "../store/due.ts";
import type { NetworkInterfaceRow } from "../store/network-tables.ts";
import { prepare, prepareKept } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { decideInstance, type InstanceStep, type InstanceView } from "./decide-instance.ts";
import type { Reconciler, Verdict } from "./loop.ts";
import { findPublished, publish, withdraw } from "./publish.ts";

export function instanceReconciler(random: Random, secretKey: SecretKey): Reconciler {
  const parts: CredentialParts = { random, secretKey, policies: openPolicyCache() };
  return {
    kind: "instance",
    scan: async (tx) => (await tx.db.selectFrom("instances").select("id").execute()).map((row) => row.id),
    reconcile: async (tx, key, now) => {
      const [instance] = await selectInstance(tx, { id: key as InstanceRow["id"] }); // keys are ids
      if (instance === undefined) return { again: undefined };
      if (instance.image_task !== null) await wake(tx, { kind: "image-task", key: instance.image_task }, now);
      const keysEnd = await forgetEndedKeys(tx, instance, now);
      const { again } = await take(tx, instance, decideInstance(await view(tx, instance), now), parts, now);
      return { again: keysEnd === undefined ? again : Math.min(again ?? Infinity, keysEnd) };
    },
  };
}

/** How long one that found no room waits until it looks for some again. */
const findHostEveryMs = 2_000;

const selectInstance = prepare((db, { id }: Pick<InstanceRow, "id">) => db.selectFrom("instances").selectAll().where("id", "=", id));

async function view(tx: Tx, row: InstanceRow): Promise<InstanceView> {
  const hostIsDead = row.host_id !== null && (await isDead(tx, row.host_id));
  return {
    want: row.want,
    run: row.run,
    shutdownBehavior: row.shutdown_behavior,
    hasLocalRoot: rootTypeOf(row) === "instance-store",
    hostId: row.host_id,
    hostIsDead,
    recovers: hostIsDead && (await canRecover(tx, row)),
    published: await readPublished(tx, row),
    observed: {
      generation: row.observed_generation,
      run: row.observed_run,
      state: row.observed_state,
      cause: row.observed_cause,
      reason: row.observed_reason,
    },
    downForImage: await isDownForImage(tx, row),
    terminatedAt: row.terminated_at,
    forgetAt: (row.terminated_at ?? 0) + terminatedVisibleMs,
  };
}

async function isDownForImage(tx: Tx, { image_task: image }: InstanceRow): Promise<boolean> {
  if (image === null) return false;
  const task = await tx.db.selectFrom("image_tasks").select("phase").where("image_id", "=", image).executeTakeFirst();
  return task?.phase === "stopping" || task?.phase === "freezing";
}

async function isDead(tx: Tx, hostId: string): Promise<boolean> {
  const [host] = await selectHost(tx, { hostId });
  return host !== undefined && host.failed_at !== null;
}

const selectHost = prepareKept((db, { hostId }: { hostId: string }) => db.selectFrom("hosts").select("failed_at").where("id", "=", hostId));

async function readPublished(tx: Tx, row: InstanceRow): Promise<InstanceView["published"]> {
  if (row.host_id === null) return undefined;
  const standing = await findPublished(tx, row.host_id, "machine", row.id);
  if (standing === undefined) return undefined;
  const { want } = JSON.parse(standing.body) as MachineSpecification; // written by publish
  return { want, generation: standing.generation };
}

async function take(tx: Tx, instance: InstanceRow, step: InstanceStep, parts: CredentialParts, now: number): Promise<Verdict> {
  switch (step.do) {
    case "publish":
      return { again: await publishMachine(tx, instance, step.want, parts, now) };
    case "wish":
      await wish(tx, instance, step, now);
      return { again: now };
    case "release-host":
      await releaseHost(tx, instance, now);
      return { again: now };
    case "leave-dead-host":
      await leaveDeadHost(tx, instance, parts.random, now);
      return { again: now };
    case "find-host":
      return { again: (await moveToHost(tx, instance, parts.random, now)) ? now : now + findHostEveryMs };
    case "finish":
      await finish(tx, instance, now);
      return { again: now };
    case "forget":
      await forget(tx, instance);
      return { again: undefined };
    case "wait":
      return { again: step.until };
  }
}

/** Returns when to look again: before its role's credentials end. */
async function publishMachine(tx: Tx, row: InstanceRow, want: MachineSpecification["want"], credentials: CredentialParts, now: number): Promise<number | undefined> {
  if (row.host_id === null) return undefined;
  const instance = await refreshCredentials(tx, row, credentials, now);
  const before = await readInstanceParts(tx, instance);
  const isAddressed = want === "running" && (await ensurePublicAddress(tx, instance, before.interfaces, credentials.random, now));
  const parts = isAddressed ? await readInstanceParts(tx, instance) : before;
  const generation = await publish(tx, row.host_id, await toMachineSpecification(tx, instance, parts, want));
  const isSeen = instance.observed_state === "running" && instance.observed_run === instance.run && instance.observed_generation >= generation;
  if (isSeen) {
    if (instance.recovering_since !== null) await tx.db.updateTable("instances").set({ recovering_since: null }).where("id", "=", instance.id).execute();
    await freeGivenBack(tx, parts.volumes, now);
    await finishDetachments(tx, parts.interfaces, now);
  }
  return credentialsOf(instance)?.renewAt;
}

/** The host has taken the specification that no longer names these volumes, and the guest does not have them. */
async function freeGivenBack(tx: Tx, attached: readonly AttachedVolume[], now: number): Promise<void> {
  for (const { attachment } of attached) {
    if (attachment.want === "detached" && attachment.observed_state === null) await removeAttachment(tx, attachment, now);
  }
}

/** An automatic public address is new at each start, and not given beside a second interface or an Elastic IP address (facts §1.2, §7.5). Returns whether it gave one. */
async function ensurePublicAddress(tx: Tx, instance: InstanceRow, [nic, ...more]: readonly NetworkInterfaceRow[], random: Random, now: number): Promise<boolean> {
  if (instance.public_address_wanted === 0 || nic === undefined || nic.public_address !== null || more.length > 0) return false;
  if (await hasElasticIp(tx, nic.id)) return false;
  await assignPublicAddress(tx, nic.id, random, now);
  await touchVpc(tx, nic.vpc_id, now);
  return true;
}

async function wish(tx: Tx, instance: InstanceRow, step: InstanceStep & { do: "wish" }, now: number): Promise<void> {
  const why =
    step.why === "guest"
      ? stopReason(now, "guest")
      : {
          transition_reason: `Server.InternalError (${new Date(now).toISOString()})`,
          state_reason_code: "Server.InternalError",
          state_reason_message: `Server.InternalError: ${step.reason ?? "Internal error on launch"}`,
        };
  await tx.db.updateTable("instances").set({ want: step.want, ...why }).where("id", "=", instance.id).execute();
}

/** The machine is gone: its room and its automatic addresses are free, and the old host need not be asked any more. */
async function releaseHost(tx: Tx, instance: InstanceRow, now: number): Promise<void> {
  await withdrawPublicAddresses(tx, await listInterfacesOf(tx, instance.id));
  await leaveHost(tx, instance, now);
}

/**
 * The host has died, as far as anyone can tell: should its guest still run, it cannot write to its volumes any more, because their names are new. It keeps its
 * public address when it recovers (facts §1.9).
 */
async function leaveDeadHost(tx: Tx, instance: InstanceRow, random: Random, now: number): Promise<void> {
  await renewAttachmentTokens(tx, instance.id, random, now);
  if (instance.want !== "running") return releaseHost(tx, instance, now);
  await tx.db.updateTable("instances").set({ recovering_since: instance.recovering_since ?? now }).where("id", "=", instance.id).execute();
  await leaveHost(tx, instance, now);
}

async function leaveHost(tx: Tx, instance: InstanceRow, now: number): Promise<void> {
  if (instance.host_id !== null) await withdraw(tx, instance.host_id, "machine", instance.id);
  await settleAttachments(tx, instance.id, now);
  await releaseReservation(tx, instance);
  if (instance.capacity_reservation_id !== null) await wakeReservation(tx, { id: instance.capacity_reservation_id }, now); // its slot may be on a dead host
  await finishDetachments(tx, await listInterfacesOf(tx, instance.id), now);
  await tx.db.updateTable("instances").set({ host_id: null, capacity_reservation_id: null }).where("id", "=", instance.id).execute();
  await touchVpc(tx, instance.vpc_id, now);
}

async function finish(tx: Tx, instance: InstanceRow, now: number): Promise<void> {
  await releaseReservation(tx, instance);
  await releaseInterfaces(tx, await listInterfacesOf(tx, instance.id), now);
  await touchVpc(tx, instance.vpc_id, now);
  await releaseVolumes(tx, await listAttachedVolumes(tx, instance.id), now);
  await tx.db.updateTable("instances").set({ terminated_at: now }).where("id", "=", instance.id).execute();
}

async function forget(tx: Tx, instance: InstanceRow): Promise<void> {
  await tx.db.deleteFrom("instances").where("id", "=", instance.id).execute();
  for (const table of ["consoles", "connect_keys", "serial_keys"] as const) await tx.db.deleteFrom(table).where("instance_id", "=", instance.id).execute();
  await removeAllTags(tx, instance.id);
}
