/** Who a request's access key stands for. */
import type { IamEntityRow } from "../store/identity-tables.ts";
import { prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { openSecret } from "./access-key.ts";
import { entityArn, findEntityById } from "./entity.ts";
import type { SecretKey } from "./secret.ts";
import { openToken, type Issue, type Session } from "./session.ts";

/** A principal. Without an entity it is the account's root, or what the root's session token stands for. */
export interface Principal {
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
  /** The user or role whose policies count. */
  readonly entity?: IamEntityRow;
  readonly session?: Session;
  /** Of somebody who signed in with a browser. */
  readonly signedIn?: Issue;
}

export interface Identity extends Principal {
  readonly accessKeyId: string;
  readonly secret: string;
}

export interface KeyUse {
  readonly accessKeyId: string;
  readonly sessionToken: string | undefined;
}

export interface IdentitySource {
  readonly openAccounts: boolean;
  readonly secretKey: SecretKey;
}

/** With open accounts, any 12-digit access key id is the root of its own account, with this secret; for parallel tests on one machine. */
export const openAccountSecret = "test";

/** The identity behind the key, or undefined for a key that nobody has, is switched off or comes with a token that is not its own. A session may have ended. */
export async function findIdentity(tx: Tx, { accessKeyId, sessionToken }: KeyUse, { openAccounts, secretKey }: IdentitySource): Promise<Identity | undefined> {
  if (openAccounts && /^\d{12}$/.test(accessKeyId)) {
    return { account: accessKeyId, arn: rootArn(accessKeyId), userId: accessKeyId, accessKeyId, secret: openAccountSecret };
  }
  if (sessionToken !== undefined) return findSession(tx, accessKeyId, sessionToken, secretKey);
  const [key] = await selectKey(tx, { accessKeyId });
  if (key === undefined || key.status !== "Active") return undefined;
  const known = { account: key.account, userId: key.user_id, accessKeyId };
  if (key.user_id === key.account) return { ...known, arn: rootArn(key.account), secret: openSecret(secretKey, key) };
  const entity = await findEntityById(tx, key.user_id);
  return entity && { ...known, arn: entityArn(entity), entity, secret: openSecret(secretKey, key) };
}

const selectKey = prepare((db, { accessKeyId }: { accessKeyId: string }) => db.selectFrom("access_keys").selectAll().where("id", "=", accessKeyId));

async function findSession(tx: Tx, accessKeyId: string, token: string, secretKey: SecretKey): Promise<Identity | undefined> {
  const opened = openToken(secretKey, accessKeyId, token);
  if (opened === undefined) return undefined;
  const { session, secret } = opened;
  const entity = session.entityId === null ? undefined : await findEntityById(tx, session.entityId);
  if (session.entityId !== null && entity === undefined) return undefined;
  return { ...toSessionPrincipal(session, entity), accessKeyId, secret };
}

/** The principal that a session is; `entity` is the session's own. */
export function toSessionPrincipal(session: Session, entity: IamEntityRow | undefined): Principal {
  const { account, name } = session;
  const of = { account, session, ...(entity === undefined ? {} : { entity }) };
  if (session.kind === "role") return { ...of, arn: `arn:aws:sts::${account}:assumed-role/${entity?.name ?? ""}/${name}`, userId: `${entity?.id ?? ""}:${name}` };
  if (session.kind === "federated") return { ...of, arn: `arn:aws:sts::${account}:federated-user/${name}`, userId: `${account}:${name}` };
  return entity === undefined ? { ...of, arn: rootArn(account), userId: account } : { ...of, arn: entityArn(entity), userId: entity.id };
}

export function rootArn(account: string): string {
  return `arn:aws:iam::${account}:root`;
}

/** Whether nothing limits the principal: an account's root, by a key of its own or by a session that it took for itself. */
export function isRoot({ entity, session }: Principal): boolean {
  return entity === undefined && (session === undefined || session.kind === "user");
}
