import { afterEach, beforeEach, expect, test } from "vitest";
import { systemRandom } from "../base/random.ts";
import { openStore, type Store, type Tx } from "../store/store.ts";
import { createAccessKey } from "./access-key.ts";
import { createEntity, entityArn } from "./entity.ts";
import { findIdentity, rootArn, type Principal } from "./identity.ts";
import { findKeptPrincipal, keepPrincipal } from "./kept-principal.ts";
import { removeEntity } from "./remove-entity.ts";
import { issueCredentials } from "./session.ts";

const source = { openAccounts: false, secretKey: new Uint8Array(32).fill(3) };
const account = "111111111111";
let store: Store;
beforeEach(async () => {
  store = await openStore(":memory:");
});
afterEach(() => store[Symbol.asyncDispose]());

const make = (tx: Tx, kind: "user" | "role", name: string) => createEntity(tx, { account, kind, name, path: "/" }, kind === "role" ? { trust_policy: "{}" } : {}, systemRandom, 0);
const again = (tx: Tx, kept: string) => findKeptPrincipal(tx, kept, source);

/** As a request with the key makes it a caller. */
async function callerOf(tx: Tx, accessKeyId: string, sessionToken?: string): Promise<Principal & { readonly accessKeyId: string }> {
  const identity = await findIdentity(tx, { accessKeyId, sessionToken }, source);
  if (identity === undefined) throw new Error("nobody has this key");
  const { secret: _unkept, ...caller } = identity;
  return caller;
}

test("Whoever called with a key is the same again, and nobody when the key is switched off", () =>
  store.write(async (tx) => {
    const user = await make(tx, "user", "ann");
    for (const holder of [{ account, arn: entityArn(user), userId: user.id }, { account, arn: rootArn(account), userId: account }]) {
      const { row } = await createAccessKey(tx, source.secretKey, holder, systemRandom, 0);
      const caller = await callerOf(tx, row.id);
      expect(await again(tx, keepPrincipal(caller))).toEqual(caller);
      await tx.db.updateTable("access_keys").set({ status: "Inactive" }).where("id", "=", row.id).execute();
      expect(await again(tx, keepPrincipal(caller))).toBeUndefined();
    }
  }));

test("So is whoever called with a role's session, whose secret is not kept, and nobody when the role is gone", () =>
  store.write(async (tx) => {
    const role = await make(tx, "role", "worker");
    const limits = { policies: ["{}"], policyArns: [], tags: { team: "sea" } };
    const made = issueCredentials(source.secretKey, { kind: "role", account, entityId: role.id, name: "i-1", ...limits, issuedAt: 1, expiresAt: 2 }, systemRandom);
    const caller = await callerOf(tx, made.accessKeyId, made.token);
    const kept = keepPrincipal(caller);
    expect(await again(tx, kept)).toEqual(caller);
    expect([kept.includes(made.secret), kept.includes(made.token)]).toEqual([false, false]);
    await removeEntity(tx, role);
    expect(await again(tx, kept)).toBeUndefined();
  }));

test("So is whoever signed in with a browser, with when and with what", () =>
  store.write(async (tx) => {
    const entity = await make(tx, "user", "ben");
    const caller = { account, arn: entityArn(entity), userId: entity.id, entity, signedIn: { issuedAt: 5, mfaAt: 5 }, accessKeyId: "" };
    expect(await again(tx, keepPrincipal(caller))).toEqual(caller);
  }));
