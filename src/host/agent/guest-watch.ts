/**
 * Looks from time to time whether guests still answer on their first interface: one whose kernel has panicked or hangs does not, nor one that has lost its network.
 * One that is silent is asked again at once, and counts as gone when it was silent twice, for some eight seconds; it is asked on then, so that its return shows soon.
 */
import type { InstanceId, InterfaceId } from "../../base/ids.ts";
import { errorChain } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { HostNetwork } from "../network/host-network-options.ts";
import { pause } from "./back-off.ts";

export interface WatchedGuest {
  readonly machine: InstanceId;
  readonly run: number;
  readonly nic: InterfaceId;
  note(answers: boolean): void;
}

export interface GuestWatchParts {
  /** Guests that were heard in their present run. */
  readonly guests: () => readonly WatchedGuest[];
  readonly network: Pick<HostNetwork, "findSilent">;
  readonly log: Log;
  readonly timing?: GuestWatchTiming;
}

export interface GuestWatchTiming {
  readonly everyMs: number;
  /** Between questions to those that were silent. */
  readonly againMs: number;
}

const ordinaryTiming: GuestWatchTiming = { everyMs: 10_000, againMs: 500 };
const silentRounds = 2;

/** Settles when the signal aborts. */
export async function watchGuests({ guests, network, log, timing = ordinaryTiming }: GuestWatchParts, signal: AbortSignal): Promise<void> {
  /** How often in a row each was silent, by machine and run. */
  let silent = new Map<string, number>();
  let lookAt = performance.now() + timing.everyMs;
  while (!signal.aborted) {
    await pause(silent.size > 0 ? timing.againMs : Math.max(0, lookAt - performance.now()), signal);
    const isWholeLook = performance.now() >= lookAt;
    if (isWholeLook) lookAt = performance.now() + timing.everyMs;
    const asked = guests().filter((guest) => isWholeLook || silent.has(nameOf(guest)));
    try {
      silent = await ask(asked, silent);
    } catch (error) {
      log.warn("It could not be found out whether guests answer", { error: errorChain(error) });
      silent = new Map();
    }
  }

  async function ask(asked: readonly WatchedGuest[], before: ReadonlyMap<string, number>): Promise<Map<string, number>> {
    const unheard = asked.length === 0 ? new Set() : await network.findSilent(asked.map(({ nic }) => nic));
    const after = new Map<string, number>();
    for (const guest of asked) {
      const name = nameOf(guest);
      const rounds = unheard.has(guest.nic) ? (before.get(name) ?? 0) + 1 : 0;
      if (rounds > 0) after.set(name, rounds);
      if (rounds === 0 || rounds >= silentRounds) guest.note(rounds === 0);
    }
    return after;
  }
}

function nameOf({ machine, run }: WatchedGuest): string {
  return `${machine} ${run}`;
}
