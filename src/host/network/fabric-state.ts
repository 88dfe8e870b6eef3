/** What a VPC's namespace has of `fabric-lines.ts` already, as a new agent finds it: keys, and lines as far as they can be known. */
import { ipJson, runCommand, namespacePath, ignoreFailedCommand } from "./command.ts";
import { fabricProtocol, mainTable, routeKey, ruleLine } from "./fabric-lines.ts";
import { numberField, stringField } from "./json-field.ts";
import { peeringDevice } from "./names.ts";

/** A key whose line is empty is there, in whatever form: what is wanted of it is to be written again, which changes nothing if it is so. */
export async function readFabric(namespace: string): Promise<Map<string, string>> {
  const [routes, rules, neighbours, forwarding] = await Promise.all([
    ipJson(["-4", "route", "show", "table", "all", "proto", String(fabricProtocol)], namespace),
    ipJson(["-4", "rule", "show"], namespace),
    ipJson(["-4", "neigh", "show", "nud", "permanent"], namespace),
    forwardingEntries(namespace),
  ]);
  return new Map([
    ...routes.map((route): [string, string] => [routeKey(Number(stringField(route, "table") ?? mainTable), destinationOf(route)), ""]),
    ...rules.flatMap((rule): (readonly [string, string])[] => (stringField(rule, "fwmark") === undefined ? [] : [ruleLine(Number(stringField(rule, "fwmark")))])),
    ...neighbours.map((neighbour): [string, string] => [`neigh ${stringField(neighbour, "dev")} ${stringField(neighbour, "dst")}`, ""]),
    ...forwarding.map((entry): [string, string] => [forwardingKey(entry), ""]),
  ]);
}

function destinationOf(route: unknown): string {
  const text = stringField(route, "dst") ?? "default";
  if (text === "default") return "0.0.0.0/0";
  return text.includes("/") ? text : `${text}/32`;
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
