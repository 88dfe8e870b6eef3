/** What the rules of a VPC's namespace have counted, by the comments that `group-rules.ts` gives them. */
import type { RuleCounter } from "../protocol/counted-rule.ts";
import { namespacePath, runCommand } from "./command.ts";
import { field, listField, numberField, stringField } from "./json-field.ts";
import { ruleTable } from "./names.ts";

export async function readRuleCounters(namespace: string): Promise<readonly RuleCounter[]> {
  return parseRuleCounters(await runCommand("nsenter", [`--net=${namespacePath(namespace)}`, "nft", "-j", "list", "table", "ip", ruleTable]));
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
