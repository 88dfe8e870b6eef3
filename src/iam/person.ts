/** Whoever may have keys of their own, sign in with a password and show an MFA device's codes: a user, or an account's root. */
import type { IamEntityRow } from "../store/identity-tables.ts";
import type { KeyHolder } from "./access-key.ts";
import { entityArn } from "./entity.ts";
import { rootArn, type Principal } from "./identity.ts";

export interface Person extends KeyHolder {
  readonly name: string;
}

/** What rows of passwords, keys and devices are found by. */
export type PersonKey = Pick<Person, "account" | "userId">;

export function userPerson(user: IamEntityRow): Person {
  return { account: user.account, arn: entityArn(user), userId: user.id, name: user.name };
}

export function rootPerson(account: string): Person {
  return { account, arn: rootArn(account), userId: account, name: "root" };
}

export function isRootPerson({ account, userId }: PersonKey): boolean {
  return userId === account;
}

/** The person that the principal is; none for roles and federated users. */
export function personOf({ account, entity, session }: Principal): Person | undefined {
  if (session !== undefined && session.kind !== "user") return undefined;
  if (entity === undefined) return rootPerson(account);
  return entity.kind === "user" ? userPerson(entity) : undefined;
}
