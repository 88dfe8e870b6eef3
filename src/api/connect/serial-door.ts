/**
 * The serial console's SSH endpoint (facts §9.5): `ssh -i KEY i-….port0@ENDPOINT`. A key that SendSerialConsoleSSHPublicKey pushed for the instance in the last
 * minute opens it, and nothing else, for as long as whoever pushed it might push it again. A session has a shell that is the guest's serial port; there are no
 * commands, files or forwarded ports.
 */
import { timingSafeEqual } from "node:crypto";
import type { AddressInfo } from "node:net";
import ssh2, { type AuthContext, type ClientInfo, type Connection, type PublicKeyAuthContext, type ServerChannel, type Session } from "ssh2";
import { authFailure } from "../../base/api-error.ts";
import type { Clock } from "../../base/clock.ts";
import { isId, type InstanceId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import { serialAccess } from "../../compute/connect/serial-access.ts";
import type { HostStreams } from "../../compute/host-streams.ts";
import type { IdentitySource } from "../../iam/identity.ts";
import { findKeptPrincipal } from "../../iam/kept-principal.ts";
import type { SerialKeyRow } from "../../store/compute-tables.ts";
import type { Store, Tx } from "../../store/store.ts";
import type { Pipeline } from "../pipeline.ts";
import { openSerialConsole, type SerialVisitor } from "./serial-session.ts";
import { toProblem, type TerminalProblem } from "./terminal-problem.ts";
import { usualCheckMs, whilePermitted } from "./while-permitted.ts";

export interface SerialDoorParts extends IdentitySource {
  readonly store: Store;
  readonly streams: HostStreams;
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  readonly log: Log;
  /** The server's private key, in OpenSSH's form. */
  readonly hostKey: string;
  /** How often it is asked whether a session may still be. */
  readonly checkMs?: number;
}

export interface SerialDoor {
  readonly port: number;
  close(): Promise<void>;
}

/** A user whose machine is gone is noticed after three of these. */
const keepAliveMs = 15_000;
/** How long somebody may take to prove who they are; as many as may do so at the same time. */
const [loginMs, mostConnections] = [20_000, 256];

/** Listens on the machine's own address only; 0: any free port. */
export async function openSerialDoor(parts: SerialDoorParts, port: number): Promise<SerialDoor> {
  const open = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [parts.hostKey], ident: "hostelry", keepaliveInterval: keepAliveMs, keepaliveCountMax: 3 }, (connection, client) => {
    open.add(connection);
    connection.once("close", () => open.delete(connection));
    connection.on("error", () => connection.end()); // a client that breaks off, or is none
    receive(parts, connection, client);
  });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port, // a listening TCP server has one
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of open) connection.end();
      }),
  };
}

interface PushedKey extends SerialKeyRow {
  /** The instance's. */
  readonly region: string;
}

function receive(parts: SerialDoorParts, connection: Connection, client: ClientInfo): void {
  const giveUp = setTimeout(() => connection.end(), loginMs);
  connection.once("close", () => clearTimeout(giveUp));
  let pushed: PushedKey | undefined;
  connection.on("authentication", (context) => {
    const decide = async (): Promise<void> => {
      pushed = await authenticate(parts, context);
      if (pushed === undefined) context.reject(["publickey"]);
      else context.accept();
    };
    decide().catch((error: unknown) => {
      parts.log.error("a serial console's key could not be checked", { error });
      connection.end();
    });
  });
  connection.once("ready", () => {
    clearTimeout(giveUp);
    connection.once("session", (accept) => pushed !== undefined && serve(parts, connection, accept(), pushed, pusher(parts, pushed, client)));
  });
}

/** The pushed key, of the instance whose console it opens now. */
async function authenticate({ store, clock }: SerialDoorParts, context: AuthContext): Promise<PushedKey | undefined> {
  if (context.method !== "publickey") return undefined;
  const id = /^(.+)\.port0$/.exec(context.username)?.[1] ?? "";
  if (!isId("instance", id)) return undefined;
  const keys = await store.read((tx) => readKeys(tx, id, clock.now()));
  return keys.find((key) => isHeld(key.public_key, context));
}

/** The last one first: the same key may have been pushed by several callers. */
async function readKeys(tx: Tx, id: InstanceId, now: number): Promise<readonly PushedKey[]> {
  const instance = await tx.db.selectFrom("instances").select(["account", "region"]).where("id", "=", id).executeTakeFirst();
  if (instance === undefined || !(await serialAccess(tx, instance))) return [];
  const rows = await tx.db.selectFrom("serial_keys").selectAll().where("instance_id", "=", id).where("expires_at", ">", now).orderBy("expires_at", "desc").execute();
  return rows.map((row) => ({ ...row, region: instance.region }));
}

/** The client names the key, and as soon as it signs, has its private half. */
function isHeld(publicKey: string, { key, signature, blob, hashAlgo }: PublicKeyAuthContext): boolean {
  const known = ssh2.utils.parseKey(publicKey);
  if (known instanceof Error) return false;
  const data = known.getPublicSSH();
  if (data.length !== key.data.length || !timingSafeEqual(data, key.data)) return false;
  return signature === undefined || blob === undefined || known.verify(blob, signature, hashAlgo) === true;
}

function serve(parts: SerialDoorParts, connection: Connection, session: Session, pushed: PushedKey, visitor: SerialVisitor): void {
  session.on("pty", (accept) => accept?.());
  session.on("window-change", (accept) => accept?.()); // a serial port has no size
  session.once("shell", (accept) => {
    const channel = accept();
    for (const output of [channel, channel.stderr]) output.on("error", () => undefined); // its user is gone
    join(parts, connection, channel, pushed, visitor).catch((error: unknown) => {
      const problem = toProblem(error);
      if (problem.code === "failed") parts.log.warn("a serial console could not be opened", { instance: pushed.instance_id, error });
      sayEnd(channel, problem);
    });
  });
}

async function join(parts: SerialDoorParts, connection: Connection, channel: ServerChannel, pushed: PushedKey, visitor: SerialVisitor): Promise<void> {
  const leaving = new AbortController();
  connection.once("close", () => leaving.abort());
  const wanted = { region: pushed.region, instance: pushed.instance_id, publicKey: pushed.public_key };
  const { shell, permitted } = await openSerialConsole(parts, visitor, wanted, leaving.signal);
  let isOpen = true;
  const end = (problem?: TerminalProblem): void => {
    if (!isOpen) return;
    isOpen = false;
    stopAsking();
    shell.close();
    if (problem !== undefined) sayEnd(channel, problem);
  };
  const stopAsking = whilePermitted(permitted, parts.checkMs ?? usualCheckMs, end);
  shell.ended.catch((thrown: unknown) => end(toProblem(thrown)));
  for (const side of [channel, connection]) side.once("close", () => end());
  channel.pipe(shell.channel);
  shell.channel.pipe(channel, { end: false }); // why it ended comes behind it
}

/** Whoever pushed the key, as they are now, coming from where this client comes from. */
function pusher(parts: SerialDoorParts, { request_id: requestId, caller: kept }: PushedKey, { ip, header }: ClientInfo): SerialVisitor {
  return {
    facts: { requestId, sourceAddress: ip, userAgent: String(header.versions.software), bodySha256: undefined, secure: true, endpoint: undefined },
    caller: async (region) => {
      const principal = kept === null ? undefined : await parts.store.read((tx) => findKeptPrincipal(tx, kept, parts));
      if (principal === undefined) throw authFailure("Whoever pushed the key is gone.");
      return { ...principal, region };
    },
  };
}

function sayEnd(channel: ServerChannel, { message }: TerminalProblem): void {
  channel.stderr.write(`${message}\r\n`);
  channel.exit(1);
  channel.end();
}
