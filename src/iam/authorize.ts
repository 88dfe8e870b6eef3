/** Whether a principal may do what it asks: its policies as they are at this moment, and the decision by them. */
import type { IamEntityRow } from "../store/identity-tables.ts";
import type { Tx } from "../store/store.ts";
import { entityArn } from "./entity.ts";
import { selectAttachments, selectInlinePolicies } from "./entity-policies.ts";
import { listEntityTags } from "./entity-tags.ts";
import { rootArn, type Principal } from "./identity.ts";
import { findAwsManagedPolicy } from "./aws-managed-policies.ts";
import { readDefaultDocuments } from "./managed-policy.ts";
import { listContainers } from "./members.ts";
import { compilePolicy, type CompiledPolicy } from "./policy/compile-policy.ts";
import type { AttachedPolicy, Policies, PolicyType } from "./policy/evaluate.ts";
import type { PolicyKind } from "./policy/document.ts";
import { parsePolicy } from "./policy/parse-policy.ts";

/** Values of condition keys, by their names in any case. Undefined: the request has no such key. */
export type ConditionValues = Readonly<Record<string, string | readonly string[] | undefined>>;

/** One thing that a call touches; the call is allowed only when all are (facts §10.3). */
export interface Grant {
  /** `ec2:StopInstances`. */
  readonly action: string;
  readonly resource: string;
  /** Condition keys of a resource that the call is to make, or that only this action has. Those of rows that exist are found by their ARNs. */
  readonly conditions?: ConditionValues;
  /** Of a role that is taken on: it must allow that too. */
  readonly trust?: Trust;
}

export interface Trust {
  /** The role's. */
  readonly account: string;
  /** Undefined: there is no such role, and nobody may. */
  readonly document: string | undefined;
}

/** Compiled policies by their texts: they are asked far more often than they change. */
export interface PolicyCache {
  compile(document: string, kind?: PolicyKind): CompiledPolicy;
}

export function openPolicyCache(limit = 1000): PolicyCache {
  const known = new Map<string, CompiledPolicy>();
  return {
    compile: (document, kind = "identity") => {
      const key = `${kind} ${document}`;
      let policy = known.get(key);
      if (policy === undefined) {
        if (known.size >= limit) known.clear();
        known.set(key, (policy = compilePolicy(parsePolicy(document, kind))));
      }
      return policy;
    },
  };
}

/** All policies that have a say about the principal; not for roots, whom nothing limits. */
export async function readPolicies(tx: Tx, principal: Principal, cache: PolicyCache): Promise<Policies> {
  const { entity } = principal;
  const everything: AttachedPolicy = { name: "root", type: "user", policy: cache.compile(allowAll) };
  const identity = entity === undefined ? [everything] : await readIdentityPolicies(tx, entity, cache);
  const boundary = entity?.boundary_arn == null ? undefined : await readManaged(tx, principal.account, [entity.boundary_arn], "boundary", cache);
  return { identity, boundary, session: await readSessionPolicies(tx, principal, cache) };
}

const allowAll = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}';

/** A role's trust policy as the layer that it is in a decision. */
export function readTrust({ document }: Trust, roleArn: string, cache: PolicyCache): AttachedPolicy[] {
  return document === undefined ? [] : [{ name: roleArn, type: "resource", policy: cache.compile(document, "trust") }];
}

/** An endpoint's policy alone: it takes from what others allow, and gives nothing. */
export function readEndpointPolicies(document: string, cache: PolicyCache): Policies {
  const [name, type] = ["endpoint", "resource"] as const;
  return { identity: [{ name, type, policy: cache.compile(allowAll) }], resource: [{ name, type, policy: cache.compile(document, "resource") }] };
}

/** A federated user has what both the federating user and the session policies allow: nothing without any. */
async function readSessionPolicies(tx: Tx, { account, session }: Principal, cache: PolicyCache): Promise<readonly AttachedPolicy[] | undefined> {
  if (session === undefined) return undefined;
  const none = session.policies === null && session.policyArns.length === 0;
  if (none) return session.kind === "federated" ? [] : undefined;
  const inline = (session.policies ?? []).map((document): AttachedPolicy => ({ name: "session", type: "session", policy: cache.compile(document) }));
  return [...inline, ...(await readManaged(tx, account, session.policyArns, "session", cache))];
}

async function readManaged(tx: Tx, account: string, arns: readonly string[], type: PolicyType, cache: PolicyCache): Promise<AttachedPolicy[]> {
  const documents = await readDefaultDocuments(tx, account, arns);
  return Array.from(documents, ([name, document]) => ({ name, type, policy: cache.compile(document) }));
}

/** The entity's own policies and its groups'. */
export async function readIdentityPolicies(tx: Tx, entity: IamEntityRow, cache: PolicyCache): Promise<AttachedPolicy[]> {
  const holders = [entity, ...(entity.kind === "user" ? await listContainers(tx, entity.id) : [])];
  const ids = holders.map(({ id }) => id);
  const arns = [...new Set((await selectAttachments(tx, ids)).map((row) => row.policy_arn))];
  const documents = await readDefaultDocuments(tx, entity.account, arns);
  const managed = Array.from(documents, ([name, document]): AttachedPolicy => ({ name, type: findAwsManagedPolicy(name) === undefined ? "user-managed" : "aws-managed", policy: cache.compile(document) }));
  const inline = (await selectInlinePolicies(tx, ids)).map((row): AttachedPolicy => {
    const holder = holders.find(({ id }) => id === row.entity_id);
    return { name: `${holder?.kind ?? ""}_${holder?.name ?? ""}_${row.name}`, type: inlineType(holder), policy: cache.compile(row.document) };
  });
  return [...managed, ...inline];
}

function inlineType(holder: IamEntityRow | undefined): PolicyType {
  return holder?.kind === "group" ? "group" : holder?.kind === "role" ? "role" : "user";
}

/** What conditions may say about the tags that a request gives. */
export function requestTagConditions(tags: readonly { readonly key: string; readonly value: string }[]): ConditionValues {
  return { ...Object.fromEntries(tags.map(({ key, value }) => [`aws:RequestTag/${key}`, value])), "aws:TagKeys": tags.map(({ key }) => key) };
}

/** What conditions may say about who asks (facts §10.3). */
export async function principalConditions(tx: Tx, principal: Principal, now: number): Promise<ConditionValues> {
  const { account, arn, userId, entity, session } = principal;
  const tags = entity === undefined ? [] : await listEntityTags(tx, entity.id);
  const tagValues = Object.fromEntries([...tags.map(({ key, value }) => [key, value]), ...Object.entries(session?.tags ?? {})].map(([key, value]) => [`aws:PrincipalTag/${key}`, value]));
  return {
    "aws:PrincipalArn": session?.kind === "role" && entity !== undefined ? entityArn(entity) : arn,
    "aws:PrincipalAccount": account,
    "aws:PrincipalType": typeOf(principal),
    "aws:userid": userId,
    "aws:username": entity?.kind === "user" && session?.kind !== "federated" ? entity.name : undefined,
    "ec2:SourceInstanceARN": session?.instanceArn,
    "ec2:RoleDelivery": session?.roleDelivery,
    ...issueConditions(principal, now),
    ...tagValues,
  };
}

/** Keys that last have none of these, so that a policy can tell them from credentials that could have been got with a code and were not. */
function issueConditions({ session, signedIn }: Principal, now: number): ConditionValues {
  const issue = session ?? signedIn;
  if (issue === undefined) return {};
  const { issuedAt, mfaAt } = issue;
  return {
    "aws:TokenIssueTime": new Date(issuedAt).toISOString(),
    "aws:MultiFactorAuthPresent": String(mfaAt !== undefined),
    "aws:MultiFactorAuthAge": mfaAt === undefined ? undefined : String(Math.max(0, Math.floor((now - mfaAt) / 1000))),
  };
}

function typeOf({ arn, account, session }: Principal): string {
  if (session?.kind === "role") return "AssumedRole";
  if (session?.kind === "federated") return "FederatedUser";
  return arn === rootArn(account) ? "Account" : "User";
}
