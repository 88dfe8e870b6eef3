/**
 * Whether a call may be made: every grant of its action against all policies of its caller, and against that of the endpoint that it came by. Roots are
 * limited by the latter only, and nothing is read for them without one. What a grant's resource is (its tags, its size, its VPC) is read by its ARN, and
 * what the request carries (tags) from its input, so that an action only says what it touches. An action that says nothing is decided as one
 * on everything (`*`), unless it is declared to be open to all.
 */
import { accessDenied, accessDeniedException, invalidClientTokenId, sessionNotAllowed, unauthorizedOperation, type ApiError, type Denial } from "../base/api-error.ts";
import { principalConditions, readEndpointPolicies, readPolicies, readTrust, requestTagConditions, type ConditionValues, type Grant, type PolicyCache } from "../iam/authorize.ts";
import { encodeDenial } from "../iam/denial.ts";
import { entityArn } from "../iam/entity.ts";
import { isRoot } from "../iam/identity.ts";
import type { SecretKey } from "../iam/secret.ts";
import { decide, type Decision, type Policies, type Request } from "../iam/policy/evaluate.ts";
import { resourceConditions } from "../compute/resource-conditions.ts";
import { serviceFacts } from "../wire/service-facts.ts";
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
  const filter = facts.endpoint?.policy ?? null;
  if (isRoot(caller) && filter === null) return;
  const asked = grants();
  const isOpen = asked.length === 0 && action.definition.openToAll === true;
  const judges = [
    ...(isRoot(caller) || isOpen ? [] : [judgeByPolicies(parts, await readPolicies(tx, caller, parts.policies))]),
    ...(filter === null ? [] : [judgeByEndpoint(readEndpointPolicies(filter, parts.policies))]),
  ];
  if (judges.length === 0) return;
  const common = { ...(await principalConditions(tx, caller, call.now)), ...requestConditions(caller, facts, call.now), ...attributeConditions(action, call.input, asked) };
  for (const grant of asked.length === 0 ? [{ action: `${action.service}:${action.name}`, resource: "*" }] : asked) {
    const values = [common, await resourceConditions(tx, caller, grant.resource), tagConditions(action, call.input, grant), grant.conditions ?? {}];
    const request: Request = { principal: toPolicyPrincipal(caller), action: grant.action, resource: grant.resource, context: toContext(values) };
    for (const judge of judges) {
      const { decision, layer } = judge(request, grant);
      if (decision.outcome === "allowed") continue;
      const encodedMessage = encodeDenial(parts.secretKey, caller.userId, request, decision, call.random);
      const denial: Denial = { principalArn: caller.arn, action: grant.action, resource: grant.resource, layer: layer ?? decision.layer, explicit: decision.outcome === "explicitDeny", encodedMessage };
      throw toRefusal(action, denial);
    }
  }
}

function toRefusal({ service }: Action, denial: Denial): ApiError {
  if (service === "ec2") return unauthorizedOperation(denial);
  return serviceFacts[service].protocol === "awsJson1_1" ? accessDeniedException(denial) : accessDenied(denial);
}

/** What some of the policies say of a request, and how the refusal is to call them, unless by the layer that decided. */
type Judge = (request: Request, grant: Grant) => { readonly decision: Decision; readonly layer?: string };

function judgeByPolicies({ policies: cache }: AuthorizationParts, policies: Policies): Judge {
  return (request, { resource, trust }) => {
    const trusting = { ...request, resourceAccount: trust?.account, trusted: trust !== undefined };
    return { decision: decide(trust === undefined ? policies : { ...policies, resource: readTrust(trust, resource, cache) }, trusting) };
  };
}

function judgeByEndpoint(policies: Policies): Judge {
  return (request) => ({ decision: decide(policies, { ...request, trusted: true }), layer: "VPC endpoint policy" });
}

/** Sessions that are not a role's are for other services than IAM, unless a user took them with a code, and for little of STS (facts §10.6). */
function refuseUnfitSession({ service, name }: Action, { session }: Caller): void {
  if (session === undefined || session.kind === "role") return;
  const ofUser = session.kind === "user";
  if (service === "iam" && !(ofUser && session.mfaAt !== undefined)) throw invalidClientTokenId();
  const open = ofUser ? ["AssumeRole", "GetCallerIdentity"] : ["GetCallerIdentity"];
  if (service === "sts" && !open.includes(name)) throw sessionNotAllowed(name);
}

function toPolicyPrincipal({ account, arn, entity, session }: Caller): Request["principal"] {
  return { account, arn, ...(session?.kind === "role" && entity !== undefined ? { roleArn: entityArn(entity) } : {}) };
}

/** A private address means nothing without its VPC, so it has a key of its own. */
function requestConditions({ region }: Pick<Caller, "region">, { sourceAddress, userAgent, secure, endpoint }: RequestFacts, now: number): ConditionValues {
  return {
    "aws:RequestedRegion": region,
    "ec2:Region": region,
    "aws:SourceIp": endpoint === undefined ? sourceAddress.replace(/^::ffff:/, "") : undefined,
    "aws:VpcSourceIp": endpoint === undefined ? undefined : sourceAddress,
    "aws:SourceVpc": endpoint?.vpcId,
    "aws:SourceVpce": endpoint?.id,
    "aws:UserAgent": userAgent === "" ? undefined : userAgent,
    "aws:CurrentTime": new Date(now).toISOString(),
    "aws:EpochTime": String(Math.floor(now / 1000)),
    "aws:SecureTransport": String(secure),
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
  const given = [...plain, ...specifications.flatMap(({ ResourceType, Tags = [] }) => (ResourceType === type ? Tags : []))];
  const values = requestTagConditions(given.map(({ Key: key = "", Value: value = "" }) => ({ key, value })));
  const onBehalf = granted === "ec2:CreateTags" && action.name !== "CreateTags" ? action.name : undefined;
  return { ...values, "aws:TagKeys": [...given.map(({ Key }) => Key ?? ""), ...keys], "ec2:CreateAction": onBehalf };
}

/** The attributes that a call sets, with their values where these are text (`ec2:Attribute/HttpTokens`). What only names a resource that it touches is none. */
function attributeConditions({ service, name }: Action, input: unknown, touched: readonly Grant[]): ConditionValues {
  if (service !== "ec2" || !name.startsWith("Modify")) return {};
  const { DryRun: _dryRun, ClientToken: _token, Attribute: attribute, Value: value, ...members } = input as Readonly<Record<string, unknown>>; // inputs are structures
  const named = typeof attribute === "string" ? { [attribute.slice(0, 1).toUpperCase() + attribute.slice(1)]: value } : {};
  const set = Object.entries({ ...members, ...named }).filter(([, member]) => member !== undefined && !touched.some(({ resource }) => resource.endsWith(`/${textOf(member)}`)));
  const values = Object.fromEntries(set.map(([key, member]) => [`ec2:Attribute/${key}`, textOf(member)]));
  return { ...values, "ec2:Attribute": set.map(([key]) => key) };
}

/** Of a scalar, or of one in a structure of its own (`{ Value: true }`). */
function textOf(member: unknown): string | undefined {
  if (typeof member === "object" && member !== null && "Value" in member) return textOf(member.Value);
  return typeof member === "string" || typeof member === "number" || typeof member === "boolean" ? String(member) : undefined;
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
