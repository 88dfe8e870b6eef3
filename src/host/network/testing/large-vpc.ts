/** A VPC of 200 interfaces, 50 of them on host a, in ten groups whose rules each name what few others do. The first two are guests. */
import type { GroupRuleSpecification, InterfaceSpecification, PlacedInterface, VpcSpecification } from "../../protocol/specification.ts";
import type { NamespaceGuest } from "./namespace-guest.ts";
import { interfaceSpecimen, machineSpecimen } from "./specimens.ts";
import { TwoHosts } from "./two-hosts.ts";
import { anywhere, openRules, placed, vpcSpecimen } from "./vpc-specimens.ts";

const [here, all, groups] = [50, 200, 10];
/** Lets pings in. */
const pingRule: GroupRuleSpecification = { id: "sgr-0fffffffffffffff1", egress: false, traffic: { protocol: 1 }, peer: anywhere };

export interface LargeVpcChoice {
  readonly interfaces: "all" | "here";
  /** Of all groups together. */
  readonly rules: number;
  /** One rule more, which lets pings in to the second guest. */
  readonly pings?: boolean;
}

export class LargeVpc implements AsyncDisposable {
  readonly hosts: TwoHosts;
  readonly guest: NamespaceGuest;
  readonly nics: readonly InterfaceSpecification[];

  private constructor(hosts: TwoHosts, guest: NamespaceGuest, nics: readonly InterfaceSpecification[]) {
    this.hosts = hosts;
    this.guest = guest;
    this.nics = nics;
  }

  static async open(): Promise<LargeVpc> {
    const nics = Array.from({ length: all }, (_, index) => nicAt(index));
    const hosts = await TwoHosts.open();
    try {
      const guest = await hosts.attach(hosts.a, machineSpecimen("1", nicAt(0)));
      await hosts.attach(hosts.a, machineSpecimen("2", nicAt(1)));
      for (const nic of nics.slice(2, here)) await hosts.a.start(machineSpecimen("3", nic));
      return new LargeVpc(hosts, guest, nics);
    } catch (error) {
      await hosts[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Whether the first guest reaches the second. */
  pings(): Promise<boolean> {
    return this.guest.pings(nicAt(1).privateAddress);
  }

  /** Host a makes it so; milliseconds. */
  async apply(choice: LargeVpcChoice): Promise<number> {
    return (await this.hosts.a.applyVpc(this.#specification(choice))).applyMs;
  }

  #specification({ interfaces, rules, pings = false }: LargeVpcChoice): VpcSpecification {
    const used = interfaces === "all" ? this.nics : this.nics.slice(0, here);
    const place = (nic: InterfaceSpecification, index: number): PlacedInterface => placed(nic, this.hosts.plan.nodes[index < here ? 0 : 1]?.address, { groups: [groupId(index % groups)] });
    const rulesIn = (group: number) => [...rulesOf(group, rules / groups), ...(pings && group === 1 ? [pingRule] : [])];
    return vpcSpecimen(used, used.map(place), { groups: Array.from({ length: groups }, (_, group) => ({ id: groupId(group), rules: rulesIn(group) })) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hosts[Symbol.asyncDispose]();
  }
}

function nicAt(index: number): InterfaceSpecification {
  const digits = index.toString(16).padStart(4, "0");
  const nic = interfaceSpecimen("1", "1", `172.31.1.${index}`);
  return { ...nic, id: `eni-0aaaaaaaaaaaa${digits}` as const, mac: `06:00:00:00:${digits.slice(0, 2)}:${digits.slice(2)}` };
}

function groupId(index: number): string {
  return `sg-0aaaaaaaaaaaaaa${String(index).padStart(2, "0")}`;
}

function rulesOf(group: number, count: number): readonly GroupRuleSpecification[] {
  const rule = (index: number): GroupRuleSpecification => ({
    id: `sgr-0${String(group * 1_000 + index).padStart(16, "0")}`,
    egress: false,
    traffic: { protocol: 6, ports: { from: 1_000 + index, to: 1_000 + index } },
    peer: index % 2 === 0 ? { group: groupId((group + 1) % groups) } : { cidrs: [`10.${group}.${index}.0/24`] },
  });
  return [...openRules.filter(({ egress }) => egress), ...Array.from({ length: count - 1 }, (_, index) => rule(index))];
}
