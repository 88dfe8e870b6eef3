/** A caller who is asked about again later, kept as a row's text: which key or session it was, without any secret. */
import type { Tx } from "../store/store.ts";
import { entityArn, findEntityById } from "./entity.ts";
import { findIdentity, rootArn, toSessionPrincipal, type IdentitySource, type Principal } from "./identity.ts";
import type { Issue, Session } from "./session.ts";

interface Kept {
  readonly account: string;
  /** Empty for whoever signed in with a browser. */
  readonly accessKeyId: string;
  readonly entityId?: string;
  readonly session?: Session;
  readonly signedIn?: Issue;
}

export function keepPrincipal({ account, accessKeyId, entity, session, signedIn }: Principal & Pick<Kept, "accessKeyId">): string {
  return JSON.stringify({ account, accessKeyId, entityId: entity?.id, session, signedIn });
}

/** As it is now; undefined when the user, role or key is gone. A session may have ended. */
export async function findKeptPrincipal(tx: Tx, text: string, source: IdentitySource): Promise<(Principal & Pick<Kept, "accessKeyId">) | undefined> {
  const { account, accessKeyId, entityId, session, signedIn } = JSON.parse(text) as Kept; // written by keepPrincipal only
  const isKey = session === undefined && accessKeyId !== "";
  if (isKey && (await findIdentity(tx, { accessKeyId, sessionToken: undefined }, source)) === undefined) return undefined;
  const entity = entityId === undefined ? undefined : await findEntityById(tx, entityId);
  if (entityId !== undefined && entity === undefined) return undefined;
  if (session !== undefined) return { ...toSessionPrincipal(session, entity), accessKeyId };
  const known = { account, accessKeyId, ...(signedIn === undefined ? {} : { signedIn }) };
  return entity === undefined ? { ...known, arn: rootArn(account), userId: account } : { ...known, arn: entityArn(entity), userId: entity.id, entity };
}
