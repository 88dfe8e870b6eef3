/**
 * Watches the computers of emulated hosts start. They take minutes on a busy machine, and as long as one runs it is waited for; one that ends is started again by
 * the supervisor, and given up when that has happened several times.
 */
import { statSync } from "node:fs";
import { CommandError } from "../command-error.ts";
import { findImageBuild } from "../image-builds.ts";
import { lastProblem, lastWords } from "../last-words.ts";
import { logFile } from "../launch.ts";
import { findComponents, type ComponentProcess, type ProcessIdentity } from "../processes.ts";
import type { Progress } from "../terminal.ts";

export interface WatchedStarts {
  readonly dataDirectory: string;
  readonly runDirectory: string;
  readonly progress: Progress;
  readonly find?: (dataDirectory: string) => readonly ComponentProcess[];
}

/** Of one computer. */
interface Watched {
  process: ProcessIdentity | undefined;
  ends: number;
  /** How long its log was before. */
  readonly since: number;
}

const mostEnds = 3;

/**
 * To be asked again and again, of nodes that have not arrived, for the computers among them that run: which, and what each did last. Notes each end, and fails
 * with a `CommandError` at the last that is borne.
 */
export function watchStarts({ dataDirectory, runDirectory, progress, find = findComponents }: WatchedStarts): (nodes: readonly string[]) => readonly string[] {
  const known = new Map<string, Watched>();
  const watch = (node: string, process: ProcessIdentity): Watched => {
    const since = statSync(logOf(dataDirectory, node), { throwIfNoEntry: false })?.size ?? 0;
    const watched = { process, ends: 0, since };
    known.set(node, watched);
    return watched;
  };
  const noteEnd = (node: string, watched: Watched) => {
    watched.ends += 1;
    const why = said(lastProblem(lastWords(logOf(dataDirectory, node), watched.since)) ?? "its log says no reason");
    const remedy = `It is tried again and again. Look at ${logOf(dataDirectory, node)}`;
    if (watched.ends >= mostEnds) throw new CommandError(`The computer of ${node} ended ${watched.ends} times while it was waited for: ${why}`, { remedy });
    progress.note(`! the computer of ${node} ended and is started again: ${why}`);
  };
  return (nodes) => {
    const running = nodes.length === 0 ? [] : find(dataDirectory);
    return nodes.flatMap((node) => {
      const process = running.find(({ component }) => component.kind === "machine" && component.node === node);
      const watched = known.get(node) ?? (process && watch(node, process));
      if (watched?.process !== undefined && !isSame(watched.process, process)) noteEnd(node, watched);
      if (watched !== undefined) watched.process = process;
      return process === undefined ? [] : `${node}: ${stepOf(dataDirectory, runDirectory, node, watched?.since)}`;
    });
  };
}

function isSame(one: ProcessIdentity, other: ProcessIdentity | undefined): boolean {
  return one.pid === other?.pid && one.startTicks === other.startTicks;
}

function stepOf(dataDirectory: string, runDirectory: string, node: string, since: number | undefined): string {
  const build = findImageBuild(runDirectory, "emulated-host");
  if (build?.state === "building") return `the system of emulated hosts: ${build.step}`;
  const last = lastWords(logOf(dataDirectory, node), since).at(-1);
  return last === undefined ? "its computer starts" : said(last);
}

/** What a line says, as text that may go to a terminal: the log is a computer's serial line, too. */
function said(line: string): string {
  const message = /"message":"([^"]*)"/.exec(line)?.[1] ?? line;
  return message.replaceAll(/[^\x20-\x7e]/g, "").slice(0, 200);
}

function logOf(dataDirectory: string, node: string): string {
  return logFile(dataDirectory, `machine-${node}`);
}
