/** Which types an image can be launched as (facts §3, §4.9, §6). */
import { architectureNotSupported, bootModeNotSupported, enaRequired, rootDeviceTypeNotSupported, uefiNotRun, virtualizationNotSupported } from "../base/api-error.ts";
import type { ImageRow } from "../store/compute-tables.ts";
import { imageOptions } from "./image-options.ts";
import { imageRootType } from "./instance-store.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";

/** Fails with EC2's code for what the type cannot start, and for what no host here can. */
export function requireFit(image: ImageRow, type: InstanceType): void {
  if (!type.architectures.includes(image.architecture)) throw architectureNotSupported(image.architecture, type.name);
  if (!type.virtualizations.includes(image.virtualization_type)) throw virtualizationNotSupported(image.virtualization_type);
  if (!type.rootDeviceTypes.includes(imageRootType(image))) throw rootDeviceTypeNotSupported(image.id, imageRootType(image), type.name);
  const { bootMode, enaSupport } = imageOptions(image);
  if (bootMode !== null && bootMode !== "uefi-preferred" && !type.bootModes.includes(bootMode)) throw bootModeNotSupported(bootMode, type.name);
  if (bootMode === "uefi" && image.architecture !== "arm64") throw uefiNotRun();
  if (type.network.ena === "required" && !enaSupport) throw enaRequired(type.name);
}
