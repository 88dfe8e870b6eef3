/** The installation that a command is about, and the change of user that reaching it may need. */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { CommandError, notRunning } from "./command-error.ts";
import { existingDataDirectory, installationFile, surroundings } from "./directories.ts";
import { findInstallation, type Installation } from "./installation.ts";
import { mainCommand } from "./launch.ts";

export interface CurrentInstallation {
  readonly dataDirectory: string;
  readonly installation: Installation;
}

/** The installation of `--data`, or this machine's; exit code 3 when there has never been one. */
export function requireInstallation(data: string | undefined): CurrentInstallation {
  const dataDirectory = existingDataDirectory(data, surroundings());
  const installation = findInstallation(dataDirectory);
  if (installation === undefined) throw notRunning(dataDirectory);
  return { dataDirectory, installation };
}

/**
 * Runs the whole command again as root when the installation belongs to root and the caller is another user. Returns whether
 * it did; the exit code is set then.
 */
export function ranAsOwner({ dataDirectory }: CurrentInstallation): boolean {
  const owner = statSync(installationFile(dataDirectory)).uid;
  const uid = process.getuid?.() ?? 0;
  if (uid === 0 || owner === uid) return false;
  if (owner !== 0) throw new CommandError(`${dataDirectory} belongs to another user.`, { remedy: "Run the command as that user." });
  const result = spawnSync("sudo", [...mainCommand(process.argv.slice(2))], { stdio: "inherit" });
  if (result.error !== undefined) throw new CommandError("The installation belongs to root.", { cause: result.error, remedy: "Run the command as root." });
  process.exitCode = result.status ?? 1;
  return true;
}
