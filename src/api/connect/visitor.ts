/** Who is at the other end of a connection that lasts, as somebody who can be asked about again: what is open stays so only for those who might open it now. */
import type { IncomingMessage } from "node:http";
import { authFailure } from "../../base/api-error.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { findSessionPrincipal } from "../../iam/browser-session.ts";
import { findIdentity, type IdentitySource, type KeyUse, type Principal } from "../../iam/identity.ts";
import type { Store } from "../../store/store.ts";
import type { Caller } from "../action.ts";
import { isOwnOrigin, sessionToken } from "../console/own-page.ts";
import { toDirectFacts } from "../direct-facts.ts";
import type { RequestFacts } from "../pipeline.ts";

export interface Visitor {
  readonly account: string;
  readonly userId: string;
  readonly facts: RequestFacts;
  /** As it is now. Rejects with an ApiError when nobody is who the visitor was: signed out, or the key was deleted. */
  caller(region: string): Promise<Caller>;
}

interface VisitorParts extends IdentitySource {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}

/** Whoever signed in with the browser whose page asks. Rejects when that is not a page of the service's own. */
export async function browserVisitor({ store, clock, random }: VisitorParts, message: IncomingMessage): Promise<Visitor> {
  const token = sessionToken(message) ?? "";
  const find = async (): Promise<Principal> => {
    const principal = await store.read((tx) => findSessionPrincipal(tx, token, clock.now()));
    if (principal === undefined) throw authFailure("You are not signed in, or not any more.");
    return principal;
  };
  if (!isOwnOrigin(message)) throw authFailure("Only pages of this service may open terminals.");
  const { account, userId } = await find();
  return { account, userId, facts: toDirectFacts(message, random), caller: async (region) => ({ ...(await find()), region, accessKeyId: "" }) };
}

/** Whoever signed the request. Temporary credentials may run out meanwhile: what they have opened stays (facts §9.3). */
export function signingVisitor(parts: VisitorParts, message: IncomingMessage, { account, userId }: Principal, use: KeyUse): Visitor {
  const find = async () => {
    const identity = await parts.store.read((tx) => findIdentity(tx, use, parts));
    if (identity === undefined) throw authFailure("The access key was deleted, or is switched off.");
    const { secret: _kept, ...principal } = identity;
    return principal;
  };
  return { account, userId, facts: toDirectFacts(message, parts.random), caller: async (region) => ({ ...(await find()), region }) };
}
