/** Starts the process of a volume's storage daemon, and talks to it. */
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { errorChain } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { connectQmp } from "../qmp/qmp-client.ts";
import { patientClient, usualPatience, type Patience, type PatientClient } from "./daemon-patience.ts";
import { endDaemons, lastWords, startDaemon } from "./daemon-process.ts";
import type { FileOwner } from "./file-owner.ts";

export interface DaemonPlace {
  /** Of this volume alone; made here. */
  readonly runDirectory: string;
  readonly address: string;
  readonly port: number;
  readonly user?: FileOwner;
  /** The folder of sockets for guests on this machine. */
  readonly sockets: string;
  readonly patience?: Patience;
  readonly log: Log;
}

const startMs = 15_000;
const freeMs = 5_000;
const heldByAnother = /Failed to get .* lock|Address already in use/;

/** Its whole content is told to it over the socket. */
export function daemonArguments({ address, port }: DaemonPlace, socket: string): string[] {
  return [
    ["--nbd-server", JSON.stringify({ addr: { type: "inet", host: address, port: String(port) } })],
    ["--chardev", `socket,id=control,path=${socket},server=on,wait=off`],
    ["--monitor", "chardev=control"],
  ].flat();
}

/**
 * Again, while the daemon before it still holds the volume's files or its port. One that was killed does so until the last of its threads has ended, and on a busy
 * machine that is later than the end of its control socket and of its command line, by which it is found.
 */
export async function onceFree<T>(begin: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + freeMs; ; await delay(20)) {
    try {
      return await begin();
    } catch (error) {
      if (!heldByAnother.test(errorChain(error)) || performance.now() > deadline) throw error;
    }
  }
}

/** Returns when it answers. */
export async function startProcess(place: DaemonPlace, socket: string): Promise<PatientClient> {
  const logFile = `${place.runDirectory}.log`;
  const user = place.user === undefined ? {} : { user: place.user };
  await rm(socket, { force: true });
  const started = await startDaemon({ file: "qemu-storage-daemon", args: daemonArguments(place, socket), logFile, umask: 0, ...user }); // guests of any user connect
  let over = false;
  void started.ended.then(() => (over = true));
  const deadline = performance.now() + startMs;
  for (let waitMs = 5; ; waitMs = Math.min(50, waitMs * 2)) {
    const client = await connect(place, socket, 10_000).catch(() => undefined);
    if (client !== undefined) return client;
    if (over || performance.now() > deadline) throw new Error(`the volume's storage daemon did not start: ${await lastWords(logFile)}`);
    await delay(waitMs);
  }
}

export async function connect({ log, patience = usualPatience }: DaemonPlace, socket: string, timeoutMs: number): Promise<PatientClient> {
  const client = await connectQmp({ socket, timeoutMs });
  return patientClient(client, patience, async ({ awaited }) => {
    log.error("A volume's storage daemon does not go on; it is ended and started anew", { awaited });
    await endDaemons(socket, 0).catch((error: unknown) => log.error("A volume's storage daemon cannot be ended", { error }));
    client.close();
  });
}
