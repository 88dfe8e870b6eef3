/**
 * A login shell in a guest for a visitor (facts §9.3). A key pair is made for it whose private half never leaves this memory, and whose public half is pushed as
 * anybody would push one: by SendSSHPublicKey, with the visitor's own rights.
 */
import type { Duplex } from "node:stream";
import { isApiError } from "../../base/api-error.ts";
import type { TerminalRequest } from "../../base/terminal-protocol.ts";
import { StreamError } from "../../compute/host-streams.ts";
import { createKeyPairMaterial } from "../../compute/key-pair-material.ts";
import { findWayIn, type NoWayIn, type WayIn } from "../../compute/way-in.ts";
import { SendSSHPublicKey } from "../ec2-instance-connect/send-ssh-public-key.ts";
import { LoginRefusedError, LoginTimeoutError, openShell } from "./ssh-shell.ts";
import type { Session, SessionParts, Step } from "./session.ts";
import { noLogin, noStream, noWay, TerminalProblem } from "./terminal-problem.ts";
import type { Visitor } from "./visitor.ts";

type ShellRequest = Extract<TerminalRequest, { type: "open" }>;

/** Rejects with a TerminalProblem or as the API refuses. */
export async function openShellSession(parts: SessionParts, visitor: Visitor, request: ShellRequest, tell: (step: Step) => void, signal: AbortSignal): Promise<Session> {
  const { store, random, pipeline, clock } = parts;
  const caller = await visitor.caller(request.region);
  tell("key");
  const pair = await createKeyPairMaterial("", "ed25519", "pem", random);
  const push = { InstanceId: request.instance, InstanceOSUser: request.user, SSHPublicKey: pair.publicKey };
  await pipeline.run(SendSSHPublicKey, push, caller, visitor.facts, clock.now());
  const way = await store.read((tx) => findWayIn(tx, caller, request.instance));
  if (typeof way === "string") throw noWay(way, request.instance);
  tell("connection");
  const { guest, mayPass } = await connect(parts, visitor, request.region, way, signal);
  tell("login");
  const shell = await logIn(guest, request, pair.keyMaterial, signal);
  const permitted = async (): Promise<void> => {
    await mayPass();
    const now = await visitor.caller(request.region);
    const found = await pipeline.check(SendSSHPublicKey, push, now, visitor.facts, clock.now(), (tx) => findWayIn(tx, now, request.instance));
    requireSameRun(found, request.instance, way);
  };
  return { shell, permitted };
}

interface Connection {
  readonly guest: Duplex;
  /** Rejects when the visitor may not use the way any more. */
  mayPass(): Promise<void>;
}

/** Through an endpoint only for those who may open tunnels by it. */
async function connect({ streams, tunnels }: SessionParts, visitor: Visitor, region: string, way: WayIn, signal: AbortSignal): Promise<Connection> {
  const { hostId, address, through } = way;
  try {
    if (through === undefined) return { guest: await streams.open(hostId, { kind: "tcp", address, port: 22 }, signal), mayPass: async () => undefined };
    const { guest, permitted: mayPass } = await tunnels.open(visitor, region, { instanceConnectEndpointId: through, remotePort: "22", privateIpAddress: address }, signal);
    return { guest, mayPass };
  } catch (thrown) {
    if (isApiError(thrown)) throw thrown;
    throw noStream(thrown instanceof StreamError ? thrown.code : "failed", way, thrown);
  }
}

async function logIn(guest: Duplex, { instance, ...request }: ShellRequest, privateKey: string, signal: AbortSignal): Promise<Session["shell"]> {
  const cut = () => guest.destroy();
  signal.addEventListener("abort", cut, { once: true });
  try {
    return await openShell(guest, { ...request, privateKey });
  } catch (thrown) {
    if (thrown instanceof LoginRefusedError) throw noLogin(request.user, thrown);
    if (thrown instanceof LoginTimeoutError) throw new TerminalProblem("no-answer", `The SSH server of ${instance} does not answer in time. The guest may be busy: try again in a moment.`, { cause: thrown });
    throw new TerminalProblem("not-ssh", `What answers on port 22 of ${instance} does not speak SSH as it should.`, { cause: thrown });
  } finally {
    signal.removeEventListener("abort", cut);
  }
}

/** A guest that has lost its public address meanwhile keeps what is open. */
function requireSameRun(now: WayIn | NoWayIn, instance: string, { run }: WayIn): void {
  if (typeof now === "string" && now !== "no-public-address") throw noWay(now, instance);
  if (typeof now !== "string" && now.run !== run) throw new TerminalProblem("lost", "The instance was started anew.");
}
