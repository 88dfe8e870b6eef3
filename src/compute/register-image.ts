/** RegisterImage: an image of snapshots that are there already (facts §4.9). Whoever names neither gets EC2's defaults, i386 and paravirtual. */
import type { RegisterImageCommandInput } from "@aws-sdk/client-ec2";
import { invalidParameterCombination, malformedId, missingParameter, notFound, unreadableManifest, unsupportedRequest } from "../base/api-error.ts";
import { isId } from "../base/ids.ts";
import type { ImageRow } from "../store/compute-tables.ts";
import type { Tx } from "../store/store.ts";
import type { ImageBlockDevice } from "./block-device-mapping.ts";
import { requireChoice } from "./choice.ts";
import { findKernelImage, findVisibleKernel } from "./image.ts";
import { requireDeviceNames, requireRoot, toImageDevice } from "./image-mapping.ts";
import { parseImageOptions } from "./image-options.ts";
import { requireImageDescription, requireImageName, type ImagePlan } from "./image-row.ts";
import type { Owner } from "./owned-rows.ts";

export async function planRegistration(tx: Tx, owner: Owner, input: RegisterImageCommandInput): Promise<ImagePlan> {
  if (input.ImageLocation !== undefined) throw unreadableManifest(input.ImageLocation);
  if ((input.BillingProducts ?? []).length > 0) throw unsupportedRequest("There are no billing products in this installation.");
  const name = await requireImageName(tx, owner, input.Name ?? "");
  const virtualization = requireChoice("virtualizationType", ["hvm", "paravirtual"], input.VirtualizationType ?? "paravirtual");
  const architecture = requireChoice("architecture", ["i386", "x86_64", "arm64"], input.Architecture ?? "i386");
  if (architecture === "arm64" && virtualization !== "hvm") throw invalidParameterCombination("The architecture 'arm64' needs the virtualization type 'hvm'.");
  if (input.RootDeviceName === undefined) throw missingParameter("rootDeviceName");
  const mappings = requireDeviceNames(input.BlockDeviceMappings ?? [], virtualization);
  const devices: ImageBlockDevice[] = [];
  for (const mapping of mappings) if (mapping.NoDevice === undefined) devices.push(await toImageDevice(tx, owner, mapping));
  requireRoot(devices, input.RootDeviceName);
  return {
    owner: { account: owner.account, region: owner.region },
    name,
    description: requireImageDescription(input.Description),
    architecture,
    virtualization,
    rootDevice: input.RootDeviceName,
    kernelId: await chooseKernel(tx, owner, virtualization, input),
    options: parseImageOptions(input, virtualization),
    devices,
    source: {},
  };
}

/** Paravirtual machines boot a kernel image: the one that is named, else the newest. */
async function chooseKernel(
  tx: Tx,
  owner: Owner,
  virtualization: ImageRow["virtualization_type"],
  { KernelId: asked, RamdiskId: ramdisk }: RegisterImageCommandInput,
): Promise<string | null> {
  if (ramdisk !== undefined) {
    if (!isId("ramdisk", ramdisk)) throw malformedId("ramdisk", ramdisk);
    throw notFound("ramdisk", ramdisk);
  }
  if (virtualization === "hvm") {
    if (asked !== undefined) throw invalidParameterCombination("A kernel can be specified for paravirtual images only.");
    return null;
  }
  if (asked === undefined) return (await findKernelImage(tx, null))?.id ?? null;
  if (!isId("kernel", asked)) throw malformedId("kernel", asked);
  const kernel = await findVisibleKernel(tx, owner, asked);
  if (kernel === undefined) throw notFound("kernel", asked);
  return kernel.id;
}
