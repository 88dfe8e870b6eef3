import { invalidValueOf } from "../../base/api-error.ts";
import { imageBlockDevices } from "../../compute/block-device-mapping.ts";
import { requireOwnImage } from "../../compute/image.ts";
import { listLaunchPermissions } from "../../compute/image-attribute.ts";
import { imageOptions } from "../../compute/image-options.ts";
import type { ImageRow } from "../../store/compute-tables.ts";
import type { Tx } from "../../store/store.ts";
import type { ActionOutput } from "../../wire/action-types.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toBlockDeviceView } from "./views/image-view.ts";

type View = (image: ImageRow, tx: Tx) => Promise<ActionOutput<"ec2", "DescribeImageAttribute">> | ActionOutput<"ec2", "DescribeImageAttribute">;

const value = (text: string | null): { Value?: string } => (text === null ? {} : { Value: text });

const views: Readonly<Record<string, View>> = {
  blockDeviceMapping: (image) => ({ BlockDeviceMappings: imageBlockDevices(image).map(toBlockDeviceView) }),
  bootMode: (image) => ({ BootMode: value(imageOptions(image).bootMode) }),
  deregistrationProtection: (image) => ({ DeregistrationProtection: { Value: image.deregistration_protection } }),
  description: (image) => ({ Description: { Value: image.description } }),
  imdsSupport: (image) => ({ ImdsSupport: value(imageOptions(image).imdsSupport) }),
  kernel: (image) => ({ KernelId: value(image.kernel_id) }),
  lastLaunchedTime: () => ({ LastLaunchedTime: {} }),
  launchPermission: async (image, tx) => {
    const { accounts, everybody } = await listLaunchPermissions(tx, image);
    return { LaunchPermissions: [...(everybody ? [{ Group: "all" as const }] : []), ...accounts.map((UserId) => ({ UserId }))] };
  },
  productCodes: () => ({ ProductCodes: [] }),
  ramdisk: () => ({ RamdiskId: {} }),
  sriovNetSupport: (image) => ({ SriovNetSupport: value(imageOptions(image).sriovNetSupport) }),
  tpmSupport: () => ({ TpmSupport: {} }),
  uefiData: () => ({ UefiData: {} }),
};

/** One attribute of an image of the account's own. */
export const DescribeImageAttribute = defineAction({
  name: "DescribeImageAttribute",
  supported: "whole; when an image was last launched is not kept",
  readOnly: true,
  load: async ({ input, caller, tx }) => {
    const view = Object.hasOwn(views, input.Attribute) ? views[input.Attribute] : undefined;
    if (view === undefined) throw invalidValueOf("attribute", input.Attribute, `Valid values are ${Object.keys(views).join(", ")}.`);
    return { image: await requireOwnImage(tx, caller, input.ImageId), view };
  },
  authorize: ({ image }, { caller }) => [{ action: "ec2:DescribeImageAttribute", resource: ec2Arn(caller, "image", image.id) }],
  apply: async ({ image, view }, { input, tx }) => ({ ImageId: input.ImageId, ...(await view(image, tx)) }),
});
