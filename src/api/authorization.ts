/**
 * Whether a call may be made: every grant of its action against all policies of its caller. Roots are not limited, and nothing is read for them. What a
 * grant's resource is (its tags, its size, its VPC) is read by its ARN, and what the request carries (tags) from its input, so that an action only says what
 * it touches. An action that says nothing is refused, unless it is declared to be open to all.
 */
import { accessDenied, invalidClientTokenId, sessionNotAllowed, unauthorizedOperation, type Denial } from "../base/api-error.ts";
import { principalConditions, readPolicies, readTrust, type ConditionValues, type Grant, type PolicyCache } from "../iam/authorize.ts";
import { encodeDenial } from "../iam/denial.ts";
import { entityArn } from "../iam/entity.ts";
import { isRoot } from "../iam/identity.ts";
import type { SecretKey } from "../iam/secret.ts";
import { decide, type Request } from "../iam/policy/evaluate.ts";
import { resourceConditions } from "../compute/resource-conditions.ts";
import type { Action, Call, Caller } from "./action.ts";
import type { RequestFacts } from "./pipeline.ts";

export interface AuthorizationParts {
  readonly policies: PolicyCache;
  readonly secretKey: SecretKey;
}

/** Throws the service's own refusal for the first grant that is not given. `grants` is asked only where it matters. */
export async function refuseDenied(parts: AuthorizationParts, action: Action, call: Call<unknown>, facts: RequestFacts, grants: () => readonly Grant[]): Promise<void> {
  const { caller, tx } = call;
  refuseUnfitSession(action, caller);
  if (isRoot(caller)) return;
  const asked = grants();
  if (asked.length === 0 && action.definition.openToAll === true) return;
  const policies = await readPolicies(tx, caller, parts.policies);
  const common = { ...(await principalConditions(tx, caller)), ...requestConditions(caller, facts, call.now) };
  for (const grant of asked.length === 0 ? [{ action: `${action.service}:${action.name}`, resource: "*" }] : asked) {
    const values = [common, await resourceConditions(tx, caller, grant.resource), tagConditions(action, call.input, grant), grant.conditions ?? {}];
    const { trust } = grant;
    const request: Request = { principal: toPolicyPrincipal(caller), action: grant.action, resource: grant.resource, resourceAccount: trust?.account, trusted: trust !== undefined, context: toContext(values) };
    const decision = decide(trust === undefined ? policies : { ...policies, resource: readTrust(trust, grant.resource, parts.policies) }, request);
    if (decision.outcome === "allowed") continue;
    const encodedMessage = encodeDenial(parts.secretKey, caller.userId, request, decision, call.random);
    const denial: Denial = { principalArn: caller.arn, action: grant.action, resource: grant.resource, layer: decision.layer, explicit: decision.outcome === "explicitDeny", encodedMessage };
    throw action.service === "ec2" ? unauthorizedOperation(denial) : accessDenied(denial);
  }
}

/** Sessions that are not a role's are for other services than IAM, and for little of STS (facts §10.6). */
function refuseUnfitSession({ service, name }: Action, { session }: Caller): void {
  if (session === undefined || session.kind === "role") return;
  if (service === "iam") throw invalidClientTokenId();
  const open = session.kind === "user" ? ["AssumeRole", "GetCallerIdentity"] : ["GetCallerIdentity"];
  if (service === "sts" && !open.includes(name)) throw sessionNotAllowed(name);
}

function toPolicyPrincipal({ account, arn, entity, session }: Caller): Request["principal"] {
  return { account, arn, ...(session?.kind === "role" && entity !== undefined ? { roleArn: entityArn(entity) } : {}) };
}

function requestConditions({ region }: Pick<Caller, "region">, { sourceAddress, userAgent }: RequestFacts, now: number): ConditionValues {
  return {
    "aws:RequestedRegion": region,
    "ec2:Region": region,
    "aws:SourceIp": sourceAddress.replace(/^::ffff:/, ""),
    "aws:UserAgent": userAgent === "" ? undefined : userAgent,
    "aws:CurrentTime": new Date(now).toISOString(),
    "aws:EpochTime": String(Math.floor(now / 1000)),
    "aws:SecureTransport": "false",
    "aws:ViaAWSService": "false",
  };
}

interface TagText {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** The members of any input that carry tags. */
interface TagInput {
  readonly TagSpecifications?: readonly { readonly ResourceType?: string; readonly Tags?: readonly TagText[] }[];
  readonly Tags?: readonly TagText[];
  readonly TagKeys?: readonly string[];
}

/** The tags that the request has for the grant's kind of resource. CreateTags on behalf of another action is told which (facts §10.3). */
function tagConditions(action: Action, input: unknown, { action: granted, resource }: Grant): ConditionValues {
  const { TagSpecifications: specifications = [], Tags: plain = [], TagKeys: keys = [] } = (input ?? {}) as TagInput; // inputs are structures
  const type = resourceType(resource);
  const tags = [...plain, ...specifications.flatMap(({ ResourceType, Tags = [] }) => (ResourceType === type ? Tags : []))];
  const values = Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key ?? ""}`, Value ?? ""]));
  const tagKeys = [...tags.map(({ Key }) => Key ?? ""), ...keys];
  const onBehalf = granted === "ec2:CreateTags" && action.name !== "CreateTags" ? action.name : undefined;
  return { ...values, "aws:TagKeys": tagKeys, "ec2:CreateAction": onBehalf };
}

/** `instance` of `arn:aws:ec2:us-east-1:111111111111:instance/i-…`. */
function resourceType(arn: string): string {
  return (arn.split(":")[5] ?? "").split("/")[0] ?? "";
}

function toContext(layers: readonly ConditionValues[]): Map<string, readonly string[]> {
  const context = new Map<string, readonly string[]>();
  for (const [key, value] of layers.flatMap((layer) => Object.entries(layer))) {
    if (value !== undefined) context.set(key.toLowerCase(), typeof value === "string" ? [value] : value);
  }
  return context;
}
