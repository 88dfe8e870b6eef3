/** One thing that the machine can or cannot do, and what to do about it. */
import { spawnSync } from "node:child_process";

export interface Check {
  readonly name: string;
  /** `unknown`: could not be found out as this user; `detail` says why. */
  readonly result: "yes" | "no" | "unknown";
  readonly detail: string;
  /** What to do when it is not `yes`. */
  readonly remedy?: string;
  /** Without it `up` cannot work; what is not required only takes something away. */
  readonly required: boolean;
}

export function yes(name: string, detail: string, required = true): Check {
  return { name, result: "yes", detail, required };
}

export function no(name: string, detail: string, remedy: string, required = true): Check {
  return { name, result: "no", detail, remedy, required };
}

export function unknown(name: string, detail: string, remedy: string, required = true): Check {
  return { name, result: "unknown", detail, remedy, required };
}

export interface Trial {
  readonly worked: boolean;
  /** What it said, or why it could not be run. */
  readonly said: string;
}

/** Runs a short command with a time limit. */
export function tryCommand(file: string, args: readonly string[], input = ""): Trial {
  const result = spawnSync(file, args, { encoding: "utf8", input, timeout: 10_000, env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` } });
  if (result.error !== undefined) return { worked: false, said: result.error.message };
  return { worked: result.status === 0, said: (result.status === 0 ? result.stdout : result.stderr || result.stdout).trim() };
}

export const asRoot = "Run: sudo ./hostelry doctor";
