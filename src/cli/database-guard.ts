/**
 * A control plane with an empty database knows of no volume, and hosts remove what their control plane does not know. So a database that was lost
 * must never quietly be replaced by a new one.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "./command-error.ts";

/** Fails when there are volumes in the data directory, but no database that could know of them. */
export function refuseLostDatabase(dataDirectory: string, databaseFile: string): void {
  if (existsSync(databaseFile)) return;
  const storage = join(dataDirectory, "storage");
  const nodes = existsSync(storage) ? readdirSync(storage) : [];
  const volumes = nodes.flatMap((node) => {
    const directory = join(storage, node, "volumes");
    return existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith(".qcow2")) : [];
  });
  if (volumes.length === 0) return;
  throw new CommandError(`The database ${databaseFile} is gone, but ${volumes.length} volumes are here that only it knew.`, {
    remedy: "Restore the database; or keep the volumes' files elsewhere, remove them from the data directory, and start again.",
  });
}
