/** A policy as it was read: checked, but not yet made fast (`compile-policy.ts`). */

export type Effect = "Allow" | "Deny";

/** `identity`: says what its holder may do. `trust`: says who may take on a role. `resource`: says who may do what with the thing that has it. */
export type PolicyKind = "identity" | "trust" | "resource";

export interface PolicyDocument {
  readonly version: "2008-10-17" | "2012-10-17";
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly sid: string | undefined;
  readonly effect: Effect;
  /** Undefined in identity policies. */
  readonly principals: Principals | undefined;
  readonly actions: Choice;
  /** Undefined in trust policies, which are about the role that has them. */
  readonly resources: Choice | undefined;
  readonly conditions: readonly Condition[];
}

/** `not`: all but these (`NotAction`). */
export interface Choice {
  readonly not: boolean;
  readonly values: readonly string[];
}

export interface Principals {
  readonly not: boolean;
  /** `*`. */
  readonly anyone: boolean;
  /** ARNs; an account's id stands here as its root's ARN. */
  readonly aws: readonly string[];
  readonly services: readonly string[];
  readonly federated: readonly string[];
}

export interface Condition {
  readonly operator: Operator;
  /** As it was written; names of keys have no case. */
  readonly key: string;
  readonly values: readonly string[];
}

export interface Operator {
  readonly name: OperatorName;
  readonly set: "ForAllValues" | "ForAnyValue" | undefined;
  readonly ifExists: boolean;
}

export const operatorNames = [
  "StringEquals",
  "StringNotEquals",
  "StringEqualsIgnoreCase",
  "StringNotEqualsIgnoreCase",
  "StringLike",
  "StringNotLike",
  "NumericEquals",
  "NumericNotEquals",
  "NumericLessThan",
  "NumericLessThanEquals",
  "NumericGreaterThan",
  "NumericGreaterThanEquals",
  "DateEquals",
  "DateNotEquals",
  "DateLessThan",
  "DateLessThanEquals",
  "DateGreaterThan",
  "DateGreaterThanEquals",
  "Bool",
  "BinaryEquals",
  "IpAddress",
  "NotIpAddress",
  "ArnEquals",
  "ArnNotEquals",
  "ArnLike",
  "ArnNotLike",
  "Null",
] as const;

export type OperatorName = (typeof operatorNames)[number];
