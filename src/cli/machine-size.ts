/** The machine that all hosts share. */
import { availableParallelism, totalmem } from "node:os";
import type { MachineSize } from "./build-topology.ts";

export function machineSize(): MachineSize {
  return { cpus: availableParallelism(), memoryMib: Math.floor(totalmem() / 2 ** 20) };
}
