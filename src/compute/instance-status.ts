/**
 * The status checks of an instance (facts §1.9), from what is known: the system check is whether the host is heard, the EBS check
 * whether the storage nodes of its volumes are, and the instance check whether the guest answers; that fails with the system check, too. Both are initializing
 * until the guest's system was heard for the first time in its run: until then nothing is known of it. An instance on its way to another host fails both.
 */
import { silentAfterMs } from "../host/protocol/exchange.ts";
import { isHeard } from "../placement/heard.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { Tx } from "../store/store.ts";
import type { HostRow } from "../store/tables.ts";
import { toInstanceState } from "./instance-state.ts";

export type CheckResult = { readonly status: "ok" | "initializing" } | { readonly status: "impaired"; readonly since: number } | { readonly status: "not-applicable" };

export interface InstanceChecks {
  readonly system: CheckResult;
  readonly instance: CheckResult;
  readonly attachedEbs: CheckResult;
}

/** A host or a storage node, as far as the checks are about it. */
type CheckedHost = Pick<HostRow, "id" | "heard_at" | "created_at">;

/** Nothing but a running instance is checked. */
function toInstanceChecks(instance: InstanceRow, host: CheckedHost | undefined, storageNodes: readonly CheckedHost[], now: number): InstanceChecks {
  if (toInstanceState(instance) !== "running") {
    const none = { status: "not-applicable" } as const; // keeps the literal
    return { system: none, instance: none, attachedEbs: none };
  }
  if (instance.recovering_since !== null) {
    const failed = { status: "impaired", since: instance.recovering_since } as const; // keeps the literal
    return { system: failed, instance: failed, attachedEbs: check(storageNodes, now) };
  }
  const heard = check(host === undefined ? [] : [host], now);
  const system = heard.status === "ok" && instance.observed_reached === 0 ? ({ status: "initializing" } as const) : heard; // keeps the literal
  return { system, instance: checkGuest(instance, system), attachedEbs: check(storageNodes, now) };
}

/** It fails with the system check, and by itself while the guest does not answer. */
function checkGuest({ observed_silent_since: since }: InstanceRow, system: CheckResult): CheckResult {
  return system.status === "ok" && since !== null ? { status: "impaired", since } : system;
}

function check(hosts: readonly CheckedHost[], now: number): CheckResult {
  const silent = hosts.filter((host) => !isHeard(host, now));
  if (silent.length === 0) return { status: "ok" };
  return { status: "impaired", since: Math.min(...silent.map((host) => (host.heard_at ?? host.created_at) + silentAfterMs)) };
}

/** Of more instances than these, all that could be of them is read at once. */
const mostNamed = 1_000;

/** The checks of all the instances; they must be of one account and region. */
export async function readInstanceChecks(tx: Tx, instances: readonly InstanceRow[], now: number): Promise<ReadonlyMap<string, InstanceChecks>> {
  const [first] = instances;
  if (first === undefined) return new Map();
  const hosts = new Map((await tx.db.selectFrom("hosts").select(["id", "heard_at", "created_at"]).where("region", "=", first.region).execute()).map((host) => [host.id, host]));
  const attachments = tx.db
    .selectFrom("volume_attachments")
    .innerJoin("volumes", "volumes.id", "volume_attachments.volume_id")
    .select(["volume_attachments.instance_id", "volumes.storage_node"]);
  const ofThese = instances.length > mostNamed ? attachments.where("volumes.account", "=", first.account).where("volumes.region", "=", first.region) : attachments.where("volume_attachments.instance_id", "in", instances.map(({ id }) => id));
  const nodesOf = Map.groupBy(await ofThese.execute(), (row) => row.instance_id);
  return new Map(
    instances.map((instance) => {
      const nodes = new Set((nodesOf.get(instance.id) ?? []).map((row) => row.storage_node));
      const storageNodes = [...nodes].flatMap((id) => hosts.get(id) ?? []);
      return [instance.id, toInstanceChecks(instance, hosts.get(instance.host_id ?? ""), storageNodes, now)];
    }),
  );
}
