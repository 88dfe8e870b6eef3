/** Asking what policies would decide: those of a request, or those that an identity has. */
import { invalidIdentityInput, noSuchEntity } from "../../base/api-error.ts";
import { openPolicyCache, principalConditions, readPolicies } from "../../iam/authorize.ts";
import { entityArn, findEntity } from "../../iam/entity.ts";
import type { Policies } from "../../iam/policy/evaluate.ts";
import { parseContext, simulate, toLayer, type ContextEntry } from "../../iam/simulate.ts";
import type { IamEntityKind, IamEntityRow } from "../../store/identity-tables.ts";
import type { Tx } from "../../store/store.ts";
import { defineServiceAction, type Action, type Call } from "../action.ts";
import { paged } from "./iam-action.ts";
import { toSimulationView } from "./simulation-view.ts";

/** What both inputs have. */
interface SimulationInput {
  readonly ActionNames: readonly string[] | undefined;
  readonly ResourceArns?: readonly string[] | undefined;
  readonly ResourcePolicy?: string | undefined;
  readonly PermissionsBoundaryPolicyInputList?: readonly string[] | undefined;
  readonly ContextEntries?: readonly ContextEntry[] | undefined;
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

const SimulateCustomPolicy = defineServiceAction("iam", {
  name: "SimulateCustomPolicy",
  supported: "whole; missing context values are not listed",
  readOnly: true,
  load: () => undefined,
  authorize: () => [{ action: "iam:SimulateCustomPolicy", resource: "*" }],
  apply: (_nothing, call) => answer(call, "SimulateCustomPolicy", { identity: toLayer(call.input.PolicyInputList ?? [], "PolicyInputList", "user", openPolicyCache()) }, call.input.CallerArn, {}),
});

const SimulatePrincipalPolicy = defineServiceAction("iam", {
  name: "SimulatePrincipalPolicy",
  supported: "whole; missing context values are not listed",
  readOnly: true,
  load: ({ input, caller, tx }) => findPrincipal(tx, caller.account, input.PolicySourceArn),
  authorize: (_entity, { input }) => [{ action: "iam:SimulatePrincipalPolicy", resource: input.PolicySourceArn }],
  apply: async (entity, call) => {
    const { input, caller, tx } = call;
    if (entity === undefined) throw noSuchEntity(`No such entity: ${input.PolicySourceArn}`);
    const cache = openPolicyCache();
    const principal = { account: caller.account, arn: entityArn(entity), userId: entity.id, entity };
    const own = await readPolicies(tx, principal, cache);
    const policies = { ...own, identity: [...own.identity, ...toLayer(input.PolicyInputList ?? [], "PolicyInputList", "user", cache)] };
    return answer(call, "SimulatePrincipalPolicy", policies, input.CallerArn ?? principal.arn, entity.kind === "group" ? {} : await principalConditions(tx, principal, call.now));
  },
});

async function findPrincipal(tx: Tx, account: string, arn: string): Promise<IamEntityRow | undefined> {
  const [, kind, name] = /^arn:aws:iam::\d{12}:(user|group|role)\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  if (kind === undefined || name === undefined) throw invalidIdentityInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`);
  const entity = await findEntity(tx, account, kind as IamEntityKind, name); // the pattern names kinds only
  return entity !== undefined && entityArn(entity) === arn ? entity : undefined;
}

/** What the request says about the context wins over what is known of the principal. */
function answer(call: Call<SimulationInput>, name: string, policies: Policies, callerArn: string | undefined, known: Readonly<Record<string, string | readonly string[] | undefined>>): object {
  const { input, caller } = call;
  const cache = openPolicyCache();
  const boundary = input.PermissionsBoundaryPolicyInputList;
  const layers: Policies = {
    ...policies,
    ...(boundary === undefined ? {} : { boundary: toLayer(boundary, "PermissionsBoundaryPolicyInputList", "boundary", cache) }),
    ...(input.ResourcePolicy === undefined ? {} : { resource: toLayer([input.ResourcePolicy], "ResourcePolicy", "resource", cache) }),
  };
  const context = parseContext(Object.entries(known).map(([key, value]) => ({ ContextKeyName: key, ContextKeyValues: value === undefined ? [] : [value].flat() })));
  for (const [key, values] of parseContext(input.ContextEntries ?? [])) context.set(key, values);
  const resources = (input.ResourceArns ?? []).length === 0 ? ["*"] : (input.ResourceArns ?? []);
  const results = simulate({ policies: layers, principal: { account: caller.account, arn: callerArn ?? caller.arn }, actions: input.ActionNames ?? [], resources, context });
  const numbered = results.map((result, index) => ({ result, key: String(index).padStart(6, "0") }));
  const { page, end } = paged(name, numbered, ({ key }) => key, call);
  return { EvaluationResults: page.map(({ result }) => toSimulationView(result)), ...end };
}

export const simulationActions: readonly Action[] = [SimulateCustomPolicy, SimulatePrincipalPolicy];
