import { expect, test } from "vitest";
import type { SecurityGroupRuleRow } from "../store/network-tables.ts";
import { foldRules } from "./security-group-rules.ts";

const rule = (columns: Partial<SecurityGroupRuleRow>): SecurityGroupRuleRow => ({
  id: "sgr-0",
  group_id: "sg-0",
  egress: 0,
  protocol: "tcp",
  from_port: 22,
  to_port: 22,
  cidr: null,
  ipv6_cidr: null,
  description: null,
  referenced_group_id: null,
  referenced_account: null,
  prefix_list_id: null,
  ...columns,
});

test("Rules of the same protocol and ports fold into one, addresses and groups in it", () => {
  const rules = [
    rule({ cidr: "10.0.0.0/8" }),
    rule({ referenced_group_id: "sg-1" }),
    rule({ cidr: "192.0.2.0/24" }),
    rule({ from_port: 80, to_port: 90, cidr: "10.0.0.0/8" }),
    rule({ egress: 1, protocol: "-1", from_port: null, to_port: null, cidr: "0.0.0.0/0" }),
  ];
  expect([foldRules(rules, false), foldRules(rules, true)]).toEqual([
    [
      { protocol: "tcp", fromPort: 22, toPort: 22, rules: rules.slice(0, 3) },
      { protocol: "tcp", fromPort: 80, toPort: 90, rules: [rules[3]] },
    ],
    [{ protocol: "-1", fromPort: undefined, toPort: undefined, rules: [rules[4]] }],
  ]);
});
