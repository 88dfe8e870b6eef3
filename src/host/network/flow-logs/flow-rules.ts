/**
 * Rules that count the packets of each flow of some interfaces, in two tables of their own of each family in a VPC's namespace: one sees what groups
 * and network ACLs are about to decide about, the other what they have let through. What is in the first and not in the second was rejected. Pure.
 *
 *   forward   + 5 seen leaving    + 7 ACLs, + 10 groups    + 12 kept leaving
 *             + 14 seen arriving  + 17 ACLs, + 20 groups   + 25 kept arriving
 *
 * A flow is an element of a set, with a counter; it goes some time after its last packet. An agent reads them and clears nothing, and only adds
 * to what it finds, so its successor goes on where it ended. The services of the link-local range, DHCP and the resolver are not counted,
 * as on EC2 (facts §7.12).
 */
import type { Direction } from "../../protocol/counted-rule.ts";
import { serviceBlocks } from "../link-addresses.ts";
import type { Family } from "../traffic-match.ts";

export const flowFamilies: readonly Family[] = ["ip", "ip6"];
export const flowTables = { seen: "hostelry_seen", kept: "hostelry_kept" } as const;
/** How long an element outlives its last packet: longer than any agent is away. */
export const flowTimeoutSeconds = 900;
/** Of each set; the packets of further flows are not counted. */
export const mostFlows = 65_536;

const priorities = { seen: { leave: 5, arrive: 14 }, kept: { leave: 12, arrive: 25 } } as const;
const withPorts = "{ tcp, udp }";

/** Counts the flows of these devices from now on, of others of `before` no more; both tables are changed in one transaction. */
export function watchRules(before: readonly string[], devices: readonly string[]): string {
  const gone = before.filter((device) => !devices.includes(device));
  return flowFamilies.flatMap((family) => (["seen", "kept"] as const).flatMap((kind) => tableLines(family, kind, gone, devices))).join("");
}

export function unwatchRules(): string {
  return flowFamilies.flatMap((family) => Object.values(flowTables).map((table) => `add table ${family} ${table}\ndelete table ${family} ${table}\n`)).join("");
}

function tableLines(family: Family, kind: keyof typeof flowTables, gone: readonly string[], devices: readonly string[]): readonly string[] {
  const at = `${family} ${flowTables[kind]}`;
  const lines = (["leave", "arrive"] as const).flatMap((direction) => {
    const chosen = devices.map((device) => `"${device}" : goto ${direction}_${device}`).join(", ");
    return [
      `add chain ${at} ${direction} { type filter hook forward priority filter + ${priorities[kind][direction]}; policy accept; }`,
      `flush chain ${at} ${direction}`,
      ...devices.flatMap((device) => deviceLines(family, at, direction, device)),
      `add rule ${at} ${direction} ${direction === "leave" ? "iifname" : "oifname"} vmap { ${chosen} }`,
      ...gone.flatMap((device) => removalLines(at, `${direction}_${device}`)),
    ];
  });
  return [`add table ${at}`, ...lines].map((line) => `${line}\n`);
}

function deviceLines(family: Family, at: string, direction: Direction, device: string): readonly string[] {
  const [name, pair] = [`${direction}_${device}`, family === "ip" ? "ipv4_addr . ipv4_addr" : "ipv6_addr . ipv6_addr"];
  const kept = `flags dynamic,timeout; timeout ${flowTimeoutSeconds}s; size ${mostFlows}; counter;`;
  return [
    `add set ${at} ${name} { type ${pair} . inet_proto . inet_service . inet_service; ${kept} }`,
    `add set ${at} ${name}_bare { type ${pair} . inet_proto; ${kept} }`,
    `add chain ${at} ${name}`,
    `flush chain ${at} ${name}`,
    `add rule ${at} ${name} ${family} ${direction === "leave" ? "daddr" : "saddr"} ${serviceBlocks[family]} return`,
    `add rule ${at} ${name} meta l4proto ${withPorts} update @${name} { ${family} saddr . ${family} daddr . meta l4proto . th sport . th dport } return`,
    `add rule ${at} ${name} update @${name}_bare { ${family} saddr . ${family} daddr . meta l4proto }`,
  ];
}

function removalLines(at: string, name: string): readonly string[] {
  return [`flush chain ${at} ${name}`, `delete chain ${at} ${name}`, `delete set ${at} ${name}`, `delete set ${at} ${name}_bare`];
}
