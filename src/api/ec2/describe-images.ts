import type { Image } from "@aws-sdk/client-ec2";
import { invalidUserId } from "../../base/api-error.ts";
import { imageOwnerAccount, listVisibleImages, requireVisibleImages } from "../../compute/image.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import type { Call } from "../action.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import type { FilterTable } from "../describe/filters.ts";
import { toImageView } from "./views/image-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

const disks = (image: Image) => (image.BlockDeviceMappings ?? []).flatMap(({ Ebs: ebs }) => ebs ?? []);

/** Known to EC2, and true of no image here. */
const emptyFields = [
  "image-watermark.source-image-creation-time",
  "image-watermark.source-image-id",
  "image-watermark.source-image-region",
  "image-watermark.watermark-creation-time",
  "image-watermark.watermark-key",
  "instance-type-specification.supported-instance-type",
  "instance-type-specification.unsupported-instance-type",
  "platform",
  "product-code",
  "product-code.type",
  "ramdisk-id",
  "scan-result.critical-fix-available-since",
  "scan-result.finding-scan-date",
  "scan-result.high-fix-available-since",
  "scan-result.highest-finding-severity-label",
  "scan-result.informational-fix-available-since",
  "scan-result.low-fix-available-since",
  "scan-result.medium-fix-available-since",
];

const filters: FilterTable<Image> = {
  tags: tagsOfView,
  fields: {
    architecture: (image) => image.Architecture,
    "block-device-mapping.delete-on-termination": (image) => disks(image).map((disk) => disk.DeleteOnTermination),
    "block-device-mapping.device-name": (image) => (image.BlockDeviceMappings ?? []).map((mapping) => mapping.DeviceName),
    "block-device-mapping.encrypted": (image) => disks(image).map((disk) => disk.Encrypted),
    "block-device-mapping.snapshot-id": (image) => disks(image).map((disk) => disk.SnapshotId),
    "block-device-mapping.volume-size": (image) => disks(image).map((disk) => disk.VolumeSize),
    "block-device-mapping.volume-type": (image) => disks(image).map((disk) => disk.VolumeType),
    "boot-mode": (image) => image.BootMode,
    "creation-date": (image) => image.CreationDate,
    description: (image) => image.Description,
    "ena-support": (image) => image.EnaSupport,
    "free-tier-eligible": () => false,
    hypervisor: (image) => image.Hypervisor,
    "image-allowed": () => true,
    "image-id": (image) => image.ImageId,
    "image-type": (image) => image.ImageType,
    "is-public": (image) => image.Public,
    "kernel-id": (image) => image.KernelId,
    "manifest-location": (image) => image.ImageLocation,
    name: (image) => image.Name,
    "owner-alias": (image) => image.ImageOwnerAlias,
    "owner-id": (image) => image.OwnerId,
    "platform-details": (image) => image.PlatformDetails,
    "root-device-name": (image) => image.RootDeviceName,
    "root-device-type": (image) => image.RootDeviceType,
    "source-image-id": (image) => image.SourceImageId,
    "source-image-region": (image) => image.SourceImageRegion,
    "source-instance-id": (image) => image.SourceInstanceId,
    "sriov-net-support": (image) => image.SriovNetSupport,
    state: (image) => image.State,
    "state-reason-code": (image) => image.StateReason?.Code,
    "state-reason-message": (image) => image.StateReason?.Message,
    "usage-operation": (image) => image.UsageOperation,
    "virtualization-type": (image) => image.VirtualizationType,
    ...Object.fromEntries(emptyFields.map((name) => [name, () => undefined])),
  },
};

/** The images that the account may launch, machine and kernel images, those that are still being made among them. */
export const DescribeImages = defineDescribe({
  name: "DescribeImages",
  supported: "whole; no filter by public parameters",
  ids: ({ ImageIds: ids }) => ids,
  list: async (call) => {
    const { input, caller, tx } = call;
    const tags = await listTagsOfType(tx, caller, "image");
    const images =
      input.ImageIds === undefined || input.ImageIds.length === 0
        ? (await listVisibleImages(tx, caller)).map((row) => ({ row, askedId: row.id }))
        : await requireVisibleImages(tx, caller, input.ImageIds);
    const views = images.map(({ row, askedId }) => toImageView(row, askedId, row.account === caller.account ? tags.get(row.id) : undefined));
    const isExecutable = await executableFilter(call);
    return views.filter(ownerFilter(call)).filter(isExecutable).filter(hiddenFilter(call));
  },
  key: (image) => image.ImageId ?? "",
  filters,
  page: { minimum: 5, maximum: 1000, idsParameter: "imageIds" },
  output: (rows, nextToken) => ({ Images: [...rows], ...nextTokenField(nextToken) }),
});

type ImagesCall = Call<ActionInput<"ec2", "DescribeImages">>;

function ownerFilter({ input, caller }: ImagesCall): (image: Image) => boolean {
  const owners = (input.Owners ?? []).map((owner) => {
    if (owner === "self") return caller.account;
    if (owner === "amazon") return imageOwnerAccount;
    if (/^(?:\d{12}|aws-marketplace|aws-backup-vault|microsoft)$/.test(owner)) return owner;
    throw invalidUserId(owner);
  });
  return (image) => owners.length === 0 || owners.includes(image.OwnerId ?? "");
}

/** `all` are the public images, a user's are those that were shared with it by name. */
async function executableFilter({ input, caller, tx }: ImagesCall): Promise<(image: Image) => boolean> {
  const asked = input.ExecutableUsers ?? [];
  const bad = asked.find((user) => !/^(?:\d{12}|self|all)$/.test(user));
  if (bad !== undefined) throw invalidUserId(bad);
  if (asked.length === 0) return () => true;
  const users = asked.map((user) => (user === "self" ? caller.account : user));
  const shared = await tx.db.selectFrom("image_permissions").select("image_id").where("grantee", "in", users).execute();
  const ids = new Set(shared.map((row) => String(row.image_id)));
  return (image) => ids.has(image.ImageId ?? "") || (users.includes("all") && image.Public === true);
}

/** Deprecated images are hidden from all but their owners, disabled ones from everybody; whoever knows an id, or asks for them, sees them. */
function hiddenFilter({ input, caller, now }: ImagesCall): (image: Image) => boolean {
  if ((input.ImageIds ?? []).length > 0) return () => true;
  const isDeprecated = (image: Image): boolean => image.DeprecationTime !== undefined && Date.parse(image.DeprecationTime) <= now;
  return (image) =>
    (input.IncludeDisabled === true || image.State !== "disabled") &&
    (input.IncludeDeprecated === true || image.OwnerId === caller.account || !isDeprecated(image));
}
