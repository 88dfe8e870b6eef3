/**
 * User-mode Linux's command line for a machine, and the two shell scripts that stay with it: pure text, checked against golden files.
 *
 * Disks are virtio devices, one for each slot (`../slot-disks.ts`). A kernel without a first file system has the driver of files only: its disks are `ubd`
 * devices, the root disk first (`/dev/ubda`); their serial is the volume id without its dash.
 * Interfaces are `vec0`, `vec1`, …: the vector transport moves packets in batches and needs no privilege on a tap that exists. It refuses to be given a larger MTU
 * than 1500 by the guest, so it begins with the one that the guest will be told by DHCP.
 */
import { join } from "node:path";
import { mostDevices, placeOf } from "../disk-place.ts";
import { disksEnded, quote, serveText } from "../disk-servers.ts";
import type { MachinePlan, PlannedDisk, PlannedInterface } from "../engine.ts";
import { socketOfSlot } from "../slot-disks.ts";

/** The exit status by which the restart script says that the guest asked to be started again. */
export const restartStatus = 33;
export const supervisorScript = "supervise.sh";
/** The dot keeps the guest's kernel from handing the word to its first process: it looks like a parameter of a module. */
export const restartScript = "restart.sh";
export const umid = "uml";
/** A named pipe to the guest's serial port. */
export const inputPipe = "serial-input";
/** The descriptor at which the kernel finds it open, for writing too: so it has no end when nobody else writes. */
const inputDescriptor = 3;
/** Which field of /proc/PID/stat says where the process runs, counted from what follows the program's name. */
const processorField = 37;

/** The root file system of an image: its first Linux partition. */
const defaultCommandLine = "root=/dev/ubda1 rw ds=ec2 ci.ds=Ec2";

export function umlArguments(plan: MachinePlan): string[] {
  const { kernel } = plan;
  return [
    `mem=${plan.memoryMib}M`,
    `uml_dir=${plan.runDirectory}`,
    `umid=${umid}`,
    // The guest's root could else mount every directory that the process may read. The directory must not exist: from an empty one `..` leads out.
    "hostfs=/nonexistent",
    "con=null",
    "ssl=null",
    `con0=fd:${inputDescriptor},fd:1`,
    ...(hasSlots(plan) ? slotWords() : fileDiskWords(plan.disks)),
    ...plan.interfaces.map(interfaceWord),
    ...(kernel?.initrd === undefined ? [] : [`initrd=${kernel.initrd}`]),
    `hostelry.instance-id=${plan.id}`,
    ...words(kernel?.commandLine ?? defaultCommandLine),
  ];
}

/** Whether the guest's disks are in slots: its first file system has the driver. The kernel by itself has only that of files. */
export function hasSlots({ kernel, disks }: Pick<MachinePlan, "kernel" | "disks">): boolean {
  return kernel?.initrd !== undefined && disks.length > 0;
}

/** Every slot, whose socket is in the directory that the kernel runs in. */
function slotWords(): string[] {
  return Array.from({ length: mostDevices }, (_, slot) => `virtio_uml.device=${socketOfSlot(slot)}:2:${slot}`);
}

function fileDiskWords(disks: readonly PlannedDisk[]): string[] {
  const taken = new Set<number>();
  return disks.map((disk) => {
    const index = placeOf(disk, taken);
    taken.add(index);
    return diskWord(disk, index);
  });
}

/** `ubd1=FILE,,SERIAL`: as a boot argument, and after `config` as a command of the management console. */
export function diskWord(disk: PlannedDisk, index: number): string {
  if (disk.source.kind !== "file") throw new Error(`User-mode Linux has no NBD client: ${disk.volume} must be given as a file`);
  if (disk.source.format !== "raw") throw new Error(`User-mode Linux reads raw disks only: ${disk.volume} is ${disk.source.format}`);
  if (/[\s,:]/.test(disk.source.path)) throw new Error(`User-mode Linux cannot open a disk whose path has a blank, comma or colon: ${disk.source.path}`);
  return `ubd${index}d=${disk.source.path},,${disk.volume.replace("-", "")}`;
}

export function interfaceWord(nic: PlannedInterface, index: number): string {
  return `vec${index}:transport=tap,ifname=${nic.tap},mac=${nic.mac},depth=128,gro=1${nic.mtu === undefined ? "" : `,mtu=${nic.mtu}`}`;
}

/**
 * Stays beside the kernel for the guest's whole run and is the process that the agent knows. It starts the kernel again after a restart, writes
 * how the kernel ended into `exit-status`, and leaves none of the kernel's many processes behind, all without an agent.
 *
 * A kernel that halts exits with 0. A kernel that restarts executes its own argument 0 with its own arguments; argument 0 is `sh`
 * and argument 1 the restart script, whose exit status says so. Restarting by a fresh process lets the arguments change
 * meanwhile (hot-plugged devices stay) and leaks no descriptors. If this shell is killed the kernel dies with it (`--pdeathsig`).
 *
 * The kernel and all of its processes stay on one processor, the one on which the host has put this shell: they take turns at every system call
 * of the guest, and a host with an idle processor would send them to and fro. That makes a guest three to four times slower. An agent
 * lets them change it together (`processor-balance.ts`).
 */
export function supervisorText(kernelFile: string, isServed: boolean): string {
  const start = `exec -a sh ${quote(kernelFile)} "$0" "\${words[@]}"`;
  return `#!/bin/sh
# Runs a User-mode Linux kernel in this directory until its guest is powered off.
${isServed ? serveText() : ""}rm -f ${inputPipe}
mkfifo -m 600 ${inputPipe}
exec ${inputDescriptor}<> ${inputPipe}
while :; do
  if [ -e ${disksEnded} ]; then status=1; break; fi
  rm -rf ${umid}
  read -r facts < /proc/$$/stat
  set -- \${facts##*) }
  setpriv --no-new-privs --pdeathsig KILL taskset --cpu-list "\${${processorField}}" bash -c ${quote(`mapfile -t words < arguments; ${start}`)} ${restartScript} &
  main=$!
  echo "$main" > kernel-pid
  wait "$main"
  status=$?
  # The kernel leads a session of its own; its helpers outlive it.
  kill -s KILL -- "-$main" 2> /dev/null
  if [ -e stop-requested ]; then break; fi
  if [ -e reboot-requested ]; then rm -f reboot-requested; continue; fi
  if [ "$status" -ne ${restartStatus} ]; then break; fi
done
rm -rf ${umid} kernel-pid ${inputPipe}
${isServed ? 'kill -s KILL "$disks" 2> /dev/null\n' : ""}echo "$status" > exit-status
`;
}

/** Ends the kernel with its helpers. */
export const endKernel = '[ -e kernel-pid ] && read -r kernel < kernel-pid && kill -s KILL -- "-$kernel"';

export const restartText = `exit ${restartStatus}\n`;

export function consoleSocket(plan: MachinePlan): string {
  return join(plan.runDirectory, umid, "mconsole");
}

function words(commandLine: string): string[] {
  return commandLine.split(/\s+/).filter((word) => word !== "");
}
