/**
 * Certificates of an authority that has one level (RFC 5280), and its word that one of them is good (RFC 6960): what `openssl verify -x509_strict` and
 * `openssl ocsp` accept. The authority's key is on the curve P-256, and signs both.
 */
import { createHash, createPublicKey, sign, type KeyObject } from "node:crypto";
import { parseIpv4 } from "../../base/ipv4.ts";
import type { Random } from "../../base/random.ts";
import { bitString, boolean, certificateTime, explicit, generalizedTime, integer, objectId, octetString, sequence, set, tagged, utf8String } from "./der.ts";

/** One that issues certificates: its name and its private key. */
export interface Authority {
  readonly commonName: string;
  readonly key: KeyObject;
}

export interface CertificateRequest {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  /** Positive; no two certificates of an authority have the same. */
  readonly serial: Uint8Array;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const [ecdsaWithSha256, sha1] = ["1.2.840.10045.4.3.2", "1.3.14.3.2.26"];
const [keyUsage, basicConstraints, subjectKeyId, authorityKeyId] = ["2.5.29.15", "2.5.29.19", "2.5.29.14", "2.5.29.35"];
const [nameConstraints, extendedKeyUsage, alternativeNames, serverAuthentication] = ["2.5.29.30", "2.5.29.37", "2.5.29.17", "1.3.6.1.5.5.7.3.1"];
const serialBytes = 16;
const ocspBasic = "1.3.6.1.5.5.7.48.1.1";

/** The authority's certificate by itself, in DER. With a scope, a domain or an IPv4 address, it is believed of no host names outside of that; of an address, of no names at all. */
export function selfSigned(authority: Authority, request: Pick<CertificateRequest, "serial" | "notBefore" | "notAfter">, scope?: string): Buffer {
  const publicKey = createPublicKey(authority.key);
  const usage = bitString(Buffer.of(0b1000_0110), 1); // digitalSignature, keyCertSign, cRLSign
  const extensions = [
    extension(basicConstraints, sequence(boolean(true)), true),
    extension(keyUsage, usage, true),
    extension(subjectKeyId, octetString(keyHash(publicKey))),
    ...(scope === undefined ? [] : [extension(nameConstraints, constraintTo(scope), true)]),
  ];
  return issue(authority, { ...request, commonName: authority.commonName, publicKey }, extensions);
}

/** For a key that signs, and issues nothing; in DER. `host`: it speaks TLS for this name or IPv4 address. */
export function certify(authority: Authority, request: CertificateRequest, host?: string): Buffer {
  const extensions = [
    extension(basicConstraints, sequence(), true),
    extension(keyUsage, bitString(Buffer.of(0b1000_0000), 7), true), // digitalSignature
    extension(subjectKeyId, octetString(keyHash(request.publicKey))),
    extension(authorityKeyId, sequence(tagged(0x80, keyHash(createPublicKey(authority.key))))),
    ...(host === undefined ? [] : [extension(extendedKeyUsage, sequence(objectId(serverAuthentication))), extension(alternativeNames, sequence(hostName(host)))]),
  ];
  return issue(authority, request, extensions);
}

function issue(authority: Authority, { commonName, publicKey, serial, notBefore, notAfter }: CertificateRequest, extensions: readonly Buffer[]): Buffer {
  const body = sequence(
    explicit(0, integer(2)), // version 3
    integer(serial),
    sequence(objectId(ecdsaWithSha256)),
    nameOf(authority.commonName),
    sequence(certificateTime(notBefore), certificateTime(notAfter)),
    nameOf(commonName),
    publicKey.export({ format: "der", type: "spki" }),
    explicit(3, sequence(...extensions)),
  );
  return signed(authority, body);
}

function hostName(name: string): Buffer {
  const address = parseIpv4(name);
  return address === undefined ? tagged(0x82, Buffer.from(name)) : tagged(0x87, ipv4Bytes(address));
}

/** The name that every name is below is left out where an address is meant. */
function constraintTo(scope: string): Buffer {
  const address = parseIpv4(scope);
  if (address === undefined) return sequence(tagged(0xa0, sequence(hostName(scope))));
  const alone = tagged(0x87, ipv4Bytes(address), ipv4Bytes(0xffffffff));
  return sequence(tagged(0xa0, sequence(alone)), tagged(0xa1, sequence(hostName(""))));
}

function ipv4Bytes(address: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(address);
  return bytes;
}

/** For one certificate; positive, and never shorter. */
export function randomSerial(random: Random): Uint8Array {
  const bytes = random.bytes(serialBytes);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

/** What was said, how it is signed, and the signature. */
function signed(authority: Authority, body: Buffer, ...more: readonly Buffer[]): Buffer {
  return sequence(body, sequence(objectId(ecdsaWithSha256)), bitString(sign("sha256", body, authority.key)), ...more);
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(objectId(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(objectId("2.5.4.3"), utf8String(commonName))));
}

/** SHA-1 of the key itself, without what says of which kind it is: how certificates and staples name a key. */
function keyHash(key: KeyObject): Buffer {
  const jwk = key.export({ format: "jwk" });
  const part = (name: "x" | "y" | "n" | "e") => Buffer.from(jwk[name] ?? "", "base64url");
  const bits = jwk.kty === "EC" ? Buffer.concat([Buffer.of(4), part("x"), part("y")]) : sequence(integer(part("n")), integer(part("e")));
  return createHash("sha1").update(bits).digest();
}

/** An OCSP response that the authority's certificate with this serial number is not revoked, from `producedAt` to `until`; in DER. */
export function stapleFor(authority: Authority, serial: Uint8Array, producedAt: number, until: number): Buffer {
  const issuerKey = createPublicKey(authority.key);
  const certificateId = sequence(
    sequence(objectId(sha1), tagged(0x05)),
    octetString(createHash("sha1").update(nameOf(authority.commonName)).digest()),
    octetString(keyHash(issuerKey)),
    integer(serial),
  );
  const good = tagged(0x80);
  const single = sequence(certificateId, good, generalizedTime(producedAt), explicit(0, generalizedTime(until)));
  const data = sequence(explicit(2, octetString(keyHash(issuerKey))), generalizedTime(producedAt), sequence(single));
  const successful = tagged(0x0a, Buffer.of(0));
  return sequence(successful, explicit(0, sequence(objectId(ocspBasic), octetString(signed(authority, data)))));
}

/** The names of files with staples: SHA-1 of the certificate, in capital hexadecimal digits. */
export function fingerprintOf(certificate: Uint8Array): string {
  return createHash("sha1").update(certificate).digest("hex").toUpperCase();
}

export function toPem(certificate: Uint8Array): string {
  const lines = Buffer.from(certificate).toString("base64").replaceAll(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
