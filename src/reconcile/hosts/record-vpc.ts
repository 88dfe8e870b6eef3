import type { VpcReport } from "../../host/protocol/report.ts";
import { wakeConnectEndpoints } from "../../network/connect-endpoint.ts";
import { wakeNatGateways } from "../../network/nat-gateway.ts";
import { wakeEndpoints } from "../../network/vpc-endpoint.ts";
import type { Tx } from "../../store/store.ts";

/** Returns whether the reconciler should look: when the host has nothing of the VPC any more. NAT gateways and endpoints that wait for the host look for themselves. */
export async function recordVpc(tx: Tx, hostId: string, { id, generation, state, reason }: VpcReport, now: number): Promise<boolean> {
  const told = await tx.db.selectFrom("specifications").select("id").where("host_id", "=", hostId).where("kind", "=", "vpc").where("id", "=", id).executeTakeFirst();
  if (told === undefined) return false;
  const known = await tx.db.selectFrom("vpc_hosts").selectAll().where("vpc_id", "=", id).where("host_id", "=", hostId).executeTakeFirst();
  if (known !== undefined && generation < known.observed_generation) return false;
  const observed = { observed_generation: generation, observed_state: state, observed_reason: reason ?? null };
  await tx.db
    .insertInto("vpc_hosts")
    .values({ vpc_id: id, host_id: hostId, ...observed })
    .onConflict((conflict) => conflict.columns(["vpc_id", "host_id"]).doUpdateSet(observed))
    .execute();
  await wakeNatGateways(tx, id, now);
  await wakeEndpoints(tx, id, now);
  await wakeConnectEndpoints(tx, id, now);
  return state === "absent";
}
