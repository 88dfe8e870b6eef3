/**
 * Keeps the processes of an installation running.
 *
 * It compares what should run with what does, again and again: what is missing is started, with a growing pause when it keeps
 * ending; what runs already, started by an earlier supervisor or by anyone, is left alone. So it may itself be killed at any
 * moment, and the next one takes over. On its own end it leaves everything running; `down` ends the rest. What should run may change.
 */
import type { ChildProcess } from "node:child_process";
import type { Log } from "../base/log.ts";
import { componentName, sameComponent, type Component } from "./component.ts";
import { lockHeld } from "./launch.ts";
import { identify, isAlive, type ComponentProcess, type ProcessIdentity } from "./processes.ts";

export interface SupervisorParts {
  /** What should run now; asked before each look. What it no longer names is not started again, and its end is not this program's. */
  readonly wanted: () => Promise<readonly Component[]>;
  readonly launch: (component: Component) => ChildProcess;
  /** The installation's processes now, from /proc. */
  readonly findRunning: () => readonly ComponentProcess[];
  /** What must not run for now: it is not started, and its earlier ends are forgotten. */
  readonly isHeld: (component: Component) => boolean;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

interface Keeper {
  readonly component: Component;
  process: ProcessIdentity | undefined;
  startedAt: number;
  failures: number;
}

const pollMs = 500;
const longestPauseMs = 10_000;
/** A process that lived this long was well; its next end begins with the shortest pause again. */
const wellAfterMs = 30_000;

/** Runs until the signal; everything started stays. */
export async function superviseComponents(parts: SupervisorParts): Promise<void> {
  let keepers: readonly Keeper[] = [];
  const bell = ringer(parts.signal);
  while (!parts.signal.aborted) {
    keepers = keepersOf(await parts.wanted(), keepers);
    keepOnce(keepers, parts, bell.ring);
    await bell.wait(pollMs);
  }
}

function keepersOf(wanted: readonly Component[], standing: readonly Keeper[]): readonly Keeper[] {
  return wanted.map((component) => standing.find((keeper) => sameComponent(keeper.component, component)) ?? { component, process: undefined, startedAt: -Infinity, failures: 0 });
}

function keepOnce(keepers: readonly Keeper[], parts: SupervisorParts, ring: () => void): void {
  const dead = keepers.filter((keeper) => keeper.process === undefined || !isAlive(keeper.process));
  if (dead.length === 0) return;
  const running = parts.findRunning();
  for (const keeper of dead) {
    if (keeper.process !== undefined) noteEnd(keeper, parts);
    const survivor = running.find((process) => sameComponent(process.component, keeper.component));
    if (parts.isHeld(keeper.component)) {
      keeper.failures = 0;
    } else if (survivor !== undefined) {
      keeper.process = survivor;
      parts.log.info("adopted a running process", { component: componentName(keeper.component), pid: survivor.pid });
    } else if (parts.now() >= keeper.startedAt + pauseMs(keeper.failures)) {
      start(keeper, parts, ring);
    }
  }
}

function noteEnd(keeper: Keeper, parts: SupervisorParts): void {
  keeper.process = undefined;
  keeper.failures = parts.now() - keeper.startedAt > wellAfterMs ? 1 : keeper.failures + 1;
  parts.log.warn("a process ended and will be started again", {
    component: componentName(keeper.component),
    inMs: Math.max(0, Math.round(keeper.startedAt + pauseMs(keeper.failures) - parts.now())),
  });
}

/** No pause for the first start and the first end, then 0.5 s, 1 s, 2 s, … */
export function pauseMs(failures: number): number {
  return failures < 2 ? 0 : Math.min(longestPauseMs, 250 * 2 ** (failures - 1));
}

function start(keeper: Keeper, parts: SupervisorParts, ring: () => void): void {
  const component = componentName(keeper.component);
  keeper.startedAt = parts.now();
  const child = parts.launch(keeper.component);
  keeper.process = child.pid === undefined ? undefined : identify(child.pid);
  child.once("error", (error) => parts.log.error("a process could not be started", { component, error }));
  child.once("exit", (code, signalName) => {
    if (code !== lockHeld) parts.log.info("a process ended", { component, code, signal: signalName });
    ring();
  });
  child.unref();
  parts.log.info("started a process", { component, pid: child.pid });
}

/** A wait that ends early when somebody rings. */
function ringer(signal: AbortSignal): { ring(): void; wait(timeoutMs: number): Promise<void> } {
  let wake = (): void => {};
  const ring = () => wake();
  signal.addEventListener("abort", ring);
  return {
    ring,
    wait: (timeoutMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        wake = () => (clearTimeout(timer), resolve());
        if (signal.aborted) wake();
      }),
  };
}
