/**
 * Passwords as they are kept: by scrypt, which takes as much memory as time, so that guessing many at once is dear. Two are worked on at a time, so that
 * sign-ins by the hundred cost no more memory than two.
 *
 *   kept = "scrypt:" log2(N) ":" r ":" p ":" base64url(salt) ":" base64url(key)
 */
import { scrypt, timingSafeEqual, type ScryptOptions } from "node:crypto";
import { passwordPolicyViolation } from "../base/api-error.ts";
import type { Random } from "../base/random.ts";

const [costBits, blockSize, parallelization, saltBytes, keyBytes] = [15, 8, 1, 16, 32];
const atOnce = 2;
const [shortest, longest] = [8, 128];

export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = random.bytes(saltBytes);
  const key = await derive(password, salt, costBits, blockSize, parallelization);
  return ["scrypt", costBits, blockSize, parallelization, Buffer.from(salt).toString("base64url"), key.toString("base64url")].join(":");
}

/** Without a kept one it takes as long, and is wrong. */
export async function isPassword(password: string, kept: string | undefined): Promise<boolean> {
  const [, bits, r, p, salt = "", key = ""] = (kept ?? nobodys).split(":");
  const wanted = Buffer.from(key, "base64url");
  const found = await derive(password, Buffer.from(salt, "base64url"), Number(bits), Number(r), Number(p));
  return kept !== undefined && wanted.length === found.length && timingSafeEqual(wanted, found);
}

const nobodys = ["scrypt", costBits, blockSize, parallelization, Buffer.alloc(saltBytes).toString("base64url"), ""].join(":");

/** IAM's policy for accounts that have none of their own. */
export function requireGoodPassword(password: string): void {
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/].filter((kind) => kind.test(password)).length;
  if (password.length < shortest || password.length > longest || kinds < 3) {
    throw passwordPolicyViolation(`Password should have ${shortest} to ${longest} characters, of at least three of these kinds: lowercase letters, uppercase letters, numbers, symbols.`);
  }
}

let working = 0;
const waiting: (() => void)[] = [];

async function derive(password: string, salt: Uint8Array, bits: number, r: number, p: number): Promise<Buffer> {
  if (working >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  else working += 1;
  try {
    const options: ScryptOptions = { N: 2 ** bits, r, p, maxmem: 2 ** bits * r * 256 };
    return await new Promise((resolve, reject) => scrypt(password.normalize("NFKC"), salt, keyBytes, options, (error, key) => (error === null ? resolve(key) : reject(error))));
  } finally {
    const next = waiting.shift();
    if (next === undefined) working -= 1;
    else next();
  }
}
