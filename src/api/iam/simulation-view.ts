/** Simulated decisions as IAM shows them. */
import type { EvaluationResult } from "@aws-sdk/client-iam";
import type { PolicyType } from "../../iam/policy/evaluate.ts";
import type { SimulatedDecision } from "../../iam/simulate.ts";

const sourceTypes: Readonly<Record<PolicyType, NonNullable<NonNullable<EvaluationResult["MatchedStatements"]>[number]["SourcePolicyType"]>>> = {
  "aws-managed": "aws-managed",
  "user-managed": "user-managed",
  user: "user",
  group: "group",
  role: "role",
  resource: "resource",
  session: "none",
  boundary: "none",
};

export function toSimulationView({ action, resource, decision }: SimulatedDecision): EvaluationResult {
  const boundary = decision.outcome === "allowed" || decision.layer !== "permissions boundary" ? {} : { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false } };
  return {
    EvalActionName: action,
    EvalResourceName: resource,
    EvalDecision: decision.outcome,
    MatchedStatements: decision.by.map(({ policy, type }) => ({ SourcePolicyId: policy, SourcePolicyType: sourceTypes[type] })),
    MissingContextValues: [],
    ...boundary,
  };
}
