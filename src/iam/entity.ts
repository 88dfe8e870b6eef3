/** Users, groups, roles, instance profiles and customer-managed policies: what they are called, and their rows. */
import { entityAlreadyExists, identityLimitExceeded, identityValidationError, noSuchEntity } from "../base/api-error.ts";
import type { Random } from "../base/random.ts";
import type { IamEntityKind, IamEntityRow } from "../store/identity-tables.ts";
import { insertRow, prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { newEntityId } from "./access-key.ts";

interface KindFacts {
  readonly idPrefix: string;
  readonly nameLength: number;
  /** How many of them an account may have (facts §10.7), and what the quota is called. */
  readonly quota: readonly [name: string, limit: number];
  readonly missing: (name: string) => string;
  readonly taken: (name: string) => string;
}

export const entityKinds: Readonly<Record<IamEntityKind, KindFacts>> = {
  user: { idPrefix: "AIDA", nameLength: 64, quota: ["UsersPerAccount", 5000], missing: (name) => `The user with name ${name} cannot be found.`, taken: (name) => `User with name ${name} already exists.` },
  group: { idPrefix: "AGPA", nameLength: 128, quota: ["GroupsPerAccount", 300], missing: (name) => `The group with name ${name} cannot be found.`, taken: (name) => `Group with name ${name} already exists.` },
  role: { idPrefix: "AROA", nameLength: 64, quota: ["RolesPerAccount", 1000], missing: (name) => `The role with name ${name} cannot be found.`, taken: (name) => `Role with name ${name} already exists.` },
  "instance-profile": {
    idPrefix: "AIPA",
    nameLength: 128,
    quota: ["InstanceProfilesPerAccount", 1000],
    missing: (name) => `Instance Profile ${name} cannot be found.`,
    taken: (name) => `Instance Profile ${name} already exists.`,
  },
  policy: {
    idPrefix: "ANPA",
    nameLength: 128,
    quota: ["PoliciesPerAccount", 1500],
    missing: (name) => `Policy ${name} was not found.`,
    taken: (name) => `A policy called ${name} already exists. Duplicate names are not allowed.`,
  },
};

export interface NewEntity {
  readonly account: string;
  readonly kind: IamEntityKind;
  readonly name: string;
  readonly path: string;
}

/** `arn:aws:iam::111111111111:user/path/name`. */
export function entityArn({ account, kind, path, name }: Pick<IamEntityRow, "account" | "kind" | "path" | "name">): string {
  return `arn:aws:iam::${account}:${kind}${path}${name}`;
}

export async function findEntity(tx: Tx, account: string, kind: IamEntityKind, name: string): Promise<IamEntityRow | undefined> {
  const [row] = await selectNamed(tx, { account, kind, folded: name.toLowerCase() });
  return row?.name === name ? row : undefined;
}

const selectNamed = prepare((db, { account, kind, folded }: { account: string; kind: IamEntityKind; folded: string }) =>
  db.selectFrom("iam_entities").selectAll().where("account", "=", account).where("kind", "=", kind).where("folded_name", "=", folded),
);

export async function requireEntity(tx: Tx, account: string, kind: IamEntityKind, name: string): Promise<IamEntityRow> {
  const row = await findEntity(tx, account, kind, name);
  if (row === undefined) throw noSuchEntity(entityKinds[kind].missing(name));
  return row;
}

export async function findEntityById(tx: Tx, id: string): Promise<IamEntityRow | undefined> {
  return (await selectById(tx, { id }))[0];
}

const selectById = prepare((db, { id }: { id: string }) => db.selectFrom("iam_entities").selectAll().where("id", "=", id));

/** In order of their names. */
export async function listEntities(tx: Tx, account: string, kind: IamEntityKind, pathPrefix = "/"): Promise<IamEntityRow[]> {
  const rows = await tx.db.selectFrom("iam_entities").selectAll().where("account", "=", account).where("kind", "=", kind).orderBy("folded_name").execute();
  return rows.filter((row) => row.path.startsWith(pathPrefix));
}

/** Fails for a name that is taken, in any case of its letters, and at the account's quota. */
export async function createEntity(tx: Tx, entity: NewEntity, more: Partial<IamEntityRow>, random: Random, now: number): Promise<IamEntityRow> {
  const { account, kind, name, path } = entity;
  const facts = entityKinds[kind];
  await refuseTaken(tx, account, kind, name);
  const [quota, limit] = facts.quota;
  const { count } = await tx.db
    .selectFrom("iam_entities")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("account", "=", account)
    .where("kind", "=", kind)
    .executeTakeFirstOrThrow();
  if (count >= limit) throw identityLimitExceeded(`Cannot exceed quota for ${quota}: ${limit}`);
  const row: IamEntityRow = {
    id: newEntityId(facts.idPrefix, random),
    account,
    kind,
    name,
    folded_name: name.toLowerCase(),
    path,
    description: null,
    boundary_arn: null,
    trust_policy: null,
    max_session_seconds: null,
    version_count: null,
    ...more,
    created_at: now,
  };
  await insertRow(tx, "iam_entities", row);
  return row;
}

export async function renameEntity(tx: Tx, row: IamEntityRow, { name = row.name, path = row.path }: { readonly name?: string | undefined; readonly path?: string | undefined }): Promise<void> {
  if (name.toLowerCase() !== row.folded_name) await refuseTaken(tx, row.account, row.kind, name);
  await tx.db.updateTable("iam_entities").set({ name, folded_name: name.toLowerCase(), path }).where("id", "=", row.id).execute();
}

export async function changeEntity(tx: Tx, row: IamEntityRow, change: Partial<IamEntityRow>): Promise<void> {
  await tx.db.updateTable("iam_entities").set(change).where("id", "=", row.id).execute();
}

/** The row and its tags. Whatever else is of it must be gone before. */
export async function deleteEntity(tx: Tx, { id }: IamEntityRow): Promise<void> {
  await tx.db.deleteFrom("iam_entities").where("id", "=", id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
}

async function refuseTaken(tx: Tx, account: string, kind: IamEntityKind, name: string): Promise<void> {
  const taken = (await selectNamed(tx, { account, kind, folded: name.toLowerCase() })).length > 0;
  if (taken) throw entityAlreadyExists(entityKinds[kind].taken(name));
}

/** `member`: what the request calls it (`userName`). */
export function requireEntityName(kind: IamEntityKind, member: string, name: string): string {
  const { nameLength } = entityKinds[kind];
  if (!/^[\w+=,.@-]+$/.test(name)) throw identityValidationError(`The specified value for ${member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`);
  if (name.length > nameLength) throw identityValidationError(`1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${nameLength}`);
  return name;
}

export function requirePath(path = "/"): string {
  if (path.length > 512 || !/^\/(?:[\x21-\x7e]+\/)?$/.test(path)) throw identityValidationError("The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.");
  return path;
}
