/** VPC specifications for tests: by default everything is allowed, and the subnet has a way to the internet. */
import type { AclEntrySpecification, GroupRuleSpecification, PlacedInterface, SubnetSpecification, VpcSpecification } from "../../protocol/specification.ts";
import type { InterfaceSpecification } from "../../protocol/specification.ts";

export const anywhere = { cidrs: ["0.0.0.0/0"] };
export const allTraffic = { protocol: -1 };
export const allowAll: readonly AclEntrySpecification[] = [true, false].map((egress) => ({ number: 100, egress, allow: true, traffic: allTraffic, cidr: "0.0.0.0/0" }));
export const openRules: readonly GroupRuleSpecification[] = [
  { id: "sgr-00000000000000001", egress: true, traffic: allTraffic, peer: anywhere },
  { id: "sgr-00000000000000002", egress: false, traffic: allTraffic, peer: anywhere },
];
export const openGroup = "sg-0dddddddddddddddd";
export const toInternet = { destination: "0.0.0.0/0", target: { kind: "internet" } } as const;

export function placed(nic: InterfaceSpecification, hostAddress: string | undefined, change: Partial<PlacedInterface> = {}): PlacedInterface {
  return {
    id: nic.id,
    subnet: nic.subnet.id,
    mac: nic.mac,
    privateAddresses: [nic.privateAddress],
    ...(nic.ipv6Addresses === undefined ? {} : { ipv6Addresses: nic.ipv6Addresses }),
    publicAddresses: nic.publicAddress === undefined ? {} : { [nic.privateAddress]: nic.publicAddress },
    groups: [openGroup],
    sourceDestCheck: true,
    ...(hostAddress === undefined ? {} : { hostAddress }),
    ...change,
  };
}

/** The VPC of these interfaces; its subnets are theirs unless others are named. */
export function vpcSpecimen(nics: readonly InterfaceSpecification[], interfaces: readonly PlacedInterface[], change: Partial<VpcSpecification> = {}): VpcSpecification {
  const [first] = nics;
  if (first === undefined) throw new Error("a VPC without interfaces is none of a host's");
  const subnets = new Map(nics.map(({ subnet }): [string, SubnetSpecification] => [subnet.id, { ...subnet, routes: [toInternet], acl: allowAll }]));
  return {
    kind: "vpc",
    id: first.vpc.id,
    generation: 1,
    want: "present",
    networkIdentifier: Number.parseInt(first.vpc.id.slice(-4), 16),
    cidrs: first.vpc.cidrs,
    ...(first.vpc.ipv6Cidrs === undefined ? {} : { ipv6Cidrs: first.vpc.ipv6Cidrs }),
    subnets: [...subnets.values()],
    interfaces,
    groups: [{ id: openGroup, rules: openRules }],
    ...change,
  };
}
