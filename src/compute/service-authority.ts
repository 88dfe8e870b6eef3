/**
 * Who vouches for the installation's services when guests speak TLS to them: an authority of the installation's own, which is believed of names under
 * amazonaws.com only. Its certificate is in every guest's metadata, its key sealed in the database (decision 0016).
 */
import type { Random } from "../base/random.ts";
import type { SecretKey } from "../iam/secret.ts";
import { prepareKept } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { ensureAuthority, makeAuthority, type AuthorityKind, type KeptAuthority } from "./kept-authority.ts";

const services: AuthorityKind = {
  commonName: "Hostelry services",
  scope: "amazonaws.com",
  certificateSetting: "service_authority_certificate",
  keySetting: "service_authority_key",
  purpose: "authority of the services",
};

/** Made once, and the same as long as the database lives. */
export function ensureServiceAuthority(tx: Tx, secretKey: SecretKey, random: Random, now: number): Promise<KeptAuthority> {
  return ensureAuthority(tx, services, secretKey, random, now);
}

export function makeServiceAuthority(random: Random, now: number): KeptAuthority {
  return makeAuthority(services, random, now);
}

/** The authority's own certificate, PEM; undefined where there are no services that guests could reach. */
export async function findServiceCertificate(tx: Tx): Promise<string | undefined> {
  const [row] = await selectCertificate(tx, {});
  return row?.value;
}

const selectCertificate = prepareKept((db) => db.selectFrom("settings").select("value").where("name", "=", services.certificateSetting));
