import { hostnamesDisabled, missingParameter, notTheirPeering, peeringNotActive, unsupportedRequest } from "../../base/api-error.ts";
import { requirePeering, setDnsOptions } from "../../network/vpc-peering.ts";
import type { VpcPeeringRow } from "../../store/network-tables.ts";
import type { Tx } from "../../store/store.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toOptionsView } from "./views/vpc-peering-view.ts";

type Input = ActionInput<"ec2", "ModifyVpcPeeringConnectionOptions">;

/** Says for a side of the caller's whether the other VPC may resolve its public names to private addresses. */
export const ModifyVpcPeeringConnectionOptions = defineAction({
  name: "ModifyVpcPeeringConnectionOptions",
  supported: "the option is kept and shown; resolvers do not answer for a peer yet",
  load: async ({ input, caller, tx, now }) => {
    const row = await requirePeering(tx, caller, input.VpcPeeringConnectionId ?? "", now);
    if (row.state !== "active") throw peeringNotActive(row.id);
    const sides = toSides(row, input);
    if (sides.length === 0) throw missingParameter("requesterPeeringConnectionOptions");
    for (const { account, verb, vpcId, dns } of sides) {
      if (account !== caller.account) throw notTheirPeering(caller.account, `modify the ${verb} options of`, row.id);
      if (dns === 1) await requireHostnames(tx, vpcId);
    }
    return { row, sides };
  },
  authorize: ({ row }, { caller }) => [{ action: "ec2:ModifyVpcPeeringConnectionOptions", resource: ec2Arn(caller, "vpc-peering-connection", row.id) }],
  apply: async ({ row, sides }, { tx }) => {
    await setDnsOptions(tx, row, Object.fromEntries(sides.map(({ column, dns }) => [column, dns])));
    return Object.fromEntries(sides.map(({ member, dns }) => [member, toOptionsView(dns)]));
  },
});

function toSides(row: VpcPeeringRow, { RequesterPeeringConnectionOptions: requester, AccepterPeeringConnectionOptions: accepter }: Input) {
  const side = (options: NonNullable<typeof requester>) => {
    if (options.AllowEgressFromLocalClassicLinkToRemoteVpc === true || options.AllowEgressFromLocalVpcToRemoteClassicLink === true) throw unsupportedRequest("ClassicLink is retired.");
    return options.AllowDnsResolutionFromRemoteVpc === true ? (1 as const) : (0 as const);
  };
  return [
    ...(requester === undefined ? [] : [{ verb: "requester", member: "RequesterPeeringConnectionOptions", column: "requester_dns", account: row.requester_account, vpcId: row.requester_vpc_id, dns: side(requester) } as const]),
    ...(accepter === undefined ? [] : [{ verb: "accepter", member: "AccepterPeeringConnectionOptions", column: "accepter_dns", account: row.accepter_account, vpcId: row.accepter_vpc_id, dns: side(accepter) } as const]),
  ];
}

async function requireHostnames(tx: Tx, vpcId: VpcPeeringRow["accepter_vpc_id"]): Promise<void> {
  const vpc = await tx.db.selectFrom("vpcs").select("enable_dns_hostnames").where("id", "=", vpcId).executeTakeFirst();
  if (vpc?.enable_dns_hostnames !== 1) throw hostnamesDisabled(vpcId);
}
