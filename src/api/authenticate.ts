/** Who made an HTTP request, by its signature. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { authFailure } from "../base/api-error.ts";
import type { Clock } from "../base/clock.ts";
import { isLoopback } from "../base/loopback.ts";
import { findRegion } from "../base/regions.ts";
import { findIdentity, type Identity } from "../iam/identity.ts";
import type { SecretKey } from "../iam/secret.ts";
import type { Store, Tx } from "../store/store.ts";
import { authenticationError } from "../wire/authentication-error.ts";
import type { HttpRequest } from "../wire/http-message.ts";
import { protocolOf } from "../wire/identify-operation.ts";
import { verifySignature, type VerifiedSignature } from "../wire/signature.ts";
import type { SigningKeys } from "../wire/signing-key.ts";
import type { Caller } from "./action.ts";
import type { CallOrigin } from "./call-origin.ts";

export interface AuthenticationParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly openAccounts: boolean;
  readonly secretKey: SecretKey;
  /** Of a connection that came by way of a guest's host; undefined for any other. */
  readonly originOf: (connection: Socket) => CallOrigin | undefined;
}

/** Accounts that are open are so to this machine, by its loopback, never to guests or other machines. */
export async function authenticate(
  { store, clock, openAccounts, secretKey, originOf }: AuthenticationParts,
  signingKeys: SigningKeys,
  request: HttpRequest,
  connection: Socket,
): Promise<{ identity: Identity; signature: VerifiedSignature }> {
  let identity: Identity | undefined;
  const isOpen = openAccounts && originOf(connection) === undefined && isLoopback(connection.remoteAddress);
  const signature = await verifySignature(request, {
    signingKeys,
    now: () => clock.now(),
    findSecret: async (accessKeyId, sessionToken) => {
      const find = (tx: Tx) => findIdentity(tx, { accessKeyId, sessionToken }, { openAccounts: isOpen, secretKey });
      identity = await store.read((tx) => (sessionToken === undefined ? tx.recall(`${isOpen ? "open " : ""}identity ${accessKeyId}`, () => find(tx), isKnown) : find(tx)));
      return identity?.secret;
    },
  });
  if (identity === undefined) throw authFailure();
  if ((identity.session?.expiresAt ?? Infinity) <= clock.now()) throw authenticationError(protocolOf(request, signature.service), "expiredToken");
  if (findRegion(signature.region) === undefined) throw authFailure(`The region '${signature.region}' in the credential scope does not exist.`);
  return { identity, signature };
}

/** Of access keys that nobody has there are too many. */
function isKnown(identity: Identity | undefined): boolean {
  return identity !== undefined;
}

export function toCaller({ secret: _kept, ...principal }: Identity, { region }: VerifiedSignature): Caller {
  return { ...principal, region };
}

export function toHttpRequest(message: IncomingMessage, body: Uint8Array): HttpRequest {
  const [path = "/", ...query] = (message.url ?? "/").split("?");
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(",") : value;
  return { method: message.method ?? "GET", path, query: query.join("?"), headers, body };
}
