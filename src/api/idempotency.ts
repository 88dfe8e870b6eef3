/** Client tokens: the same token with the same request gets the same answer, with another request an error (facts §1.6). */
import { createHash } from "node:crypto";
import { idempotentParameterMismatch, invalidClientToken } from "../base/api-error.ts";
import { insertRow, prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";

export interface TokenKey {
  readonly account: string;
  readonly region: string;
  readonly action: string;
  readonly scope: string;
  readonly token: string;
}

/** Services differ in how long a token may be. */
export function requireClientToken(token: string, longest: number): void {
  if (token.length > longest || !/^[\x20-\x7e]+$/.test(token)) throw invalidClientToken(longest);
}

/** The answer that was given for this token, or undefined for a new one. Fails when the token was used for another request. */
export async function findRememberedAnswer(tx: Tx, key: TokenKey, input: unknown): Promise<{ readonly answer: unknown } | undefined> {
  const [row] = await selectRemembered(tx, key);
  if (row === undefined) return undefined;
  if (row.fingerprint !== fingerprint(input)) throw idempotentParameterMismatch();
  return { answer: decodeAnswer(row.response) };
}

const selectRemembered = prepare((db, { account, region, action, scope, token }: TokenKey) =>
  db
    .selectFrom("client_tokens")
    .select(["fingerprint", "response"])
    .where("account", "=", account)
    .where("region", "=", region)
    .where("action", "=", action)
    .where("scope", "=", scope)
    .where("token", "=", token),
);

export async function rememberAnswer(tx: Tx, key: TokenKey, input: unknown, answer: unknown, now: number): Promise<void> {
  await insertRow(tx, "client_tokens", { ...key, fingerprint: fingerprint(input), response: encodeAnswer(answer), created_at: now });
}

function fingerprint(input: unknown): string {
  return createHash("sha256").update(JSON.stringify(input)).digest("base64");
}

/** JSON with times kept as times. */
function encodeAnswer(answer: unknown): string {
  return JSON.stringify(answer, function (this: Record<string, unknown>, key: string, value: unknown) {
    const original = this[key];
    return original instanceof Date ? { $time: original.getTime() } : value;
  });
}

function decodeAnswer(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) =>
    typeof value === "object" && value !== null && "$time" in value && typeof value.$time === "number" ? new Date(value.$time) : value,
  );
}
