/** The machine's side of joining: finds out by the token whether it speaks to the right control plane, and only then asks. */
import { once } from "node:events";
import { connect, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import { tlsTransport } from "../../host/agent/control-plane-transport.ts";
import type { Admission, JoinRequest, Refusal } from "../../host/protocol/joining.ts";
import { CommandError } from "../command-error.ts";
import type { JoinToken } from "./join-token.ts";

export interface JoinQuestion {
  /** `https://ADDRESS:PORT`. */
  readonly url: string;
  readonly token: JoinToken;
  readonly publicKey: string;
  readonly machine: JoinRequest["machine"];
  readonly version: string;
}

export interface JoinAnswer {
  readonly admission: Admission;
  /** The certificate of the installation's authority, PEM. */
  readonly authority: string;
}

/** Without a word from there. */
const timeoutMs = 20_000;
/** For all of an answer: a machine that is emulated itself, on one that is busy, takes long to prove who it is. */
const answerMs = 120_000;

/** Fails with a `CommandError` that says what the control plane, or its absence, has against it. */
export async function askToJoin({ url, token, publicKey, machine, version }: JoinQuestion): Promise<JoinAnswer> {
  const authority = await fetchAuthority(url, token.fingerprint);
  const request: JoinRequest = { secret: token.secret.toString("base64url"), publicKey, machine };
  const transport = tlsTransport({ url, authority, version });
  try {
    const body = { type: "application/json", content: JSON.stringify(request) };
    const { status, text } = await transport.send({ method: "POST", path: "/v1/join", body, timeoutMs }, AbortSignal.timeout(answerMs));
    if (status === 200) return { authority, admission: JSON.parse(text) as Admission }; // of the control plane that the token names
    throw refused(text);
  } catch (thrown) {
    if (thrown instanceof CommandError) throw thrown;
    throw new CommandError(`The control plane at ${url} did not answer.`, { cause: thrown, remedy: "Try again: the token is good until it has been answered." });
  } finally {
    transport.close();
  }
}

export interface KnownMachine {
  readonly host: string;
  readonly url: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  readonly version: string;
}

/** Whether the control plane says that this machine is no host of its any more; false also while it does not answer, since nothing may be given up then. */
export async function isTurnedAway({ host, url, authority, certificate, key, version }: KnownMachine): Promise<boolean> {
  const transport = tlsTransport({ url, authority, own: { certificate, key }, version });
  try {
    const { status, text } = await transport.send({ method: "GET", path: `/v1/hosts/${host}`, timeoutMs }, AbortSignal.timeout(answerMs));
    return status === 403 && isForgotten(text);
  } catch {
    return false;
  } finally {
    transport.close();
  }
}

/** A refusal's text. */
export function isForgotten(text: string): boolean {
  return (JSON.parse(text) as Refusal).forgotten === true; // of the control plane that this machine is a host of
}

function refused(text: string): CommandError {
  const { message, remedy } = JSON.parse(text) as Refusal; // as above
  return new CommandError(message, remedy === undefined ? {} : { remedy });
}

/** The authority's certificate, as the other side shows it, if it is the one that the token names. Nothing is sent before that is known. */
async function fetchAuthority(url: string, fingerprint: Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false, timeout: timeoutMs });
  socket.once("timeout", () => socket.destroy(new Error("no answer in time")));
  try {
    await once(socket, "secureConnect");
    const shown = chainOf(socket).find((certificate) => certificate.fingerprint256.replaceAll(":", "").toLowerCase() === fingerprint.toString("hex"));
    if (shown === undefined) throw new CommandError(`${url} is not the control plane that the token is of.`, { remedy: "Check the address. If it is right, somebody stands between." });
    return toPem(shown.raw);
  } catch (thrown) {
    if (thrown instanceof CommandError) throw thrown;
    throw new CommandError(`Nothing that speaks TLS answers at ${url}.`, { cause: thrown, remedy: "Check the address and the port, and whether the control plane runs." });
  } finally {
    socket.destroy();
  }
}

function chainOf(socket: TLSSocket): readonly DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  for (let next = socket.getPeerCertificate(true); next?.raw !== undefined && !chain.includes(next); next = next.issuerCertificate) chain.push(next);
  return chain;
}

function toPem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/.{64}(?=.)/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}
