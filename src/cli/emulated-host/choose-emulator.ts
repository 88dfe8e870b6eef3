/** What emulates a host's computer, and which of the cards that the host should have it then has: without a QEMU that emulates such cards none. */
import { findCardEmulator, systemEmulator, type CardEmulator } from "../../image/card-emulator/card-emulator.ts";
import type { EmulatedHostOptions } from "../../image/emulated-host/build-emulated-host.ts";

export interface ChosenEmulator {
  readonly emulator: CardEmulator;
  readonly cards: readonly string[];
}

export async function chooseEmulator(wished: readonly string[], options: EmulatedHostOptions): Promise<ChosenEmulator> {
  const emulator = wished.length === 0 ? systemEmulator : await findCardEmulator(options);
  return { emulator, cards: emulator.hasCard ? wished : [] };
}
