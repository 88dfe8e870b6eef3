/**
 * How a machine becomes a host, and how its agent then speaks to the control plane. HTTP/1.1 over TLS, on a port of its own.
 *
 *   POST /v1/join   JoinRequest   → 200 Admission, 403 Refusal; without a client certificate
 *   GET  /v1/hosts/HOST/images/FILE   a file of the images folder, which may be in its `kernels`   → 200, 404
 *
 * Everything else is the exchange (`exchange.ts`), with the client certificate that the admission gave; 403 for a certificate that is not the host's, or no
 * longer. Every request carries the version of the program that makes it and a digest of the protocol that it speaks; 426 when the control plane speaks another,
 * with a `Refusal` that names both versions.
 */
import type { HostDescription } from "./report.ts";

/** What the control plane's certificate is for, whatever address it is reached at. */
export const controlPlaneName = "control-plane.hostelry.internal";
/** The port of the control plane's underlay address. */
export const joinPort = 8774;
export const versionHeader = "hostelry-version";

/** Of what stands in the header, `VERSION+PROTOCOL`: programs of different versions understand each other as long as the protocol is the same. */
export function speaksTheSame(theirs: string | readonly string[] | undefined, ours: string): boolean {
  const [, protocol] = typeof theirs === "string" ? theirs.split("+") : [];
  return protocol !== undefined && protocol === ours.split("+")[1];
}

export interface JoinRequest {
  /** The token's, base64url. */
  readonly secret: string;
  /** The public half of the key that the agent made for itself: SPKI, PEM. */
  readonly publicKey: string;
  readonly machine: HostDescription["machine"];
}

export interface Admission {
  readonly host: string;
  readonly zone: string;
  /** Six hexadecimal digits. */
  readonly installation: string;
  /** For the key of the request, PEM. */
  readonly certificate: string;
  readonly underlay: { readonly address: string; readonly block: string; readonly publicPool: string };
  /** The files that instance identity documents are signed with, by their names. */
  readonly identity: Readonly<Record<string, string>>;
}

export interface Refusal {
  /** A sentence for the operator of the machine. */
  readonly message: string;
  readonly remedy?: string;
  /** The host is none any more, or another machine is it. */
  readonly forgotten?: true;
}

export function hostImagePath(hostId: string, name: string): string {
  return `/v1/hosts/${hostId}/images/${name}`;
}

/** The file that is asked for; undefined for any other request, and for whatever could be outside the folder. */
export function parseHostImagePath(path: string): string | undefined {
  return /^\/v1\/hosts\/[^/]+\/images\/((?:kernels\/)?[A-Za-z0-9_-][A-Za-z0-9._-]*)$/.exec(path)?.[1];
}
