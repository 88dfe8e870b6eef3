/** Who may make volumes of a snapshot besides its owner (facts §4.6, §4.7). */
import { operationNotPermitted } from "../base/api-error.ts";
import type { SnapshotRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import { findKey, isManagedKey } from "./kms-key.ts";
import { everybody } from "./snapshot.ts";

export interface PermissionChange {
  /** Accounts, and `all`. */
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** Fails when the snapshot's encryption forbids to share it so. */
export async function requireShareable(tx: Tx, snapshot: SnapshotRow, { add }: PermissionChange): Promise<void> {
  if (snapshot.kms_key_id === null || add.length === 0) return;
  if (add.includes(everybody)) throw operationNotPermitted("Encrypted snapshots cannot be made public.");
  if (isManagedKey(await findKey(tx, snapshot.kms_key_id))) throw operationNotPermitted("Encrypted snapshots with EBS default key cannot be shared");
}

export async function listGrantees(tx: Tx, snapshot: SnapshotRow): Promise<string[]> {
  const rows = await tx.db.selectFrom("snapshot_permissions").select("grantee").where("snapshot_id", "=", snapshot.id).orderBy("grantee").execute();
  return rows.map((row) => row.grantee);
}

export async function changeGrantees(tx: Tx, snapshot: SnapshotRow, { add, remove }: PermissionChange): Promise<void> {
  const values = [...new Set(add)].map((grantee) => ({ snapshot_id: snapshot.id, grantee }));
  if (values.length > 0) await tx.db.insertInto("snapshot_permissions").values(values).onConflict((conflict) => conflict.doNothing()).execute();
  if (remove.length > 0) await tx.db.deleteFrom("snapshot_permissions").where("snapshot_id", "=", snapshot.id).where("grantee", "in", remove).execute();
}

/** From now on only the owner may use it. */
export async function resetGrantees(tx: Tx, snapshot: SnapshotRow): Promise<void> {
  await tx.db.deleteFrom("snapshot_permissions").where("snapshot_id", "=", snapshot.id).execute();
}
