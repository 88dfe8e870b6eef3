/**
 * The one dnsmasq of a VPC's namespace: DHCP and the resolver for its guests. It is a daemon of its own and outlives the agent;
 * a later agent finds it by the pid file and checks that the process is really this one before it signals anything.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sendSignal } from "../send-signal.ts";
import { CommandFailedError, namespacePath, runCommand } from "./command.ts";
import type { DnsmasqFiles, DnsmasqPaths } from "./dnsmasq-configuration.ts";
import { endProcessesIn } from "./namespace-processes.ts";

export function dnsmasqPaths(directory: string): DnsmasqPaths {
  return {
    configuration: join(directory, "dnsmasq.conf"),
    hosts: join(directory, "hosts"),
    reservations: join(directory, "reservations"),
    options: join(directory, "options"),
    pid: join(directory, "dnsmasq.pid"),
    log: join(directory, "dnsmasq.log"),
  };
}

/** Writes the files and sees to it that a dnsmasq with exactly these serves the namespace. */
export async function ensureDnsmasq(directory: string, namespace: string, files: DnsmasqFiles): Promise<void> {
  const paths = dnsmasqPaths(directory);
  // Readable by the unprivileged user that dnsmasq becomes.
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const changed = [replaceFile(paths.hosts, files.hosts), replaceFile(paths.reservations, files.reservations), replaceFile(paths.options, files.options)];
  const reconfigured = replaceFile(paths.configuration, files.configuration);
  const pid = findDnsmasq(directory);
  if (pid !== undefined && !reconfigured) {
    if (changed.includes(true)) sendSignal(pid, "SIGHUP");
    return;
  }
  if (pid !== undefined) await endProcessesIn([namespace], "dnsmasq"); // others may be at work there
  await startDnsmasq(paths, namespace);
}

/** Starts it again with the files that it had, if it is gone. Says whether it was. One without files has not begun: the first interface is being connected. */
export async function reviveDnsmasq(directory: string, namespace: string): Promise<boolean> {
  const paths = dnsmasqPaths(directory);
  if (!existsSync(paths.configuration) || findDnsmasq(directory) !== undefined) return false;
  await startDnsmasq(paths, namespace);
  return true;
}

/** Forgets a namespace's dnsmasq; its process ends with the namespace. */
export function removeDnsmasqFiles(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

/** The process id of the running dnsmasq of this directory. */
export function findDnsmasq(directory: string): number | undefined {
  const paths = dnsmasqPaths(directory);
  try {
    const pid = Number(readFileSync(paths.pid, "utf8"));
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return commandLine.includes(`--conf-file=${paths.configuration}`) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** It goes to the background by itself once it listens. A stranger on its ports can only be an earlier one whose pid file was lost. */
async function startDnsmasq(paths: DnsmasqPaths, namespace: string): Promise<void> {
  const start = () => runCommand("nsenter", [`--net=${namespacePath(namespace)}`, "dnsmasq", `--conf-file=${paths.configuration}`]);
  try {
    await start();
  } catch (error) {
    if (!(error instanceof CommandFailedError)) throw error;
    await endProcessesIn([namespace], "dnsmasq");
    await start();
  }
}

function replaceFile(path: string, text: string): boolean {
  try {
    if (readFileSync(path, "utf8") === text) return false;
  } catch {
    // Not there yet.
  }
  writeFileSync(`${path}.new`, text, { mode: 0o644 });
  renameSync(`${path}.new`, path);
  return true;
}
