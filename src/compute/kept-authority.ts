/** Certificate authorities of the installation's own: made when they are needed first, and the same as long as the database lives; their keys are sealed there. */
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import type { Random } from "../base/random.ts";
import { seal, unseal, type SecretKey } from "../iam/secret.ts";
import type { Tx } from "../store/store.ts";
import { randomSerial, selfSigned, toPem, type Authority } from "./connect/certificate.ts";

export interface AuthorityKind {
  readonly commonName: string;
  /** What it is believed of: names under this domain, or this IPv4 address; absent: everything. */
  readonly scope?: string;
  /** The names of its rows among the settings. */
  readonly certificateSetting: string;
  readonly keySetting: string;
  /** What its key is sealed for. */
  readonly purpose: string;
}

export interface KeptAuthority {
  readonly authority: Authority;
  /** PEM. */
  readonly certificate: string;
}

const dayMs = 86_400_000;
/** Nobody renews what machines and guests that run for years believe in. */
const lastsMs = 30 * 365 * dayMs;

/** From a day ago, since clocks differ; for about thirty years. */
export function longValidity(now: number): { readonly notBefore: number; readonly notAfter: number } {
  return { notBefore: now - dayMs, notAfter: now + lastsMs };
}

export function makeAuthority({ commonName, scope }: Pick<AuthorityKind, "commonName" | "scope">, random: Random, now: number): KeptAuthority {
  const authority = { commonName, key: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey };
  return { authority, certificate: toPem(selfSigned(authority, { serial: randomSerial(random), ...longValidity(now) }, scope)) };
}

export async function ensureAuthority(tx: Tx, kind: AuthorityKind, secretKey: SecretKey, random: Random, now: number): Promise<KeptAuthority> {
  const { commonName, certificateSetting, keySetting, purpose } = kind;
  const rows = await tx.db.selectFrom("settings").selectAll().where("name", "in", [certificateSetting, keySetting]).execute();
  const [certificate, sealed] = [certificateSetting, keySetting].map((name) => rows.find((row) => row.name === name)?.value);
  if (certificate !== undefined && sealed !== undefined) {
    const key = unseal(secretKey, purpose, sealed);
    if (key === undefined) throw new Error(`the key of the ${purpose} cannot be opened with this installation's key`);
    return { authority: { commonName, key: createPrivateKey(key) }, certificate };
  }
  const made = makeAuthority(kind, random, now);
  const key = made.authority.key.export({ format: "pem", type: "pkcs8" }).toString();
  await tx.db.insertInto("settings").values([{ name: certificateSetting, value: made.certificate }, { name: keySetting, value: seal(secretKey, purpose, key, random) }]).execute();
  return made;
}
