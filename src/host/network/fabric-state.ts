/** What a VPC's namespace has of `fabric-lines.ts` already, as a new agent finds it: keys, and lines as far as they can be known. */
import { ipJson, runCommand, namespacePath, ignoreFailedCommand } from "./command.ts";
import { fabricProtocol, ipv6RuleLine, mainTable, routeKey, ruleLine } from "./fabric-lines.ts";
import { numberField, stringField } from "./json-field.ts";
import { peeringDevice } from "./names.ts";

/** A key whose line is empty is there, in whatever form: what is wanted of it is to be written again, which changes nothing if it is so. */
export async function readFabric(namespace: string): Promise<Map<string, string>> {
  const [ipv4, ipv6, forwarding] = await Promise.all([readFamily("-4", namespace), readFamily("-6", namespace), forwardingEntries(namespace)]);
  return new Map([...ipv4, ...ipv6, ...forwarding.map((entry): Entry => [forwardingKey(entry), ""])]);
}

type Entry = readonly [string, string];

async function readFamily(family: "-4" | "-6", namespace: string): Promise<readonly Entry[]> {
  const [routes, rules, neighbours] = await Promise.all([
    ipJson([family, "route", "show", "table", "all", "proto", String(fabricProtocol)], namespace),
    ipJson([family, "rule", "show"], namespace),
    ipJson([family, "neigh", "show", "nud", "permanent"], namespace),
  ]);
  const [lineOf, everything, whole] = family === "-4" ? [ruleLine, "0.0.0.0/0", 32] : [ipv6RuleLine, "::/0", 128];
  const destinationOf = (text: string) => (text === "default" ? everything : text.includes("/") ? text : `${text}/${whole}`);
  return [
    ...routes.map((route): Entry => [routeKey(Number(stringField(route, "table") ?? mainTable), destinationOf(stringField(route, "dst") ?? "default")), ""]),
    ...rules.flatMap((rule): Entry[] => (stringField(rule, "fwmark") === undefined ? [] : [lineOf(Number(stringField(rule, "fwmark")))])),
    ...neighbours.map((neighbour): Entry => [`neigh ${stringField(neighbour, "dev")} ${stringField(neighbour, "dst")}`, ""]),
  ];
}

function forwardingKey(entry: unknown): string {
  const [mac, device] = [stringField(entry, "mac"), stringField(entry, "ifname")];
  return `fdb ${mac}${device === peeringDevice ? ` ${device}` : ""}`;
}

/** Of all devices; those without a destination are the kernel's own. */
async function forwardingEntries(namespace: string): Promise<readonly unknown[]> {
  const text = await runCommand("nsenter", [`--net=${namespacePath(namespace)}`, "bridge", "-json", "fdb", "show"]).catch((error: unknown) => {
    ignoreFailedCommand(error);
    return "[]";
  });
  const parsed: unknown = JSON.parse(text);
  return Array.isArray(parsed) ? parsed.filter((entry) => numberField(entry, "vlan") === undefined && stringField(entry, "dst") !== undefined) : [];
}
