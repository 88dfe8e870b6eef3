/**
 * A table of nftables as a value, and the text that makes one out of another: chains and sets that stay the same are not touched,
 * so a change costs what it changes, whatever the size of the table, and other rules keep their counters. Pure.
 */
import { ruleTable } from "./names.ts";
import type { Family } from "./traffic-match.ts";

export interface RuleTable {
  readonly family: Family;
  /** Addresses of the family, of IPv6 blocks too, by the set's name. */
  readonly sets: ReadonlyMap<string, readonly string[]>;
  readonly chains: ReadonlyMap<string, Chain>;
}

export interface Chain {
  /** With which the packet path enters the chain; absent: other chains do. Never changes for a name. */
  readonly hook?: string;
  readonly rules: readonly string[];
}

const setTypes: Readonly<Record<Family, string>> = { ip: "type ipv4_addr;", ip6: "type ipv6_addr; flags interval;" };

/** Replaces whatever the table is. */
export function wholeTable({ family, sets, chains }: RuleTable): string {
  const texts = [...[...sets].map(([name, elements]) => setText(family, name, elements)), ...[...chains].map(([name, chain]) => chainText(name, chain))];
  return `table ${family} ${ruleTable}\ndelete table ${family} ${ruleTable}\ntable ${family} ${ruleTable} {\n${texts.join("\n\n")}\n}\n`;
}

function setText(family: Family, name: string, elements: readonly string[]): string {
  const listed = elements.length === 0 ? "" : ` elements = { ${elements.join(", ")} }`;
  return `\tset ${name} {\n\t\t${setTypes[family]}${listed}\n\t}`;
}

function chainText(name: string, { hook, rules }: Chain): string {
  return [`\tchain ${name} {`, ...[...(hook === undefined ? [] : [hook]), ...rules].map((line) => `\t\t${line}`), "\t}"].join("\n");
}

/**
 * What turns `before` into `after` of the same family, one transaction; empty when they are the same. Chains that go or change are emptied first, so
 * that nothing refers any more to what is deleted.
 */
export function tableChanges(before: RuleTable, after: RuleTable): string {
  const at = `${after.family} ${ruleTable}`;
  const changed = [...after.chains].filter(([name, { rules }]) => !sameTexts(rules, before.chains.get(name)?.rules));
  const gone = [...before.chains.keys()].filter((name) => !after.chains.has(name));
  const goneSets = [...before.sets.keys()].filter((name) => !after.sets.has(name));
  const lines = [
    ...[...after.sets.keys()].filter((name) => !before.sets.has(name)).map((name) => `add set ${at} ${name} { ${setTypes[after.family]} }`),
    ...changed.filter(([name]) => !before.chains.has(name)).map(([name, { hook }]) => `add chain ${at} ${name}${hook === undefined ? "" : ` { ${hook} }`}`),
    ...[...changed.flatMap(([name]) => (before.chains.has(name) ? [name] : [])), ...gone].map((name) => `flush chain ${at} ${name}`),
    ...gone.map((name) => `delete chain ${at} ${name}`),
    ...goneSets.map((name) => `delete set ${at} ${name}`),
    ...[...after.sets].flatMap(([name, elements]) => elementChanges(`${at} ${name}`, before.sets.get(name) ?? [], elements)),
    ...changed.flatMap(([name, { rules }]) => rules.map((rule) => `add rule ${at} ${name} ${rule}`)),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function elementChanges(set: string, before: readonly string[], after: readonly string[]): readonly string[] {
  const [had, has] = [new Set(before), new Set(after)];
  const gone = before.filter((element) => !has.has(element));
  const come = after.filter((element) => !had.has(element));
  return [...(gone.length === 0 ? [] : [`delete element ${set} { ${gone.join(", ")} }`]), ...(come.length === 0 ? [] : [`add element ${set} { ${come.join(", ")} }`])];
}

function sameTexts(a: readonly string[], b: readonly string[] | undefined): boolean {
  return a.length === b?.length && a.every((text, index) => text === b[index]);
}
