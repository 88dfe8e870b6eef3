/**
 * Actions of IAM: about one entity that the request names, or about the account. IAM has the same actions over and over, for users, groups, roles and so on;
 * they are made from one definition where they differ in names only, several to a file. Input and output are IAM's, checked by the model when they are
 * decoded and encoded: to have the compiler compare them for every kind would cost more than it finds.
 *
 * What an action is about is authorized before it is known whether it is there.
 */
import { identityValidationError, isApiError, noSuchEntity } from "../../base/api-error.ts";
import type { ConditionValues, Grant } from "../../iam/authorize.ts";
import { entityArn, entityKinds, findEntity } from "../../iam/entity.ts";
import { isRoot } from "../../iam/identity.ts";
import { mfaSerial } from "../../iam/mfa-device.ts";
import { rootPerson, userPerson, type Person } from "../../iam/person.ts";
import type { IamEntityKind, IamEntityRow } from "../../store/identity-tables.ts";
import type { ActionName } from "../../wire/action-types.ts";
import { eraseTypes, type Action, type Call, type Preparing } from "../action.ts";
import { parsePage, takePage, type PageScope, type PageTokens } from "../describe/paging.ts";

interface TagText {
  readonly Key?: string;
  readonly Value?: string;
}

/** What any of IAM's inputs may have. Members that the model requires are there; `text` takes them. */
export interface IamInput {
  readonly [member: string]: string | number | boolean | readonly string[] | readonly TagText[] | undefined;
  readonly Tags?: readonly TagText[];
  readonly TagKeys?: readonly string[];
  readonly Marker?: string;
  readonly MaxItems?: number;
  readonly MaxSessionDuration?: number;
  readonly SetAsDefault?: boolean;
}

export type IamCall = Call<IamInput>;

/** A member that is text; the model has checked that it is, and that it is there where it must be. */
export function text(input: IamInput, member: string): string {
  return optionalText(input, member) ?? "";
}

export function optionalText(input: IamInput, member: string): string | undefined {
  const value = input[member];
  return typeof value === "string" ? value : undefined;
}

/** How inputs name the entities of each kind; policies by their ARNs. */
export const nameMembers: Readonly<Record<IamEntityKind, string>> = {
  user: "UserName",
  group: "GroupName",
  role: "RoleName",
  "instance-profile": "InstanceProfileName",
  policy: "PolicyArn",
};

interface Shared {
  readonly name: ActionName<"iam">;
  readonly supported?: string;
  readonly readOnly?: boolean;
  /** Condition keys of this action alone. */
  readonly conditions?: (call: IamCall) => ConditionValues;
}

export interface AccountAction extends Shared {
  /** The ARN, or the pattern of ARNs, that it is about. */
  readonly resource: (call: IamCall) => string;
  readonly apply: (call: IamCall) => Promise<object> | object;
}

export function accountAction({ name, supported = "whole", readOnly, conditions, resource, apply }: AccountAction): Action {
  const definition = {
    supported,
    ...(readOnly === true ? { readOnly } : {}),
    load: () => undefined,
    authorize: (_nothing: unknown, call: IamCall): readonly Grant[] => [{ action: `iam:${name}`, resource: resource(call), conditions: conditions?.(call) ?? {} }],
    apply: (_nothing: unknown, call: IamCall) => apply(call),
  };
  return eraseTypes("iam", { name, ...definition });
}

export interface EntityAction extends Shared {
  readonly kind: IamEntityKind;
  /** More that the caller must be allowed; a role that is handed on is one. */
  readonly more?: (entity: IamEntityRow | undefined, call: IamCall) => readonly Grant[];
  readonly prepare?: (input: IamInput, preparing: Preparing) => Promise<unknown>;
  readonly apply: (entity: IamEntityRow, call: IamCall) => Promise<object> | object;
}

/** About the entity that the input names; where a user may be left out, about the caller. */
export function entityAction({ name, kind, supported = "whole", readOnly, conditions, more, prepare, apply }: EntityAction): Action {
  const definition = {
    supported,
    ...(readOnly === true ? { readOnly } : {}),
    ...(prepare === undefined ? {} : { prepare }),
    load: (call: IamCall) => findNamed(call, kind),
    authorize: ({ arn, entity }: Named, call: IamCall): readonly Grant[] => [{ action: `iam:${name}`, resource: arn, conditions: conditions?.(call) ?? {} }, ...(more?.(entity, call) ?? [])],
    apply: ({ entity, name: asked }: Named, call: IamCall) => {
      if (entity === undefined) throw noSuchEntity(entityKinds[kind].missing(asked));
      return apply(entity, call);
    },
  };
  return eraseTypes("iam", { name, ...definition });
}

export interface PersonAction extends Shared {
  readonly prepare?: (input: IamInput, preparing: Preparing) => Promise<unknown>;
  readonly apply: (person: Person, call: IamCall) => Promise<object> | object;
}

/** About the named user; without a name about the caller, a root too. */
export function personAction({ name, supported = "whole", readOnly, prepare, apply }: PersonAction): Action {
  const definition = {
    supported,
    ...(readOnly === true ? { readOnly } : {}),
    ...(prepare === undefined ? {} : { prepare }),
    load: (call: IamCall) => findPerson(call),
    authorize: ({ arn }: NamedPerson): readonly Grant[] => [{ action: `iam:${name}`, resource: arn }],
    apply: ({ person, name: asked }: NamedPerson, call: IamCall) => {
      if (person === undefined) throw noSuchEntity(entityKinds.user.missing(asked));
      return apply(person, call);
    },
  };
  return eraseTypes("iam", { name, ...definition });
}

interface NamedPerson {
  readonly name: string;
  readonly arn: string;
  readonly person: Person | undefined;
}

async function findPerson(call: IamCall): Promise<NamedPerson> {
  if (isAboutRoot(call)) {
    const person = rootPerson(call.caller.account);
    return { name: person.name, arn: person.arn, person };
  }
  const { name, arn, entity } = await findNamed(call, "user");
  return { name, arn, person: entity && userPerson(entity) };
}

/** Some actions on MFA devices cannot leave out the name: the root's device is known by its own. */
function isAboutRoot({ input, caller }: IamCall): boolean {
  return isRoot(caller) && (optionalText(input, "UserName") === undefined || optionalText(input, "SerialNumber") === mfaSerial(caller.account, "/", rootDeviceName));
}

const rootDeviceName = "root-account-mfa-device";

interface Named {
  readonly name: string;
  readonly arn: string;
  readonly entity: IamEntityRow | undefined;
}

async function findNamed({ input, caller, tx }: IamCall, kind: IamEntityKind): Promise<Named> {
  const asked = optionalText(input, nameMembers[kind]);
  if (asked === undefined && kind === "user" && caller.entity?.kind === "user") return { name: caller.entity.name, arn: entityArn(caller.entity), entity: caller.entity };
  if (asked === undefined) throw identityValidationError(`Must specify ${nameMembers[kind]} when calling with non-User credentials`);
  const isArn = kind === "policy";
  const entity = await findEntity(tx, caller.account, kind, isArn ? (asked.split("/").at(-1) ?? "") : asked);
  if (isArn) return { name: asked, arn: asked, entity: entity !== undefined && entityArn(entity) === asked ? entity : undefined };
  return { name: asked, arn: entityArn(entity ?? { account: caller.account, kind, path: "/", name: asked }), entity };
}

const largestPage = 1000;

/** One page of the rows under the output's own name, by Marker and MaxItems. */
export function paged<Row>(name: string, rows: readonly Row[], keyOf: (row: Row) => string, { input, caller, now, pageSecret }: PagedCall): { readonly page: readonly Row[]; readonly end: object } {
  const { Marker: nextToken, MaxItems: maxResults = 100, ...filters } = input;
  const scope: PageScope = { action: name, account: caller.account, region: "", filters };
  const tokens: PageTokens = { secret: pageSecret, clock: { now: () => now } };
  const sorted = rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  try {
    const position = parsePage({ maxResults, nextToken }, { minimum: 1, maximum: largestPage }, scope, tokens);
    const { rows: page, nextToken: marker } = takePage(sorted, keyOf, position, scope, tokens);
    return { page, end: marker === undefined ? { IsTruncated: false } : { IsTruncated: true, Marker: marker } };
  } catch (thrown) {
    if (!isApiError(thrown)) throw thrown;
    throw identityValidationError(thrown.code === "InvalidNextToken" ? "Invalid Marker." : `MaxItems must be between 1 and ${largestPage}.`);
  }
}

/** What paging reads of a call. */
interface PagedCall extends Pick<Call<unknown>, "caller" | "now" | "pageSecret"> {
  readonly input: { readonly Marker?: string | undefined; readonly MaxItems?: number | undefined };
}

/** An action that lists what the named entity has. */
export function entityList<Row>(
  kind: IamEntityKind,
  name: ActionName<"iam">,
  member: string,
  list: (entity: IamEntityRow, call: IamCall) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string,
  view: (row: Row) => unknown,
): Action {
  return entityAction({
    name,
    kind,
    readOnly: true,
    apply: async (entity, call) => {
      const { page, end } = paged(name, await list(entity, call), keyOf, call);
      return { [member]: page.map(view), ...end };
    },
  });
}

/** `arn:aws:iam::111111111111:user/path/`. */
export function arnsOf({ caller }: IamCall, kind: IamEntityKind, path: string, name: string): string {
  return entityArn({ account: caller.account, kind, path, name });
}
