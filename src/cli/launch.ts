/**
 * Starts one process of the installation, detached: it lives on whatever becomes of the starter, and writes to its own log.
 * `flock` holds the component's lock in the same process for as long as it lives; when another holds it, the new one ends at
 * once with `lockHeld`.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { compileCacheDirectory } from "./compile-cache.ts";
import { componentArguments, componentName, type Component } from "./component.ts";

/** The exit code when the component runs already. */
export const lockHeld = 75;

export interface LaunchContext {
  readonly dataDirectory: string;
  readonly runDirectory: string;
  /** The path of the network namespace to run in; absent: the starter's own. */
  readonly networkNamespace?: string;
}

export function launchComponent(component: Component, context: LaunchContext): ChildProcess {
  return launchLocked(componentName(component), componentArguments(component, context.dataDirectory), context);
}

/** Runs `src/main.ts` with these arguments under the lock `name`. */
export function launchLocked(name: string, mainArguments: readonly string[], context: LaunchContext): ChildProcess {
  const locks = join(context.runDirectory, "locks");
  mkdirSync(locks, { recursive: true });
  mkdirSync(join(context.dataDirectory, "logs"), { recursive: true });
  const log = openSync(logFile(context.dataDirectory, name), "a", 0o644);
  const namespace = context.networkNamespace === undefined ? [] : ["nsenter", `--net=${context.networkNamespace}`];
  try {
    return spawn(
      "flock",
      ["-n", "-E", String(lockHeld), "-F", join(locks, `${name}.lock`), ...namespace, ...mainCommand(mainArguments)],
      { detached: true, stdio: ["ignore", log, log], cwd: "/", env: componentEnvironment() },
    );
  } finally {
    closeSync(log);
  }
}

function componentEnvironment(): NodeJS.ProcessEnv {
  const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin:/usr/bin:/bin`;
  return { NODE_COMPILE_CACHE: compileCacheDirectory, ...process.env, PATH };
}

export function logFile(dataDirectory: string, name: string): string {
  return join(dataDirectory, "logs", `${name}.log`);
}

/** A machine may carry many agents, each mostly waiting: memory counts more than the speed of collecting garbage. */
const smallProcess = ["--max-semi-space-size=1", "--single-threaded-gc"];
/** There is one of it, and it answers everybody: a larger nursery, though a quarter of what Node.js would take. */
const controlPlaneProcess = ["--max-semi-space-size=4"];

/** The command line of this program with other arguments. */
export function mainCommand(mainArguments: readonly string[]): readonly [string, ...string[]] {
  const main = new URL("../main.ts", import.meta.url).pathname;
  const memory = mainArguments[0] === "agent" || mainArguments[0] === "machine" ? smallProcess : mainArguments[0] === "control-plane" ? controlPlaneProcess : [];
  return [process.execPath, "--disable-warning=ExperimentalWarning", ...memory, main, ...mainArguments];
}
