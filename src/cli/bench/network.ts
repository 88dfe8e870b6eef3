/**
 * `bench network`: what guests of one VPC send each other beside a bare path, and how soon packets follow a change, in the installation that runs; and what a
 * large VPC takes, on two hosts of their own. Nothing else should run meanwhile.
 */
import { notRunning } from "../command-error.ts";
import { findStatus } from "../control-client.ts";
import { requireInstallation } from "../current-installation.ts";
import { terminalProgress } from "../terminal.ts";
import { openBenchGuests } from "./guests.ts";
import { measureChanges } from "./network-changes.ts";
import { measureLargeVpc } from "./network-large.ts";
import { measurePaths } from "./network-paths.ts";
import type { Course } from "./network-course.ts";
import { openGroup } from "./open-group.ts";
import { describeMachine, table } from "./report.ts";

export interface BenchNetworkOptions {
  readonly data?: string;
  readonly runs: number;
}

export async function benchNetwork(options: BenchNetworkOptions): Promise<void> {
  const { dataDirectory, installation } = requireInstallation(options.data);
  if ((await findStatus(installation)) === undefined) throw notRunning(dataDirectory);
  await using guests = await openBenchGuests(dataDirectory);
  const progress = terminalProgress(process.stderr);
  const group = await openGroup(guests);
  const course: Course = { guests, group, installation, runs: options.runs, working: (text) => progress.working(text) };
  try {
    const [paths, changes, large] = [await measurePaths(course), await measureChanges(course), await measureLargeVpc(course)];
    progress.end();
    process.stdout.write(`${describeMachine()}\n\n`);
    process.stdout.write(`${table(["guests", "path", "bare throughput", "throughput", "share", "bare round trip", "round trip", "times"], paths)}\n\n`);
    process.stdout.write(`${table(["change", "median", "longest", "aim"], [...changes, ...large])}\n`);
  } finally {
    progress.end();
  }
}
