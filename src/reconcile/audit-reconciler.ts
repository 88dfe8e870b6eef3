/** Removes events of the audit that nobody is shown any more, some of an account at a time. */
import { removeOldEvents } from "../iam/audit/retention.ts";
import type { Reconciler } from "./loop.ts";

const batch = 500;

export const auditReconciler: Reconciler = {
  kind: "audit",
  // An account that nobody opened (`--open-accounts`) has a VPC from its first call of EC2 on.
  scan: async (tx) => (await tx.db.selectFrom("accounts").select("id").union(tx.db.selectFrom("vpcs").select("account as id")).execute()).map(({ id }) => id),
  reconcile: async (tx, account, now) => ({ again: (await removeOldEvents(tx, account, now, batch)) === batch ? now : undefined }),
};
