/**
 * The serial console of an instance for a visitor (facts §9.5): what the guest said of late, then what it says, and the way to its input. For one user at a time,
 * and for an hour at most; a shell that is logged in there stays. Who comes by SSH has pushed a key; for whoever comes with a page one is pushed of which nobody has
 * the other half, so that both ask for the same right, and leave the same event.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Duplex } from "node:stream";
import type { InstanceId } from "../../base/ids.ts";
import type { TerminalRequest } from "../../base/terminal-protocol.ts";
import { requireInstanceId } from "../../compute/connect/pushed-key.ts";
import { requireSerialConsole } from "../../compute/connect/serial-access.ts";
import { StreamError, type HostStreams } from "../../compute/host-streams.ts";
import { createKeyPairMaterial } from "../../compute/key-pair-material.ts";
import { SendSerialConsoleSSHPublicKey } from "../ec2-instance-connect/send-serial-console-ssh-public-key.ts";
import type { Shell } from "./ssh-shell.ts";
import type { Session, SessionParts } from "./session.ts";
import { noSerialStream, TerminalProblem } from "./terminal-problem.ts";
import type { Visitor } from "./visitor.ts";

type SerialParts = Pick<SessionParts, "store" | "pipeline" | "streams" | "clock">;

/** Whoever may have it, however they came. */
export type SerialVisitor = Pick<Visitor, "facts" | "caller">;

interface SerialConsole {
  readonly region: string;
  readonly instance: InstanceId;
  /** The key that was pushed for it. */
  readonly publicKey: string;
  /** How long its user is waited for, who is leaving. */
  readonly patienceMs?: number;
}

const longestSessionMs = 3_600_000;
/** How long a console of one's own that has just been closed may take to be free. */
const leavingMs = 3_000;

type SerialRequest = Extract<TerminalRequest, { type: "open-serial" }>;

/** Pushes a key first. `hasLeft`: the visitor had the console a moment ago. */
export async function openSerialSession(parts: SessionParts, visitor: Visitor, { region, instance }: SerialRequest, hasLeft: boolean, signal: AbortSignal): Promise<Session> {
  const { publicKey } = await createKeyPairMaterial("", "ed25519", "pem", parts.random);
  const push = { InstanceId: instance, SSHPublicKey: publicKey };
  await parts.pipeline.run(SendSerialConsoleSSHPublicKey, push, await visitor.caller(region), visitor.facts, parts.clock.now());
  return openSerialConsole(parts, visitor, { region, instance: requireInstanceId(instance), publicKey, patienceMs: hasLeft ? leavingMs : 0 }, signal);
}

/** Rejects with a TerminalProblem or as the API refuses. */
export async function openSerialConsole({ pipeline, streams, clock }: SerialParts, visitor: SerialVisitor, wanted: SerialConsole, signal: AbortSignal): Promise<Session> {
  const { region, instance, publicKey } = wanted;
  const find = async () => {
    const caller = await visitor.caller(region);
    const push = { InstanceId: instance, SSHPublicKey: publicKey };
    return pipeline.check(SendSerialConsoleSSHPublicKey, push, caller, visitor.facts, clock.now(), (tx) => requireSerialConsole(tx, caller, instance));
  };
  const { host_id: hostId, run } = await find();
  const port = await openPort(streams, hostId ?? "", wanted, signal);
  const permitted = async (): Promise<void> => {
    if ((await find()).run !== run) throw new TerminalProblem("lost", "The instance was started anew.");
  };
  return { shell: toShell(port), permitted };
}

async function openPort(streams: HostStreams, hostId: string, { instance: machine, patienceMs = 0 }: SerialConsole, signal: AbortSignal): Promise<Duplex> {
  for (const began = performance.now(); ; await sleep(100)) {
    try {
      return await streams.open(hostId, { kind: "serial", machine }, signal);
    } catch (thrown) {
      const code = thrown instanceof StreamError ? thrown.code : "failed";
      if (code !== "busy" || performance.now() - began >= patienceMs) throw noSerialStream(code, thrown);
    }
  }
}

function toShell(port: Duplex): Shell {
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined); // only who has the shell asks
  const hour = setTimeout(() => ended.reject(new TerminalProblem("closed", "A session of the serial console lasts for an hour at most. Open it again.")), longestSessionMs);
  port.on("error", (cause) => ended.reject(new TerminalProblem("lost", "The connection to the instance's host broke.", { cause })));
  port.once("end", () => ended.reject(new TerminalProblem("lost", "The instance has ended, and its serial console with it.")));
  port.once("close", () => {
    clearTimeout(hour);
    ended.reject(new TerminalProblem("lost", "The connection to the instance's host broke."));
  });
  return { channel: port, resize: () => undefined, ended: ended.promise, close: () => void port.destroy() }; // a serial port has no size
}
