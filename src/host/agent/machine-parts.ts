/** What one machine's worker needs of its agent. */
import type { Clock } from "../../base/clock.ts";
import type { InstanceId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { CreditReport } from "../protocol/processor.ts";
import type { MachineReport } from "../protocol/report.ts";
import type { EngineUser } from "./confinement.ts";
import type { ConsoleTiming } from "./console-upload.ts";
import type { FetchImage } from "./image-files.ts";
import type { MachineDirectory } from "./machine-directory.ts";
import type { HostParts } from "./parts.ts";

export interface MachineParts extends Pick<HostParts, "accelerators" | "engines" | "network" | "metadata" | "disks" | "consoles" | "processors"> {
  readonly directory: MachineDirectory;
  readonly imagesDirectory: string;
  /** Where the images folder does not have everything. */
  readonly fetchImage?: FetchImage;
  /** Another one after each start of the physical machine. */
  readonly bootId: string;
  readonly userOf: (id: InstanceId) => EngineUser | undefined;
  readonly report: (report: MachineReport | CreditReport) => void;
  readonly uploadConsole: (id: InstanceId, run: number, settled: boolean, output: Uint8Array) => Promise<boolean>;
  readonly consoleTiming?: ConsoleTiming;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Aborted when the agent leaves. */
  readonly signal: AbortSignal;
}
