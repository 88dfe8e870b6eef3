/**
 * Conditions, made into predicates over a request's context.
 *
 * A key with several values in the request is a set; an operator without `ForAllValues` or `ForAnyValue` is about any of them. A negated operator holds
 * where its positive one does not, for each value. A key that the request does not have: positive operators do not hold, negated and `IfExists` do,
 * `ForAllValues` does and `ForAnyValue` does not (facts §10.1).
 */
import type { Condition, OperatorName } from "./document.ts";
import { isWithin, parseAddress, parseBlock } from "./ip-block.ts";
import { compileArnPattern, compilePattern, splitArn, type Lookup } from "./pattern.ts";
import { parsePolicyDate } from "./policy-date.ts";

/** What is known about a request: lower-case key names, and their values. A key without values is as one that is not there. */
export type Context = ReadonlyMap<string, readonly string[]>;

export type Predicate = (context: Context, lookup: Lookup) => boolean;

/** Whether one value of the request is as the policy says. */
type Test = (value: string, lookup: Lookup) => boolean;

export function compileCondition({ operator, key, values }: Condition, variables: boolean): Predicate {
  const name = key.toLowerCase();
  if (operator.name === "Null") return compileNull(name, values);
  const { positive, negated } = splitOperator(operator.name);
  const tests = values.map((value) => compileTest(positive, value, variables));
  const holds: Test = (value, lookup) => tests.some((test) => test(value, lookup)) !== negated;
  return (context, lookup) => {
    const found = context.get(name) ?? [];
    if (found.length === 0) return operator.ifExists || operator.set === "ForAllValues" || (operator.set === undefined && negated);
    const all = operator.set === "ForAllValues" || (operator.set === undefined && negated);
    return all ? found.every((value) => holds(value, lookup)) : found.some((value) => holds(value, lookup));
  };
}

function compileNull(name: string, values: readonly string[]): Predicate {
  const wanted = values.map((value) => value.toLowerCase() === "true");
  return (context) => wanted.includes((context.get(name) ?? []).length === 0);
}

function splitOperator(name: OperatorName): { readonly positive: string; readonly negated: boolean } {
  return { positive: name.replace("Not", ""), negated: name.includes("Not") };
}

function compileTest(positive: string, wanted: string, variables: boolean): Test {
  switch (positive) {
    case "StringEquals":
      return compilePattern(wanted, { wildcards: false, variables });
    case "StringEqualsIgnoreCase":
      return compilePattern(wanted, { wildcards: false, variables, ignoreCase: true });
    case "StringLike":
      return compilePattern(wanted, { wildcards: true, variables });
    case "ArnEquals":
    case "ArnLike":
      return compileArn(wanted, variables);
    case "Bool":
      return (value) => value.toLowerCase() === wanted.toLowerCase();
    case "BinaryEquals":
      return (value) => value === wanted;
    case "IpAddress":
      return compileBlock(wanted);
  }
  const [kind, comparison] = positive.startsWith("Numeric") ? [toNumber, positive.slice("Numeric".length)] : [parsePolicyDate, positive.slice("Date".length)];
  return compileComparison(comparison, kind, kind(wanted) ?? Number.NaN);
}

function compileArn(wanted: string, variables: boolean): Test {
  const matches = compileArnPattern(wanted, { variables });
  return (value, lookup) => matches(splitArn(value), lookup);
}

function compileBlock(wanted: string): Test {
  const block = parseBlock(wanted);
  return (value) => {
    const address = parseAddress(value);
    return block !== undefined && address !== undefined && isWithin(address, block);
  };
}

function toNumber(text: string): number | undefined {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** What is no number, or no time, is neither equal to one nor before or behind it. */
function compileComparison(comparison: string, read: (text: string) => number | undefined, wanted: number): Test {
  const compare = comparisons[comparison];
  if (compare === undefined) throw new Error(`no comparison ${comparison}`);
  return (value) => compare(read(value) ?? Number.NaN, wanted);
}

const comparisons: Readonly<Record<string, (value: number, wanted: number) => boolean>> = {
  Equals: (value, wanted) => value === wanted,
  LessThan: (value, wanted) => value < wanted,
  LessThanEquals: (value, wanted) => value <= wanted,
  GreaterThan: (value, wanted) => value > wanted,
  GreaterThanEquals: (value, wanted) => value >= wanted,
};
