/** `logs`: the processes' own logs, through `tail`. */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CommandError, exitCodes } from "../command-error.ts";
import { requireInstallation } from "../current-installation.ts";
import { findJoinedHost } from "../join/joined-host.ts";
import { logFile } from "../launch.ts";

export async function logs(component: string | undefined, options: { readonly data?: string; readonly follow?: boolean; readonly lines: number }): Promise<void> {
  const { dataDirectory } = findJoinedHost(options.data) ?? requireInstallation(options.data);
  const names = listLogs(dataDirectory);
  if (component !== undefined && !names.includes(component)) {
    throw new CommandError(`There is no log of ${component}.`, { remedy: `There are: ${names.join(", ") || "none yet"}.`, exitCode: exitCodes.usage });
  }
  const files = (component === undefined ? names : [component]).map((name) => logFile(dataDirectory, name));
  if (files.length === 0) throw new CommandError("Nothing has been logged yet.", { remedy: "Start it: ./hostelry up" });
  // By name, so that a log that was put aside and begun anew is followed.
  const tail = spawn("tail", [`--lines=${options.lines}`, ...(options.follow === true ? ["--follow=name", "--retry"] : []), "--", ...files], { stdio: "inherit" });
  process.on("SIGINT", () => {}); // the terminal sends it to `tail` too
  await new Promise<void>((resolve, reject) => {
    tail.once("exit", () => resolve());
    tail.once("error", reject);
  });
}

function listLogs(dataDirectory: string): readonly string[] {
  try {
    return readdirSync(join(dataDirectory, "logs"))
      .filter((name) => name.endsWith(".log"))
      .map((name) => name.slice(0, -".log".length))
      .toSorted();
  } catch {
    return [];
  }
}
