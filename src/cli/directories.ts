/**
 * Where an installation keeps its things.
 *
 *   DATA/  installation.json, control/, images/, hosts/, storage/, logs/     kept
 *          snapshots/REGION/                                                 kept: the blocks of all snapshots (src/block-store)
 *          import/                                                           disk images that ImportSnapshot may read, laid there by the operator
 *   RUN/   sockets, locks                                                    gone when the machine restarts
 *
 * Without `--data` (or HOSTELRY_DATA) a command means the real installation of this machine, or the user's simulated one.
 */
import { existsSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { CommandError, exitCodes } from "./command-error.ts";
import { findComponents } from "./processes.ts";

/** Debian packages that images are built from; shared by all installations, may be deleted at any time. */
export const packageCache = "/var/cache/hostelry/packages";

/** The same of packages of newer versions that were built for Debian's release. */
export const backportsCache = "/var/cache/hostelry/backports";

/** The system of emulated hosts, and what emulates their network cards; shared and deletable likewise. */
export const emulatedHostCache = "/var/cache/hostelry";

export interface Surroundings {
  readonly uid: number;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The data directory that the user named, or undefined. */
export function namedDataDirectory(option: string | undefined, { environment }: Surroundings): string | undefined {
  const named = option ?? environment["HOSTELRY_DATA"];
  if (named === undefined || named === "") return undefined;
  const path = resolve(named);
  // Processes are found by this text, so one directory must have one spelling.
  return existsSync(path) ? realpathSync(path) : path;
}

export function defaultDataDirectory(simulated: boolean, { home, environment }: Surroundings): string {
  return simulated ? join(environment["XDG_STATE_HOME"] || join(home, ".local/state"), "hostelry-simulated") : "/var/lib/hostelry";
}

/** The data directory of an installation that exists already; the running one when there are two. */
export function existingDataDirectory(option: string | undefined, around: Surroundings): string {
  const named = namedDataDirectory(option, around);
  if (named !== undefined) return named;
  const real = defaultDataDirectory(false, around);
  const existing = [real, defaultDataDirectory(true, around)].filter((path) => existsSync(installationFile(path)));
  if (existing.length < 2) return existing[0] ?? real;
  const running = existing.filter((path) => findComponents(path).length > 0);
  if (running.length < 2) return running[0] ?? real;
  throw new CommandError(`Two installations run: ${running.join(" and ")}.`, {
    remedy: "Say which one with --data DIR.",
    exitCode: exitCodes.usage,
  });
}

export function installationFile(dataDirectory: string): string {
  return join(dataDirectory, "installation.json");
}

export function databaseFile(dataDirectory: string): string {
  return join(dataDirectory, "control", "hostelry.sqlite");
}

/** A short path that lasts until the machine restarts, for the sockets of the installation `id`. */
export function runDirectoryFor(id: string, { uid, environment }: Surroundings): string {
  return uid === 0 ? `/run/hostelry/${id}` : join(environment["XDG_RUNTIME_DIR"] || `/tmp/hostelry-${uid}`, id);
}

export function surroundings(): Surroundings {
  return { uid: process.getuid?.() ?? 0, home: process.env["HOME"] ?? "/root", environment: process.env };
}
