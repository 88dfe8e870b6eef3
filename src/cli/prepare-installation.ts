/** What making an installation takes from the machine: its directory, its size, free blocks of addresses. */
import { chmodSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { CommandError } from "./command-error.ts";
import { defaultDataDirectory, namedDataDirectory, runDirectoryFor, type Surroundings } from "./directories.ts";
import { chooseUnderlay, readRoutes } from "./free-block.ts";
import type { InstallationParts } from "./installation.ts";
import { machineSize } from "./machine-size.ts";
import { choosePool } from "./networks.ts";
import { chooseFreePort } from "./ports.ts";

/** Made first, since processes are found by the directory's one real path. */
export function prepareDataDirectory(option: string | undefined, simulated: boolean, around: Surroundings): string {
  const path = namedDataDirectory(option, around) ?? defaultDataDirectory(simulated, around);
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    const real = realpathSync(path);
    if (!simulated) requirePassable(real);
    return real;
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    throw new CommandError(`The data directory ${path} cannot be made.`, { cause, remedy: "Give another one with --data DIR." });
  }
}

/** Engines and volume daemons run as unprivileged users, who must be able to pass through every folder above their files. */
function requirePassable(path: string): void {
  const passable = (directory: string) => (statSync(directory).mode & 0o001) !== 0;
  if (!passable(path)) chmodSync(path, statSync(path).mode | 0o111);
  for (let above = dirname(path); above !== dirname(above); above = dirname(above)) {
    if (passable(above)) continue;
    throw new CommandError(`The unprivileged processes of guests cannot pass through ${above} to ${path}.`, {
      remedy: `Give another directory with --data DIR, or let others pass: chmod o+x ${above}`,
    });
  }
}

export function installationParts(simulated: boolean, around: Surroundings): InstallationParts {
  return {
    clock: systemClock,
    random: systemRandom,
    machine: machineSize(),
    runDirectoryFor: (id) => runDirectoryFor(id, around),
    chooseUnderlay: (id) => chooseUnderlay(id, readRoutes()),
    choosePublicPool: (underlay) => choosePool(simulated, underlay),
    chooseFreePort,
  };
}
