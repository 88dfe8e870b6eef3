/**
 * Who vouches for the control plane and its hosts to each other: an authority of the installation's own, made when it is needed first, its key sealed in the
 * database. Whoever knows the fingerprint of its certificate can tell every certificate that it has signed. What is signed cannot be called back: whoever lets a
 * certificate in looks up its owner as well. (Guests have another authority, which is believed of the services' names only.)
 */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Random } from "../base/random.ts";
import { certify, randomSerial, toPem } from "../compute/connect/certificate.ts";
import { ensureAuthority, longValidity, type AuthorityKind, type KeptAuthority } from "../compute/kept-authority.ts";
import type { SecretKey } from "../iam/secret.ts";
import type { Tx } from "../store/store.ts";

export interface CertificateAuthority {
  /** PEM. */
  readonly certificate: string;
  /** SHA-256 of the certificate. */
  readonly fingerprint: Buffer;
  /** A key and a certificate for this host name, followed by the authority's own; all PEM. */
  issueServer(name: string): { readonly key: string; readonly certificate: string };
  /** A certificate for the public key (SPKI, PEM) that a client has the other half of; PEM. */
  issueClient(name: string, publicKey: string): string;
}

const hosts: AuthorityKind = {
  commonName: "Hostelry hosts",
  certificateSetting: "host_authority_certificate",
  keySetting: "host_authority_key",
  purpose: "authority of the hosts",
};

/** Made once, and the same as long as the database lives. */
export async function ensureCertificateAuthority(tx: Tx, secretKey: SecretKey, random: Random, now: () => number): Promise<CertificateAuthority> {
  return withKey(await ensureAuthority(tx, hosts, secretKey, random, now()), random, now);
}

function withKey({ authority, certificate }: KeptAuthority, random: Random, now: () => number): CertificateAuthority {
  const issue = (name: string, publicKey: KeyObject, host?: string) =>
    toPem(certify(authority, { commonName: name, publicKey, serial: randomSerial(random), ...longValidity(now()) }, host));
  return {
    certificate,
    fingerprint: createHash("sha256").update(Buffer.from(certificate.replaceAll(/-----[^-]+-----|\n/g, ""), "base64")).digest(),
    issueServer: (name) => {
      const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
      return { key: toPkcs8(own.privateKey), certificate: issue(name, own.publicKey, name) + certificate };
    },
    issueClient: (name, publicKey) => issue(name, createPublicKey(publicKey)),
  };
}

function toPkcs8(key: KeyObject): string {
  return String(key.export({ format: "pem", type: "pkcs8" }));
}
