/** All checks of `doctor`, in the order in which things are needed. */
import { listAccelerators } from "../../host/accelerator/accelerators.ts";
import { readPassThrough } from "../../host/virtual-function/card-doubt.ts";
import { listPhysicalFunctions } from "../../host/virtual-function/physical-functions.ts";
import type { Check } from "./check.ts";
import { acceleratorChecks } from "./accelerators.ts";
import { cardChecks } from "./cards.ts";
import { deviceChecks } from "./devices.ts";
import { engineChecks, type ProbedEngines } from "./engines.ts";
import { kernelChecks } from "./kernel.ts";
import { networkChecks, type Networks } from "./network.ts";
import { packageChecks } from "./packages.ts";
import { privilegeChecks } from "./privilege.ts";
import { roomChecks } from "./room.ts";

export interface Examined {
  readonly isRoot: boolean;
  readonly dataDirectory: string;
  /** The installation's networks; undefined before the first `up`. */
  readonly networks: Networks | undefined;
  /** What is known of the engines from the agents that run, or from a probe. */
  readonly engines: ProbedEngines;
}

export interface CheckGroup {
  readonly title: string;
  readonly checks: readonly Check[];
}

export function examine(examined: Examined): readonly CheckGroup[] {
  return [
    { title: "Program", checks: privilegeChecks(examined.isRoot) },
    { title: "Debian packages", checks: packageChecks() },
    { title: "Virtualization", checks: engineChecks(examined.engines) },
    { title: "Devices", checks: deviceChecks() },
    { title: "Cards that split themselves", checks: cardChecks(listPhysicalFunctions(), readPassThrough()) },
    { title: "Accelerators", checks: acceleratorChecks(listAccelerators(), readPassThrough()) },
    { title: "Kernel", checks: kernelChecks(examined.isRoot) },
    { title: "Network", checks: networkChecks(examined.networks) },
    { title: "Room", checks: roomChecks(examined.dataDirectory) },
  ];
}
