/**
 * Signs keys that are pushed to guests as EC2 Instance Connect does, so that guests with its own scripts accept them (facts §9.2): a signer certificate for
 * each region under the authority of the installation's services, the authority's staple for it, and of each key a text that names its instance and its end.
 *
 * The signing key is made when it is first needed, and kept sealed in the database; certificates and staples are made anew for each pushed key.
 */
import { constants, createPrivateKey, createPublicKey, generateKeyPair, sign, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import type { Random } from "../../base/random.ts";
import type { ConnectSignature } from "../../host/protocol/metadata.ts";
import { seal, unseal, type SecretKey } from "../../iam/secret.ts";
import type { Store, Tx } from "../../store/store.ts";
import { ensureServiceAuthority } from "../service-authority.ts";
import { certify, fingerprintOf, randomSerial, stapleFor, toPem, type Authority } from "./certificate.ts";

export interface KeySigner {
  readonly authority: Authority;
  /** The authority's own certificate, PEM. */
  readonly authorityCertificate: string;
  readonly signingKey: KeyObject;
}

/** What a guest's script is told of a key besides the key. */
export interface KeyFacts {
  readonly instanceId: string;
  readonly region: string;
  readonly callerArn: string;
  readonly requestId: string;
  /** `ssh-ed25519 AAAA…` */
  readonly publicKey: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface SignedKey {
  /** Header lines, the key and the signature in base64. */
  readonly block: string;
  readonly signature: ConnectSignature;
}

const dayMs = 86_400_000;

/** The installation's signing key, or a new one, to be kept when it is first used (`keepKeySigner`): who may not push keys makes none for others. */
export async function findOrMakeSigningKey(store: Store, secretKey: SecretKey): Promise<KeyObject> {
  return (await store.read((tx) => findSigningKey(tx, secretKey))) ?? makeSigningKey();
}

/** Keeps the key, unless another has been kept meanwhile. Returns the signer that stands. */
export async function keepKeySigner(tx: Tx, made: KeyObject, secretKey: SecretKey, random: Random, now: number): Promise<KeySigner> {
  const { authority, certificate: authorityCertificate } = await ensureServiceAuthority(tx, secretKey, random, now);
  const known = await findSigningKey(tx, secretKey);
  if (known === undefined) {
    const value = seal(secretKey, purpose, made.export({ format: "pem", type: "pkcs8" }).toString(), random);
    await tx.db.insertInto("settings").values({ name: setting, value }).execute();
  }
  return { authority, authorityCertificate, signingKey: known ?? made };
}

const [setting, purpose] = ["signing_key_of_pushed_keys", "signer of pushed keys"];

async function findSigningKey(tx: Tx, secretKey: SecretKey): Promise<KeyObject | undefined> {
  const row = await tx.db.selectFrom("settings").select("value").where("name", "=", setting).executeTakeFirst();
  if (row === undefined) return undefined;
  const text = unseal(secretKey, purpose, row.value);
  if (text === undefined) throw new Error("the signer of pushed keys cannot be opened with this installation's key");
  return createPrivateKey(text);
}

/** The guests' scripts want RSA. */
export async function makeSigningKey(): Promise<KeyObject> {
  return (await promisify(generateKeyPair)("rsa", { modulusLength: 2048 })).privateKey;
}

export function signKey(signer: KeySigner, { instanceId, region, callerArn, requestId, publicKey, expiresAt }: KeyFacts, random: Random, now: number): SignedKey {
  const until = Math.ceil(expiresAt / 1000); // the scripts count whole seconds; metadata ends the key to the millisecond
  const text = [`#Timestamp=${until}`, `#Instance=${instanceId}`, `#Caller=${callerArn}`, `#Request=${requestId}`, publicKey, ""].join("\n");
  const signed = sign("sha256", Buffer.from(text), { key: signer.signingKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
  return { block: `${text}${signed.toString("base64").replaceAll(/.{76}(?=.)/g, "$&\n")}\n`, signature: certifySigner(signer, region, random, now) };
}

function certifySigner({ authority, authorityCertificate, signingKey }: KeySigner, region: string, random: Random, now: number): ConnectSignature {
  const serial = randomSerial(random);
  // A guest's clock may be wrong by a day.
  const validity = { notBefore: now - dayMs, notAfter: now + dayMs };
  const certificate = certify(authority, { commonName: `managed-ssh-signer.${region}.amazonaws.com`, publicKey: createPublicKey(signingKey), serial, ...validity });
  const staple = stapleFor(authority, serial, validity.notBefore, validity.notAfter);
  return { certificates: `${toPem(certificate)}${authorityCertificate}`, staples: { [fingerprintOf(certificate)]: staple.toString("base64") } };
}
