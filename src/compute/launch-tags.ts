/** Launch tags of ours: what EC2 has no parameter for, since it never leaves the choice. */
import { invalidParameterCombination, invalidParameterValue } from "../base/api-error.ts";
import { virtualizations, type Virtualization } from "../host/protocol/specification.ts";
import type { ImageRow } from "../store/compute-tables.ts";
import { imageOptions, type ImageOptions } from "./image-options.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";
import type { Tag } from "./tags.ts";

/** How the guest is virtualized. */
export const virtualizationTag = "hostelry:virtualization";
/**
 * What its interfaces are: `tap`, virtual ones of the host, which every guest has a driver for; `e1000`, the same behind a card of Intel's that the hypervisor plays
 * register by register; or `vf`, virtual functions of the host's network card.
 */
export const networkingTag = "hostelry:networking";
const networkings = ["tap", "e1000", "vf"] as const;
export type Networking = (typeof networkings)[number];

export interface LaunchTags {
  /** Any of these will do, the first rather than the others. */
  readonly virtualizations: readonly Virtualization[];
  readonly networking: Networking;
}

/** Fails for words that there are not, and for devices of the host where image, type or virtualization cannot have them (facts §6.4). */
export function parseLaunchTags(image: Pick<ImageRow, "architecture" | "launch_options" | "virtualization_type">, type: InstanceType, tags: readonly Tag[]): LaunchTags {
  const possible = wantedVirtualizations(image, valueOf(tags, virtualizationTag));
  const networking = wantedNetworking(valueOf(tags, networkingTag) ?? "tap");
  requireAssistance(type, possible);
  if (networking === "e1000") requireEmulatedCard(image, possible);
  if (networking !== "vf") return { virtualizations: type.accelerators === undefined ? possible : ["hardware"], networking };
  requireEnhancedNetworking(type, imageOptions(image));
  if (!possible.includes("hardware")) throw invalidParameterCombination(`Virtual functions are for hardware-assisted guests only. Leave out the tag '${networkingTag}', or launch an HVM image without '${virtualizationTag}'.`);
  return { virtualizations: ["hardware"], networking };
}

/** By the Elastic Network Adapter or by Intel's virtual function, whichever type and image both have. */
export function requireEnhancedNetworking({ name, network }: InstanceType, { enaSupport, sriovNetSupport }: Pick<ImageOptions, "enaSupport" | "sriovNetSupport">): void {
  if ((network.ena !== "unsupported" && enaSupport) || (network.intelVf && sriovNetSupport === "simple")) return;
  throw invalidParameterCombination(`Virtual functions (the tag '${networkingTag}' = 'vf') need enhanced networking, which the instance type '${name}' does not have with this image.`);
}

/** Only a processor keeps a guest's device to the guest's memory. */
export function requireAssistance({ name, accelerators }: InstanceType, possible: readonly Virtualization[]): void {
  if (accelerators === undefined || possible.includes("hardware")) return;
  throw invalidParameterCombination(`The instance type '${name}' has accelerators, which are for hardware-assisted guests only: of HVM images of x86_64, without the tag '${virtualizationTag}'.`);
}

/** The card is on the bus of QEMU's machine of x86_64. */
function requireEmulatedCard({ architecture }: Pick<ImageRow, "architecture">, possible: readonly Virtualization[]): void {
  if (architecture !== "arm64" && !possible.includes("paravirtual")) return;
  throw invalidParameterCombination(`Emulated network cards are for emulated and hardware-assisted guests of x86_64 only. Leave out the tag '${networkingTag}', or launch an HVM image of that architecture.`);
}

function valueOf(tags: readonly Tag[], key: string): string | undefined {
  return tags.find((tag) => tag.key === key)?.value;
}

function wantedNetworking(asked: string): Networking {
  const networking = networkings.find((each) => each === asked);
  if (networking === undefined) throw invalidParameterValue(`The tag '${networkingTag}' must be one of ${networkings.join(", ")}.`);
  return networking;
}

function wantedVirtualizations(image: Pick<ImageRow, "architecture" | "virtualization_type">, asked: string | undefined): readonly Virtualization[] {
  if (asked === undefined) return image.virtualization_type === "paravirtual" ? ["paravirtual"] : image.architecture === "arm64" ? ["emulated"] : ["hardware", "emulated"];
  const kind = virtualizations.find((each) => each === asked);
  if (kind === undefined) throw invalidParameterValue(`The tag '${virtualizationTag}' must be one of ${virtualizations.join(", ")}.`);
  return [kind];
}
