/** What hosts know of a VPC, swept: rules and ACLs change while instances come and go on two hosts. */
import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { associateAcl, createNetworkAcl, putAclEntry } from "../../src/network/network-acl.ts";
import { addRules, removeRules } from "../../src/network/security-group-changes.ts";
import { listRulesOf } from "../../src/network/security-group-rules.ts";
import { touchVpc } from "../../src/network/vpc-specification.ts";
import type { SecurityGroupRow } from "../../src/store/network-tables.ts";
import type { Tx } from "../../src/store/store.ts";
import { over, start, stop, terminate } from "./acts.ts";
import { clock, launchOne, store, sweep, up, type Act, type Script } from "./sweep.ts";

function withGroup(act: (tx: Tx, group: SecurityGroupRow) => Promise<unknown>): Act {
  return () => store.write(async (tx) => void (await act(tx, await tx.db.selectFrom("security_groups").selectAll().executeTakeFirstOrThrow())));
}

let port = 1;
const authorize: Act = withGroup((tx, group) => {
  const rule = { egress: 0, protocol: "tcp", from_port: ++port, to_port: port, cidr: "0.0.0.0/0", ipv6_cidr: null, referenced_group_id: null, referenced_account: null, prefix_list_id: null, description: null } as const;
  return addRules(tx, group, [rule], systemRandom, clock.now());
});
const revoke: Act = withGroup(async (tx, group) => removeRules(tx, group, (await listRulesOf(tx, group.id)).filter((rule) => rule.protocol === "tcp"), clock.now()));
const closeSubnets: Act = withGroup(async (tx, { account, region, vpc_id: vpc }) => {
  const acl = await createNetworkAcl(tx, { account, region }, vpc, systemRandom);
  const all = { protocol: -1, action: "deny", cidr: "10.0.0.0/8", ipv6_cidr: null, from_port: null, to_port: null, icmp_type: null, icmp_code: null } as const;
  await putAclEntry(tx, { network_acl_id: acl.id, egress: 0, rule_number: 1, ...all });
  for (const { id } of await tx.db.selectFrom("subnets").select("id").where("vpc_id", "=", vpc).execute()) await associateAcl(tx, id, acl.id, systemRandom);
  await touchVpc(tx, vpc, clock.now());
});
const launchSecond: Act = async (_id, hosts) => void (await launchOne(hosts));

const moments = 12;
const scripts: Readonly<Record<string, Script>> = {
  "a rule that comes and goes": { act: authorize, then: [revoke, authorize], end: up },
  "an ACL for every subnet": { act: closeSubnets, end: up },
  "a neighbour on another host": { act: launchSecond, then: [authorize], end: { ...up, running: 2, volumes: 2 } },
  "a stop and a start": { act: stop, then: [authorize, start], end: up },
  "a termination": { act: terminate, then: [authorize], end: over },
};

describe("However often the control plane is killed, each host with an interface of the VPC comes to know its rows, and the others forget it", () => {
  test.each(Object.entries(scripts))("%s", async (_name, script) => {
    expect(await sweep({ ...script, packets: true }, moments)).toBeGreaterThan(moments);
  });
});
