/**
 * The processes that serve a guest's slots (`slot-disks.ts`): a shell, which starts the relay, which starts the storage daemon. All run as the guest's user, in the session
 * of its hypervisor, and each ends with the one that started it. A guest whose disks have gone could not go on in any orderly way, so the shell ends it.
 */
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { mostDevices } from "./disk-place.ts";
import type { MachinePlan } from "./engine.ts";
import { killAndWait, listSession } from "./engine-process.ts";
import { readProcess, readTail, writeSafely } from "./run-record.ts";
import { daemonWords, firstSlots, serversFile, serversText, slotsText, stateFile } from "./slot-disks.ts";

const disksScript = "serve-disks.sh";
const relayProgram = "disk-relay.pl";
const relaySource = new URL(relayProgram, import.meta.url);
/** There when the slots are served. */
const disksReady = "disks-ready";
/** There when the processes that serve the disks have ended before the guest. */
export const disksEnded = "disks-ended";

/** Who speaks vhost-user with the relay: a kernel of User-mode Linux, whose driver asks for a disk's size by itself, or QEMU, which asks for its guest. */
export type DiskClient = "kernel" | "qemu";

/** Of an earlier run, whose disks may not have been in slots. */
export async function forgetDiskFiles({ runDirectory }: Pick<MachinePlan, "runDirectory">): Promise<void> {
  for (const stale of [disksReady, disksEnded, stateFile]) await rm(join(runDirectory, stale), { force: true });
}

/** All that the processes read. `endGuest`: a line of shell that ends the guest. */
export async function writeDiskFiles(plan: MachinePlan, client: DiskClient, endGuest: string): Promise<void> {
  const write = (name: string, text: string) => writeSafely(join(plan.runDirectory, name), text);
  await write(disksScript, disksText(plan, client, endGuest));
  await write(relayProgram, await readFile(relaySource, "utf8"));
  await write("disk-words", wordsText(daemonWords(plan)));
  await write(stateFile, slotsText(firstSlots(plan.disks)));
  await write(serversFile, serversText(plan.disks));
}

/** Lines of a script in the run directory: the disks are served, for as long as this shell or what it becomes lives, or have ended already. `words`: what `endGuest` finds as `$1` and so on. */
export function serveText(words = ""): string {
  return `setpriv --no-new-privs --pdeathsig KILL sh "\${0%/*}/${disksScript}"${words} &
disks=$!
until [ -e ${disksReady} ] || [ -e ${disksEnded} ]; do sleep 0.01; done
`;
}

function disksText({ runDirectory }: Pick<MachinePlan, "runDirectory">, client: DiskClient, endGuest: string): string {
  return `#!/bin/sh
setpriv --pdeathsig KILL perl ${quote(join(runDirectory, relayProgram))} ${quote(runDirectory)} ${mostDevices} ${client} > disks.log 2>&1
echo ended > ${disksEnded}
${endGuest}
`;
}

/** They end with the hypervisor; the disks are free when they have. */
export async function killDiskServers({ runDirectory, user }: MachinePlan): Promise<void> {
  const leader = await readProcess(runDirectory);
  if (typeof leader === "object") await killAndWait(listSession(leader.pid, runDirectory, user?.uid));
}

/** Whether the guest was ended because its disks had gone. */
export function haveDisksEnded({ runDirectory }: Pick<MachinePlan, "runDirectory">): Promise<boolean> {
  return stat(join(runDirectory, disksEnded)).then(() => true, () => false);
}

/** The end that a guest has then. */
export const endOfDisks = { cause: "engine", reason: "the process that served its disks ended" } as const; // the type of an end

/** What they complained of before they ended. */
export const disksComplaint = ({ runDirectory }: Pick<MachinePlan, "runDirectory">): Promise<string> => readTail(join(runDirectory, "disks.log"));

/** One word a line. */
export function wordsText(all: readonly string[]): string {
  const broken = all.find((word) => /[\n\0]/.test(word));
  if (broken !== undefined) throw new Error(`a word of a command line has a line break: ${JSON.stringify(broken)}`);
  return `${all.join("\n")}\n`;
}

/** As one word of a shell's line. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
