/**
 * Holds the interfaces of one host to the bandwidth of their instances' types, each direction for itself: up to the peak while there are credits, else
 * the baseline (facts §3.6). A queue on the tap delays what goes to the guest, one on the host's end of the pair what comes from it. Runs inside the
 * host's network namespace.
 *
 * The queues stay when the agent ends, with the rate that they had; the next one goes on with the credits that were written down.
 */
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../../../base/clock.ts";
import type { InterfaceId } from "../../../base/ids.ts";
import type { Log } from "../../../base/log.ts";
import type { BandwidthSpecification, InterfaceSpecification } from "../../protocol/specification.ts";
import { runCommand } from "../command.ts";
import { interfaceDevices } from "../names.ts";
import { allowedBitsPerSecond, fullCredits, settleCredits, type Credits } from "./credits.ts";

export interface BandwidthKeeperOptions {
  readonly stateFile: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How often credits are settled. */
  readonly everyMs: number;
}

interface Limited {
  readonly specification: BandwidthSpecification;
  /** By device. */
  readonly credits: Readonly<Record<string, Credits>>;
}

/** A queue lets this much through at once: several of the largest packets, and what a rate has in this time. */
const [leastBurstBytes, burstMs] = [262_144, 20];
/** How long a packet waits at most before it is dropped. */
const longestWaitMs = 50;

export class BandwidthKeeper {
  readonly #options: BandwidthKeeperOptions;
  readonly #limited: Map<InterfaceId, Limited>;
  /** What each device was last set to, bits per second. */
  readonly #rates = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: BandwidthKeeperOptions) {
    this.#options = options;
    this.#limited = new Map(loadState(options.stateFile));
    this.#timer = setInterval(() => void this.#settle().catch((error: unknown) => options.log.error("the bandwidth of guests could not be adjusted", { error })), options.everyMs).unref();
  }

  /** The interface's devices exist; they may be new. What cannot be done now is tried again when credits are settled: a guest does not wait for it. */
  limit({ id, bandwidth }: InterfaceSpecification): Promise<void> {
    return this.#inTurn(async () => {
      for (const device of devicesOf(id)) this.#rates.delete(device);
      if (bandwidth === undefined) return;
      const sent = readSent();
      const before = this.#limited.get(id)?.credits ?? {};
      const credits = devicesOf(id).map((device) => [device, before[device] ?? fullCredits(bandwidth, sent.get(device) ?? 0, this.#options.clock.now())] as const);
      this.#limited.set(id, { specification: bandwidth, credits: Object.fromEntries(credits) });
      await this.#apply([id]).catch((error: unknown) => this.#options.log.error("an interface could not be held to its bandwidth", { interface: id, error }));
    });
  }

  forget(id: InterfaceId): Promise<void> {
    return this.#inTurn(async () => this.#drop([id]));
  }

  retainOnly(ids: readonly InterfaceId[]): Promise<void> {
    return this.#inTurn(async () => this.#drop([...this.#limited.keys()].filter((id) => !ids.includes(id))));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#last;
  }

  #settle(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#limited.size === 0) return;
      const [sent, now] = [readSent(), this.#options.clock.now()];
      for (const [id, { specification, credits }] of this.#limited) {
        const settled = Object.entries(credits).map(([device, before]) => [device, settleCredits(before, specification, sent.get(device) ?? before.sent, now)]);
        this.#limited.set(id, { specification, credits: Object.fromEntries(settled) });
      }
      await this.#apply([...this.#limited.keys()].filter((id) => devicesOf(id).every((device) => sent.has(device))));
      saveState(this.#options.stateFile, [...this.#limited]);
    });
  }

  /** Sets the rates that are others than before. */
  async #apply(ids: readonly InterfaceId[]): Promise<void> {
    const wanted = ids.flatMap((id) => {
      const limited = this.#limited.get(id);
      return limited === undefined ? [] : Object.entries(limited.credits).map(([device, credits]) => [device, allowedBitsPerSecond(credits, limited.specification)] as const);
    });
    const changed = wanted.filter(([device, rate]) => this.#rates.get(device) !== rate);
    if (changed.length === 0) return;
    await runCommand("tc", ["-batch", "-"], changed.map(([device, rate]) => `${queueLine(device, rate)}\n`).join(""));
    for (const [device, rate] of changed) this.#rates.set(device, rate);
  }

  #drop(ids: readonly InterfaceId[]): void {
    for (const id of ids) {
      this.#limited.delete(id);
      for (const device of devicesOf(id)) this.#rates.delete(device);
    }
    saveState(this.#options.stateFile, [...this.#limited]);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** Those that send what the interface's guest gets, and what comes from it. */
function devicesOf(id: InterfaceId): readonly string[] {
  const { tap, outer } = interfaceDevices(id);
  return [tap, outer];
}

export function queueLine(device: string, bitsPerSecond: number): string {
  const burst = Math.max(leastBurstBytes, Math.round((bitsPerSecond / 8) * (burstMs / 1_000)));
  return `qdisc replace dev ${device} root tbf rate ${Math.round(bitsPerSecond)}bit burst ${burst}b latency ${longestWaitMs}ms`;
}

/** Bytes that each device of this namespace has sent. */
function readSent(): ReadonlyMap<string, number> {
  const lines = readFileSync("/proc/self/net/dev", "utf8").split("\n").slice(2);
  return new Map(lines.filter((line) => line.includes(":")).map((line) => [line.slice(0, line.indexOf(":")).trim(), Number(line.slice(line.indexOf(":") + 1).trim().split(/ +/)[8])]));
}

function loadState(file: string): readonly (readonly [InterfaceId, Limited])[] {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as [InterfaceId, Limited][]; // `saveState` wrote it
  } catch {
    return [];
  }
}

function saveState(file: string, state: readonly (readonly [InterfaceId, Limited])[]): void {
  mkdirSync(dirname(file), { recursive: true });
  const fresh = openSync(`${file}.new`, "w", 0o600);
  writeSync(fresh, JSON.stringify(state));
  closeSync(fresh);
  renameSync(`${file}.new`, file);
}
