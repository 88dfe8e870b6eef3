/**
 * Certificates for the services' names, made when somebody asks for a name and kept in memory: each for one name, so that a guest is sent little. They last
 * for a while and are made anew in time.
 */
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import type { Clock } from "../base/clock.ts";
import { endpointNames, publicServiceNames } from "../base/endpoint-services.ts";
import type { Random } from "../base/random.ts";
import { certify, randomSerial, toPem, type Authority } from "../compute/connect/certificate.ts";

export interface ServiceCertificates {
  /** Of the name that a client asks for; of a name that none of the services has, one that proves nothing to it. */
  contextFor(name: string | undefined): SecureContext;
}

const [fallback = ""] = publicServiceNames();
const dayMs = 86_400_000;
const [lastsMs, renewedMs] = [90 * dayMs, 30 * dayMs];
const keptLimit = 1_000;

export function openServiceCertificates(authority: Authority, clock: Clock, random: Random): ServiceCertificates {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = privateKey.export({ format: "pem", type: "pkcs8" });
  const own = new Set(publicServiceNames());
  const kept = new Map<string, { readonly context: SecureContext; readonly madeAt: number }>();
  const isOwn = (name: string): boolean => own.has(name) || (/^[a-z0-9.-]{1,200}$/.test(name) && name.endsWith(`.${endpointNames}`));
  return {
    contextFor: (asked = fallback) => {
      const name = isOwn(asked) ? asked : fallback;
      const now = clock.now();
      const known = kept.get(name);
      if (known !== undefined && now - known.madeAt < renewedMs) return known.context;
      const validity = { notBefore: now - dayMs, notAfter: now + lastsMs };
      const certificate = certify(authority, { commonName: name, publicKey: createPublicKey(privateKey), serial: randomSerial(random), ...validity }, name);
      const context = createSecureContext({ key, cert: toPem(certificate) });
      if (kept.size >= keptLimit) kept.clear();
      kept.set(name, { context, madeAt: now });
      return context;
    },
  };
}
