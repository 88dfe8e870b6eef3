/** What policies would decide about calls that nobody makes (SimulateCustomPolicy, SimulatePrincipalPolicy). */
import { invalidIdentityInput } from "../base/api-error.ts";
import type { PolicyCache } from "./authorize.ts";
import { decide, type AttachedPolicy, type Decision, type Policies, type PolicyType, type Request } from "./policy/evaluate.ts";

export interface Simulation {
  readonly policies: Policies;
  readonly principal: Request["principal"];
  readonly actions: readonly string[];
  /** `*` when the caller names none. */
  readonly resources: readonly string[];
  readonly context: Request["context"];
}

export interface SimulatedDecision {
  readonly action: string;
  readonly resource: string;
  readonly decision: Decision;
}

const decisionLimit = 10_000;

/** Fails when so much is asked that others would wait for it. */
export function simulate({ policies, principal, actions, resources, context }: Simulation): SimulatedDecision[] {
  if (actions.length * resources.length > decisionLimit) throw invalidIdentityInput(`A simulation may have ${decisionLimit} decisions at most.`);
  return actions.flatMap((action) => resources.map((resource) => ({ action, resource, decision: decide(policies, { principal, action, resource, context }) })));
}

/** Documents of a request as a layer; named as IAM's simulator names them (`PolicyInputList.1`). */
export function toLayer(documents: readonly string[], list: string, type: PolicyType, cache: PolicyCache): AttachedPolicy[] {
  return documents.map((document, index) => ({ name: `${list}.${index + 1}`, type, policy: cache.compile(document, type === "resource" ? "resource" : "identity") }));
}

export interface ContextEntry {
  readonly ContextKeyName?: string | undefined;
  readonly ContextKeyValues?: readonly string[] | undefined;
  readonly ContextKeyType?: string | undefined;
}

export function parseContext(entries: readonly ContextEntry[]): Map<string, readonly string[]> {
  const context = new Map<string, readonly string[]>();
  for (const { ContextKeyName: name = "", ContextKeyValues: values = [] } of entries) {
    if (name === "") throw invalidIdentityInput("A context entry has no name.");
    context.set(name.toLowerCase(), values);
  }
  return context;
}
