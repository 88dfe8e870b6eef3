/** What the rules of a VPC's namespace have counted, by the comments that `group-rules.ts` gives them. */
import type { RuleCounter } from "../protocol/counted-rule.ts";
import { namespacePath, runCommand } from "./command.ts";
import { field, listField, numberField, stringField } from "./json-field.ts";
import { ruleTable } from "./names.ts";
import type { Family } from "./traffic-match.ts";

export async function readRuleCounters(namespace: string): Promise<readonly RuleCounter[]> {
  const list = (family: Family) => runCommand("nsenter", [`--net=${namespacePath(namespace)}`, "nft", "-j", "list", "table", family, ruleTable]);
  const texts = await Promise.all([list("ip"), list("ip6")]);
  return sumCounters(texts.flatMap(parseRuleCounters));
}

/** What has a rule for each family counts both as one. */
function sumCounters(counters: readonly RuleCounter[]): readonly RuleCounter[] {
  const sums = new Map<string, RuleCounter>();
  for (const counter of counters) {
    const key = `${counter.direction} ${counter.rule}`;
    const { packets, bytes } = sums.get(key) ?? { packets: 0, bytes: 0 };
    sums.set(key, { ...counter, packets: packets + counter.packets, bytes: bytes + counter.bytes });
  }
  return [...sums.values()];
}

/** The counted rules of what `nft -j list table` printed. */
export function parseRuleCounters(text: string): readonly RuleCounter[] {
  const parsed: unknown = JSON.parse(text);
  return listField(parsed, "nftables").flatMap((entry) => toCounter(field(entry, "rule")));
}

function toCounter(rule: unknown): readonly RuleCounter[] {
  const [chain, comment] = [stringField(rule, "chain"), stringField(rule, "comment")];
  const direction = chain?.startsWith("leave_") ? "leave" : chain?.startsWith("arrive_") ? "arrive" : undefined;
  const counter = listField(rule, "expr").map((expression) => field(expression, "counter")).find((found) => found !== undefined);
  const [packets, bytes] = [numberField(counter, "packets"), numberField(counter, "bytes")];
  if (direction === undefined || comment === undefined || packets === undefined || bytes === undefined) return [];
  return [{ direction, rule: comment, packets, bytes }];
}
