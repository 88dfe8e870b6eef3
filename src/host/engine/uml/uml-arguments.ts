/**
 * User-mode Linux's command line for a machine, and the two shell scripts that stay with it: pure text, checked against golden files.
 *
 * Disks are `ubd` devices in the plan's order, the root disk first (`/dev/ubda`); their serial is the volume id without its dash.
 * Interfaces are `vec0`, `vec1`, …: the vector transport moves packets in batches and needs no privilege on a tap that exists.
 */
import { join } from "node:path";
import type { MachinePlan, PlannedDisk, PlannedInterface } from "../engine.ts";

/** The exit status by which the restart script says that the guest asked to be started again. */
export const restartStatus = 33;
export const supervisorScript = "supervise.sh";
/** The dot keeps the guest's kernel from handing the word to its first process: it looks like a parameter of a module. */
export const restartScript = "restart.sh";
export const umid = "uml";
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
    "con0=null,fd:1",
    ...diskWords(plan.disks),
    ...plan.interfaces.map(interfaceWord),
    ...(kernel?.initrd === undefined ? [] : [`initrd=${kernel.initrd}`]),
    `hostelry.instance-id=${plan.id}`,
    ...words(kernel?.commandLine ?? defaultCommandLine),
  ];
}

/** The most disks, and the most interfaces, that the kernel has places for. */
export const mostDevices = 16;

function diskWords(disks: readonly PlannedDisk[]): string[] {
  const taken = new Set<number>();
  return disks.map((disk) => {
    const index = placeOf(disk, taken);
    taken.add(index);
    return diskWord(disk, index);
  });
}

/** `/dev/sdf` becomes `ubdf`, so that the guest can find the name that was asked for; where that place is taken, the first that is free. */
export function placeOf({ device, root, volume }: PlannedDisk, taken: ReadonlySet<number>): number {
  if (root) return 0; // the kernel's command line says so
  const letter = /^(?:\/dev\/)?(?:sd|xvd|hd)([a-p])\d*$/.exec(device)?.[1];
  const named = letter === undefined ? -1 : letter.charCodeAt(0) - "a".charCodeAt(0);
  if (named >= 0 && !taken.has(named)) return named;
  const free = Array.from({ length: mostDevices }, (_, index) => index).find((index) => !taken.has(index));
  if (free === undefined) throw new Error(`User-mode Linux has no place for another disk (${volume})`);
  return free;
}

/** `ubd1=FILE,,SERIAL`: as a boot argument, and after `config` as a command of the management console. */
export function diskWord(disk: PlannedDisk, index: number): string {
  if (disk.source.kind !== "file") throw new Error(`User-mode Linux has no NBD client: ${disk.volume} must be given as a file`);
  if (disk.source.format !== "raw") throw new Error(`User-mode Linux reads raw disks only: ${disk.volume} is ${disk.source.format}`);
  if (/[\s,:]/.test(disk.source.path)) throw new Error(`User-mode Linux cannot open a disk whose path has a blank, comma or colon: ${disk.source.path}`);
  return `ubd${index}d=${disk.source.path},,${disk.volume.replace("-", "")}`;
}

export function interfaceWord(nic: PlannedInterface, index: number): string {
  return `vec${index}:transport=tap,ifname=${nic.tap},mac=${nic.mac},depth=128,gro=1`;
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
export function supervisorText(kernelFile: string): string {
  const start = `exec -a sh ${quote(kernelFile)} "$0" "\${words[@]}"`;
  return `#!/bin/sh
# Runs a User-mode Linux kernel in this directory until its guest is powered off.
while :; do
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
rm -rf ${umid} kernel-pid
echo "$status" > exit-status
`;
}

export const restartText = `exit ${restartStatus}\n`;

/** One word a line: the script reads them with mapfile. */
export function argumentsText(all: readonly string[]): string {
  const broken = all.find((word) => /[\n\0]/.test(word));
  if (broken !== undefined) throw new Error(`an argument of User-mode Linux has a line break: ${JSON.stringify(broken)}`);
  return `${all.join("\n")}\n`;
}

export function consoleSocket(plan: MachinePlan): string {
  return join(plan.runDirectory, umid, "mconsole");
}

function words(commandLine: string): string[] {
  return commandLine.split(/\s+/).filter((word) => word !== "");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
