import { addressLocked, elasticIpInUse } from "../../base/api-error.ts";
import { requireElasticIp } from "../../compute/elastic-ip-request.ts";
import { releaseElasticIp } from "../../network/elastic-ip.ts";
import { isOfNatGateway } from "../../network/nat-gateway.ts";
import type { ElasticIpRow } from "../../store/network-tables.ts";
import type { Tx } from "../../store/store.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Gives an Elastic IP address back. One that has a reverse name must lose it first; one that is associated must be disassociated first, except in the default VPC; one of a NAT gateway stays for as long as the gateway. */
export const ReleaseAddress = defineAction({
  name: "ReleaseAddress",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const row = await requireElasticIp(tx, caller, input);
    if (row.reverse_name !== null) throw addressLocked(row.public_address);
    if (row.interface_id !== null && ((await isOfNatGateway(tx, row)) || !(await isInDefaultVpc(tx, row)))) throw elasticIpInUse(row.public_address);
    return row;
  },
  authorize: ({ id }, { caller }) => [{ action: "ec2:ReleaseAddress", resource: ec2Arn(caller, "elastic-ip", id) }],
  apply: async (row, { tx, now }) => {
    await releaseElasticIp(tx, row, now);
    return {};
  },
});

async function isInDefaultVpc(tx: Tx, { interface_id: id }: ElasticIpRow): Promise<boolean> {
  const vpcs = tx.db.selectFrom("network_interfaces").innerJoin("vpcs", "vpcs.id", "network_interfaces.vpc_id").select("is_default");
  return (await vpcs.where("network_interfaces.id", "=", id).executeTakeFirst())?.is_default === 1;
}
