/** All checks of `doctor`, in the order in which things are needed. */
import type { Check } from "./check.ts";
import { deviceChecks } from "./devices.ts";
import { engineChecks, type ProbedEngines } from "./engines.ts";
import { kernelChecks } from "./kernel.ts";
import { networkChecks } from "./network.ts";
import { packageChecks } from "./packages.ts";
import { privilegeChecks } from "./privilege.ts";
import { roomChecks } from "./room.ts";

export interface Examined {
  readonly isRoot: boolean;
  readonly dataDirectory: string;
  /** The installation's networks; undefined before the first `up`. */
  readonly networks: { readonly id: string; readonly publicPool: string; readonly underlay: string } | undefined;
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
    { title: "Kernel", checks: kernelChecks(examined.isRoot) },
    { title: "Network", checks: networkChecks(examined.networks) },
    { title: "Room", checks: roomChecks(examined.dataDirectory) },
  ];
}
