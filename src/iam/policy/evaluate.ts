/**
 * The decision about one action on one resource, as AWS documents it (facts §10.1).
 *
 *   1. a statement of any policy that denies                                    → explicitly denied
 *   2. a resource policy that names the user or the session itself              → allowed
 *   3. nothing in the identity policies (or the resource policy) that allows    → implicitly denied
 *   4. a permissions boundary, or session policies, that do not allow as well   → implicitly denied
 *   5. else                                                                     → allowed
 *
 * Across accounts both sides must allow. The order of policies and statements changes nothing but which statement is named.
 */
import type { CompiledPolicy, CompiledStatement, StatementRequest } from "./compile-policy.ts";
import type { Context } from "./condition.ts";
import type { Effect, Principals } from "./document.ts";
import { splitArn } from "./pattern.ts";

export interface AttachedPolicy {
  /** A managed policy's ARN; else what it is of. */
  readonly name: string;
  readonly type: PolicyType;
  readonly policy: CompiledPolicy;
}

export type PolicyType = "aws-managed" | "user-managed" | "user" | "group" | "role" | "resource" | "session" | "boundary";

/** All policies that have a say. Undefined layers are not there; an empty list allows nothing. */
export interface Policies {
  readonly identity: readonly AttachedPolicy[];
  readonly boundary?: readonly AttachedPolicy[] | undefined;
  readonly session?: readonly AttachedPolicy[] | undefined;
  readonly resource?: readonly AttachedPolicy[] | undefined;
}

/** Who asks, as resource policies name principals. */
export interface Principal {
  readonly account: string;
  /** A user, a session, an account's root; a service's name (`ec2.amazonaws.com`) when a service asks. */
  readonly arn: string;
  /** Of a session: the role's own ARN. */
  readonly roleArn?: string | undefined;
  readonly isService?: boolean;
}

export interface Request {
  readonly principal: Principal;
  /** In any case: `ec2:RunInstances`. */
  readonly action: string;
  readonly resource: string;
  /** The account that the resource is of; undefined for one of the principal's own. */
  readonly resourceAccount?: string | undefined;
  /** The resource policy must allow, whosever the resource is: a role's trust policy. */
  readonly trusted?: boolean;
  readonly context: Context;
}

export interface MatchedStatement {
  readonly policy: string;
  readonly type: PolicyType;
  readonly sid: string | undefined;
  /** Of the statement in its policy, from 0. */
  readonly index: number;
}

/** Why not: which kind of policy denied, or was there and did not allow. In the words of AWS's refusals. */
export type Layer = "identity-based policy" | "permissions boundary" | "session policy" | "resource-based policy";

export type Decision =
  | { readonly outcome: "allowed"; readonly by: readonly MatchedStatement[] }
  | { readonly outcome: "explicitDeny"; readonly by: readonly MatchedStatement[]; readonly layer: Layer }
  | { readonly outcome: "implicitDeny"; readonly by: readonly MatchedStatement[]; readonly layer: Layer };

interface Asked extends StatementRequest {
  /** Lower case. */
  readonly action: string;
}

/** A principal that is named as itself, by what it acts for, or by being in an account. */
type Naming = "itself" | "role" | "anyone" | "account";

export function decide(policies: Policies, request: Request): Decision {
  const asked: Asked = { action: request.action.toLowerCase(), resource: splitArn(request.resource), context: request.context, lookup: lookupIn(request.context) };
  for (const [layer, list] of layersOf(policies)) {
    const denying = findStatements(list, "Deny", asked, request.principal);
    if (denying.length > 0) return { outcome: "explicitDeny", by: denying, layer };
  }
  const granted = grantsOf(policies.resource ?? [], asked, request.principal);
  const direct = granted.filter(({ naming }) => naming === "itself").map(({ statement }) => statement);
  const isForeign = request.resourceAccount !== undefined && request.resourceAccount !== request.principal.account;
  if ((isForeign || request.trusted === true) && granted.length === 0) return { outcome: "implicitDeny", by: [], layer: "resource-based policy" };
  if (direct.length > 0 && (!isForeign || request.principal.isService === true)) return { outcome: "allowed", by: direct };

  const identity = findStatements(policies.identity, "Allow", asked, undefined);
  const shared = isForeign ? [] : granted.filter(({ naming }) => naming !== "account").map(({ statement }) => statement);
  if (identity.length === 0 && shared.length === 0) return { outcome: "implicitDeny", by: [], layer: "identity-based policy" };
  for (const [layer, list] of [["permissions boundary", policies.boundary], ["session policy", policies.session]] as const) {
    if (list !== undefined && findStatements(list, "Allow", asked, undefined).length === 0) return { outcome: "implicitDeny", by: [], layer };
  }
  return { outcome: "allowed", by: [...identity, ...shared] };
}

function layersOf(policies: Policies): readonly (readonly [Layer, readonly AttachedPolicy[]])[] {
  return [
    ["identity-based policy", policies.identity],
    ["permissions boundary", policies.boundary ?? []],
    ["session policy", policies.session ?? []],
    ["resource-based policy", policies.resource ?? []],
  ];
}

/** A variable stands for a key's value only where there is exactly one. */
function lookupIn(context: Context): (key: string) => string | undefined {
  return (key) => {
    const values = context.get(key);
    return values?.length === 1 ? values[0] : undefined;
  };
}

/** `principal`: whom statements with principals must be about. */
function findStatements(policies: readonly AttachedPolicy[], effect: Effect, asked: Asked, principal: Principal | undefined): MatchedStatement[] {
  const found: MatchedStatement[] = [];
  for (const attached of policies) {
    for (const statement of attached.policy.about(asked.action)) {
      if (statement.effect !== effect || !statement.applies(asked)) continue;
      if (principal !== undefined && !isAbout(statement, principal)) continue;
      found.push({ policy: attached.name, type: attached.type, sid: statement.sid, index: statement.index });
    }
  }
  return found;
}

function isAbout({ principals }: CompiledStatement, principal: Principal): boolean {
  return principals === undefined || (namingOf(principals, principal) !== undefined) !== principals.not;
}

function grantsOf(policies: readonly AttachedPolicy[], asked: Asked, principal: Principal): { readonly statement: MatchedStatement; readonly naming: Naming }[] {
  return policies.flatMap(({ name, type, policy }) =>
    policy.about(asked.action).flatMap((statement) => {
      if (statement.effect !== "Allow" || statement.principals === undefined || !statement.applies(asked)) return [];
      const naming = namingOf(statement.principals, principal);
      return naming === undefined ? [] : [{ statement: { policy: name, type, sid: statement.sid, index: statement.index }, naming }];
    }),
  );
}

/** How the element names the principal, most exactly first; undefined when it does not. `NotPrincipal` is the caller's business. */
function namingOf({ anyone, aws, services }: Principals, { account, arn, roleArn, isService }: Principal): Naming | undefined {
  if (isService === true) return services.includes(arn) || anyone ? "itself" : undefined;
  if (aws.includes(arn) && arn !== rootOf(account)) return "itself";
  if (roleArn !== undefined && aws.includes(roleArn)) return "role";
  if (anyone) return "anyone";
  return aws.includes(rootOf(account)) ? "account" : undefined;
}

function rootOf(account: string): string {
  return `arn:aws:iam::${account}:root`;
}
