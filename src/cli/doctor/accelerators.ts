/** Accelerators that guests can have, by what name, and what is in the way of that. */
import { findAcceleratorDoubt, type Accelerator } from "../../host/accelerator/accelerators.ts";
import type { PassThrough } from "../../host/virtual-function/card-doubt.ts";
import { type Check, no, yes } from "./check.ts";

export function acceleratorChecks(accelerators: readonly Accelerator[], pass: PassThrough): readonly Check[] {
  if (accelerators.length === 0) return [no("accelerators", "no device here computes beside the processors: types with accelerators have no host", "Nothing, unless there is such a device: then look whether lspci shows it", false)];
  return accelerators.map((accelerator) => acceleratorCheck(accelerator, findAcceleratorDoubt(accelerator, pass)));
}

function acceleratorCheck({ address, model, driver }: Accelerator, doubt: ReturnType<typeof findAcceleratorDoubt>): Check {
  if (doubt !== undefined) return no(address, doubt.reason, doubt.remedy, false);
  const from = driver === undefined || driver === "vfio-pci" ? "" : `; the first guest that has it takes it from the driver ${driver}, whose programs must have ended`;
  return yes(address, `guests can have ${model} where it is named: up, host add or host join with --accelerators ${address}, or accelerators: [${address}] of a host in a topology file${from}`, false);
}
