/** Which subnet has which network ACL; a subnet that was never given another has its VPC's default one, under an id of its own digits. */
import { ownedRows } from "../../compute/owned-rows.ts";
import type { SubnetRow } from "../../store/network-tables.ts";
import type { Tx } from "../../store/store.ts";
import type { Caller } from "../action.ts";
import { associationIdOf } from "./views/derived-ids.ts";

export interface SubnetAcl {
  readonly id: string;
  readonly subnet: SubnetRow;
  readonly aclId: string;
}

export async function listAclAssociations(tx: Tx, caller: Caller): Promise<SubnetAcl[]> {
  const subnets = await ownedRows(tx, "subnets", caller);
  const defaults = new Map((await ownedRows(tx, "network_acls", caller)).filter((acl) => acl.is_default === 1).map((acl) => [acl.vpc_id, acl.id]));
  const rows = await tx.db
    .selectFrom("network_acl_associations")
    .innerJoin("network_acls", "network_acls.id", "network_acl_associations.network_acl_id")
    .selectAll("network_acl_associations")
    .where("account", "=", caller.account)
    .where("region", "=", caller.region)
    .execute();
  const bySubnet = new Map(rows.map((row) => [row.subnet_id, row]));
  return subnets.map((subnet) => {
    const row = bySubnet.get(subnet.id);
    return { id: row?.id ?? associationIdOf("aclassoc", subnet.id), subnet, aclId: row?.network_acl_id ?? defaults.get(subnet.vpc_id) ?? "" };
  });
}
