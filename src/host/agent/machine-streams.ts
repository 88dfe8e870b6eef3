/** Streams to what is the machines' own, their serial ports and looks into their engines; `others` has whatever else a stream may lead to. */
import type { InspectionTarget } from "../protocol/stream.ts";
import { answerStream } from "./answer-stream.ts";
import type { MachineKeeper } from "./machine-keeper.ts";
import type { StreamTargets } from "./parts.ts";

export function machineStreams(machines: MachineKeeper, others: StreamTargets): StreamTargets {
  return {
    open: async (target, signal) => {
      switch (target.kind) {
        case "serial":
          return machines.openSerial(target.machine);
        case "inspection":
          return answerStream(() => inspect(machines, target));
        default:
          return others.open(target, signal);
      }
    },
  };
}

async function inspect(machines: MachineKeeper, { machine, sampleMs }: InspectionTarget) {
  const inspection = await machines.inspect(machine, sampleMs);
  if (inspection === undefined) throw new Error("it does not have this machine");
  return inspection;
}
