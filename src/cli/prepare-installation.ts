/** What making an installation takes from the machine: its directory, its size, free blocks of addresses. */
import { mkdirSync, realpathSync } from "node:fs";
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { CommandError } from "./command-error.ts";
import { defaultDataDirectory, namedDataDirectory, runDirectoryFor, type Surroundings } from "./directories.ts";
import { chooseUnderlay, readRoutes } from "./free-block.ts";
import type { InstallationParts } from "./installation.ts";
import { machineSize } from "./machine-size.ts";
import { choosePool } from "./networks.ts";

/** Made first, since processes are found by the directory's one real path. */
export function prepareDataDirectory(option: string | undefined, simulated: boolean, around: Surroundings): string {
  const path = namedDataDirectory(option, around) ?? defaultDataDirectory(simulated, around);
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    return realpathSync(path);
  } catch (cause) {
    throw new CommandError(`The data directory ${path} cannot be made.`, { cause, remedy: "Give another one with --data DIR." });
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
  };
}
