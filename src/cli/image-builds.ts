/**
 * Image builds as processes of their own: one for each image at a time (by its lock), going on whoever asked for it and went
 * away. How far a build is stands in a file that anybody may read; a build that was killed leaves `building`, but no process.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { launchLocked } from "./launch.ts";

export interface ImageBuild {
  readonly state: "building" | "built" | "failed";
  /** Of the process that builds or built it. */
  readonly pid: number;
  /** What it is doing, or why it failed. */
  readonly step: string;
}

export function findImageBuild(runDirectory: string, name: string): ImageBuild | undefined {
  try {
    return JSON.parse(readFileSync(buildFile(runDirectory, name), "utf8")) as ImageBuild; // written below, as a whole
  } catch {
    return undefined;
  }
}

export function recordImageBuild(runDirectory: string, name: string, build: Omit<ImageBuild, "pid">): void {
  const file = buildFile(runDirectory, name);
  mkdirSync(join(runDirectory, "images"), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify({ ...build, pid: process.pid }));
  renameSync(`${file}.new`, file);
}

/** Starts the build unless it runs already; then the new process ends at once with `lockHeld`. */
export function launchImageBuild(name: string, directories: { readonly dataDirectory: string; readonly runDirectory: string }, again = false): ChildProcess {
  const own = ["build-image", "--data", directories.dataDirectory, "--name", name, ...(again ? ["--again"] : [])];
  return launchLocked(`image-${name}`, own, directories);
}

function buildFile(runDirectory: string, name: string): string {
  return join(runDirectory, "images", `${name}.json`);
}
