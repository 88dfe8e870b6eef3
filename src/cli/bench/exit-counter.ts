/** How often a processor leaves a hardware-assisted guest for a piece of work, by KVM's own count: the same on an emulated host, whose time is not a processor's. */
import { CommandError } from "../command-error.ts";
import { inspectionPath } from "../commands/inspect.ts";
import { askControlPlane } from "../control-client.ts";
import type { CurrentInstallation } from "../current-installation.ts";
import type { GuestInspection } from "../inspect/inspect-guest.ts";

export interface Exits {
  readonly all: number;
  /** Those to the emulator, for a register of a device that it plays; the kernel's own part handles the others. */
  readonly registers: number;
}

export interface ExitCounter {
  /** What happened before is not counted. */
  begin(): Promise<void>;
  /** Since it was begun or last asked. */
  sinceThen(): Promise<Exits>;
}

/** Each of its calls fails where KVM does not count. */
export function openExitCounter(current: CurrentInstallation, id: string): ExitCounter {
  let last: Exits = { all: 0, registers: 0 };
  const sinceThen = async () => {
    const before = last;
    last = await countExits(current, id);
    return { all: last.all - before.all, registers: last.registers - before.registers };
  };
  return { begin: async () => void (await sinceThen()), sinceThen };
}

export function inspectGuest(current: CurrentInstallation, id: string, sampleMs: number): Promise<GuestInspection> {
  return askControlPlane<GuestInspection>(current, { method: "GET", path: inspectionPath(id, sampleMs), timeoutMs: 60_000 });
}

async function countExits(current: CurrentInstallation, id: string): Promise<Exits> {
  const { privileged } = await inspectGuest(current, id, 0);
  const counters = privileged.how === "trapped" ? privileged.counters : [];
  const read = (counter: string): number => {
    const count = counters.find(({ name }) => name === counter)?.count;
    if (count === undefined) throw new CommandError(`KVM does not say how often the processor left ${id} (${counter}).`);
    return count;
  };
  return { all: read("exits"), registers: read("mmio_exits") };
}
