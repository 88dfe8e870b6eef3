/** Network cards and NVMe controllers that can split themselves into virtual functions for guests, and what is in the way of that. */
import { findCardDoubt, type PassThrough } from "../../host/virtual-function/card-doubt.ts";
import type { PhysicalFunction } from "../../host/virtual-function/physical-functions.ts";
import { type Check, no, yes } from "./check.ts";

export function cardChecks(cards: readonly PhysicalFunction[], pass: PassThrough): readonly Check[] {
  if (cards.length === 0) return [no("virtual functions", "no network card or NVMe controller here can split itself (SR-IOV): guests' interfaces are taps, and local disks files", "Nothing, unless there is such a card: then turn SR-IOV on in the firmware", false)];
  return cards.map((card) => cardCheck(card, findCardDoubt(card, pass)));
}

function cardCheck(card: PhysicalFunction, doubt: ReturnType<typeof findCardDoubt>): Check {
  const { address, driver, most, functions } = card;
  if (doubt !== undefined) return no(address, doubt.reason, doubt.remedy, false);
  const groups = functions.length === 0 ? "; whether each has an IOMMU group of its own shows when there are some" : "";
  return yes(address, `${driver}: ${functions.length} of ${most} virtual functions are there for guests${groups}`, false);
}
