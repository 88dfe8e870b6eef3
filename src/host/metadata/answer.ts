/**
 * What the metadata service answers to one request: a function of the request and the instance's specification (facts §8.1).
 * Sockets, time limits and the packets' time to live are not its business.
 */
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { MachineSpecification } from "../protocol/specification.ts";
import { identityDocument } from "./identity-document.ts";
import type { IdentitySigner } from "./identity-signer.ts";
import { issueToken, longestTokenSeconds, tokenSecondsLeft } from "./token.ts";
import { directory, metaData, type Directory, type Node } from "./tree.ts";
import { existsIn, versions } from "./versions.ts";

export interface MetadataRequest {
  readonly method: string;
  /** As in the request line. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface MetadataAnswer {
  readonly status: 200 | 400 | 401 | 403 | 404 | 405 | 503;
  readonly contentType: "text/plain" | "application/octet-stream";
  readonly body: string | Buffer;
  /** With the token itself, and with every answer to a valid token: for how long it is good. */
  readonly tokenSeconds?: number;
  /** The body is a fresh token: its packets are subject to the hop limit. */
  readonly isToken?: true;
  readonly allow?: string;
}

export interface AnswerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly secret: Uint8Array;
  readonly signer: IdentitySigner;
}

const tokenPath = "/latest/api/token";

export async function answerMetadata(request: MetadataRequest, machine: MachineSpecification | undefined, parts: AnswerParts): Promise<MetadataAnswer> {
  if (machine === undefined) return failure(503);
  if (machine.metadata.options.httpEndpoint === "disabled") return failure(403);
  const path = parsePath(request.target);
  if (path === undefined) return failure(400);
  const joined = `/${path.join("/")}`;
  if (joined === tokenPath) return answerTokenRequest(request, machine, parts);
  if (request.method === "PUT") return joined.endsWith("/api/token") ? failure(403) : notAllowed("GET, HEAD");
  if (request.method !== "GET" && request.method !== "HEAD") return notAllowed("GET, HEAD");
  const session = checkSession(request, machine, parts);
  if (session === "refused") return failure(401);
  const found = await readPath(path, request.target.endsWith("/"), machine, parts);
  return session === undefined ? found : { ...found, tokenSeconds: session };
}

function answerTokenRequest(request: MetadataRequest, machine: MachineSpecification, parts: AnswerParts): MetadataAnswer {
  if (request.method === "OPTIONS") return { ...text(""), allow: "OPTIONS, PUT" };
  if (request.method !== "PUT") return notAllowed("OPTIONS, PUT");
  if (request.headers["x-forwarded-for"] !== undefined) return failure(403);
  const asked = request.headers["x-aws-ec2-metadata-token-ttl-seconds"];
  if (typeof asked !== "string" || !/^\d{1,5}$/.test(asked)) return failure(400);
  const seconds = Number(asked);
  if (seconds < 1 || seconds > longestTokenSeconds) return failure(400);
  const token = issueToken(parts.secret, machine.id, seconds, parts.clock.now(), parts.random);
  return { ...text(token), tokenSeconds: seconds, isToken: true };
}

/** The seconds that the request's token is still good for; undefined: it has none and needs none. */
function checkSession(request: MetadataRequest, machine: MachineSpecification, parts: AnswerParts): number | undefined | "refused" {
  const token = request.headers["x-aws-ec2-metadata-token"];
  if (token === undefined) return machine.metadata.options.httpTokens === "required" ? "refused" : undefined;
  if (typeof token !== "string") return "refused";
  return tokenSecondsLeft(parts.secret, machine.id, token, parts.clock.now()) ?? "refused";
}

/** The parts of the path; doubled slashes mean one, a query means nothing. Undefined when it is malformed. */
function parsePath(target: string): readonly string[] | undefined {
  if (!target.startsWith("/")) return undefined;
  try {
    return (target.split("?")[0] ?? "").split("/").filter((part) => part !== "").map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

async function readPath(path: readonly string[], asDirectory: boolean, machine: MachineSpecification, parts: AnswerParts): Promise<MetadataAnswer> {
  const [version, ...rest] = path;
  if (version === undefined) return text(versions.join("\n"));
  if (!versions.includes(version) || !existsIn(version, rest)) return failure(404);
  if (rest[0] === "user-data") return rest.length === 1 && !asDirectory ? userData(machine) : failure(404);
  const found = findNode(rootOf(machine, parts), rest);
  if (found === undefined) return failure(404);
  return text(found.kind === "leaf" ? await found.read() : listing(found, version, rest));
}

function rootOf(machine: MachineSpecification, { signer, clock }: AnswerParts): Directory {
  const document = identityDocument(machine);
  return directory(
    {
      dynamic: directory({
        fws: directory({ "instance-monitoring": machine.metadata.monitoring }),
        "instance-identity": directory({
          document,
          pkcs7: { kind: "leaf", read: () => signer.pkcs7(document) },
          rsa2048: { kind: "leaf", read: () => signer.rsa2048(document) },
          signature: { kind: "leaf", read: () => signer.signature(document) },
        }),
      }),
      "meta-data": metaData(machine, clock.now()),
      "user-data": (machine.metadata.userData ?? "") === "" ? undefined : "",
    },
    (name) => name,
  );
}

function findNode(root: Directory, path: readonly string[]): Node | undefined {
  let at: Node | undefined = root;
  for (const part of path) at = at?.kind === "directory" ? at.children.get(part) : undefined;
  return at;
}

function listing(found: Directory, version: string, path: readonly string[]): string {
  return [...found.children]
    .filter(([name]) => existsIn(version, [...path, name]))
    .map(([name, child]) => found.label?.(name) ?? (child.kind === "directory" ? `${name}/` : name))
    .join("\n");
}

function userData(machine: MachineSpecification): MetadataAnswer {
  const { userData: encoded } = machine.metadata;
  if (encoded === undefined || encoded === "") return failure(404);
  return { status: 200, contentType: "application/octet-stream", body: Buffer.from(encoded, "base64") };
}

function text(body: string): MetadataAnswer {
  return { status: 200, contentType: "text/plain", body };
}

function failure(status: 400 | 401 | 403 | 404 | 503): MetadataAnswer {
  return { status, contentType: "text/plain", body: "" };
}

function notAllowed(allow: string): MetadataAnswer {
  return { status: 405, contentType: "text/plain", body: "", allow };
}
