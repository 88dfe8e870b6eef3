/**
 * RunInstances: the request becomes a checked plan (`planLaunch`, which changes nothing), the plan becomes rows (`launch`). Address, interface, volumes
 * and room on a host are reserved in the same transaction, so that their errors reach the caller (facts §1.5).
 */
import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import {
  invalidParameterValue,
  invalidParameterCombination,
  missingParameter,
  notFound,
  insufficientInstanceCapacity,
  unsupportedHostConfiguration,
} from "../base/api-error.ts";
import { isId, newId, type InstanceId, type InterfaceId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { assignPublicAddress, attachInterface, createInterface } from "../network/network-interface.ts";
import { touchVpc } from "../network/vpc-specification.ts";
import type { Need } from "../placement/place.ts";
import { reserve, type Spot } from "../placement/reservation.ts";
import { findStorageNode } from "../storage/storage-node.ts";
import { createVolume } from "../storage/volume.ts";
import { requireVolumeRoom } from "../storage/volume-quota.ts";
import { attachVolume } from "../storage/volume-attachment.ts";
import type { ImageRow, InstanceRow, KeyPairRow } from "../store/compute-tables.ts";
import { wake } from "../store/due.ts";
import type { SubnetRow } from "../store/network-tables.ts";
import { insertRow } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { findKernelImage, requireLaunchableImage } from "./image.ts";
import { requireFit } from "./image-fit.ts";
import { imageOptions } from "./image-options.ts";
import { findInstanceType } from "./instance-types/catalogue.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";
import { invalidInstanceTypeAtLaunch } from "../base/api-error.ts";
import { creditsOfLaunch, shareLaunchCredits, type CreditColumns } from "./cpu-credits.ts";
import { parseLaunchTags, type Networking } from "./launch-tags.ts";
import { resolveTemplate } from "./launch-from-template.ts";
import { requireLaunchOptions } from "./launch-options.ts";
import { planLaunchNetwork, type LaunchInterface, type LaunchNetwork } from "./launch-network.ts";
import { placeLaunch } from "./launch-placement.ts";
import { needOf, toSpotColumns } from "./instance-placement.ts";
import { planPlacement, wishOf, type RequestedPlacement } from "./placement-request.ts";
import { planLaunchStorage, type LaunchStorage } from "./launch-storage.ts";
import { newAssociation, requireProfile, type RequestedProfile } from "./instance-profile.ts";
import { defaultMetadataOptions, requireTagKeysForMetadata, withMetadataOptions, type MetadataOptions } from "./metadata-options.ts";
import { parseTagSpecifications, putTags, type Tag } from "./tags.ts";
import { parseUserData } from "./user-data.ts";

export interface LaunchOwner {
  readonly account: string;
  readonly region: string;
}

export interface LaunchPlan {
  readonly owner: LaunchOwner;
  readonly input: RunInstancesCommandInput;
  readonly image: ImageRow;
  readonly kernel: ImageRow | undefined;
  readonly type: InstanceType;
  readonly network: LaunchNetwork;
  readonly networking: Networking;
  readonly subnet: SubnetRow;
  readonly storage: LaunchStorage;
  readonly storageNode: string;
  readonly placement: RequestedPlacement;
  readonly spots: readonly Spot[];
  readonly need: Need;
  readonly keyPair: KeyPairRow | undefined;
  readonly userData: string | undefined;
  readonly metadataOptions: MetadataOptions;
  readonly profile: RequestedProfile | undefined;
  readonly credits: CreditColumns;
  readonly tags: ReadonlyMap<string, readonly Tag[]>;
  /** Of a launch template: its id, and the tags of the instances that tell of it. */
  readonly templateId: string | undefined;
  readonly marks: readonly Tag[];
}

const launchLimit = 1000;

/** Everything about the request that can be wrong, found out before anything is written. */
export async function planLaunch(tx: Tx, owner: LaunchOwner, request: RunInstancesCommandInput, now: number): Promise<LaunchPlan> {
  const { input, templateId, marks } = await resolveTemplate(tx, owner, request);
  const count = requireCounts(input);
  if (input.ImageId === undefined) throw missingParameter("ImageId");
  const type = findInstanceType(input.InstanceType ?? "m1.small");
  if (type === undefined) throw invalidInstanceTypeAtLaunch(input.InstanceType ?? "");
  const image = await requireLaunchableImage(tx, owner, input.ImageId);
  requireFit(image, type);
  requireLaunchOptions(input, type);
  const tags = parseTagSpecifications(input.TagSpecifications, ["instance", "volume", "network-interface", "spot-instances-request"]);
  const metadataOptions = withMetadataOptions(metadataDefaultsOf(image), input.MetadataOptions);
  requireTagKeysForMetadata(metadataOptions, (tags.get("instance") ?? []).map((tag) => tag.key));
  parseUserData(input.UserData);
  const profile = input.IamInstanceProfile === undefined ? undefined : await requireProfile(tx, owner.account, input.IamInstanceProfile);
  const keyPair = await requireKeyPair(tx, owner, input.KeyName);
  const storage = await planLaunchStorage(tx, owner, image, type, input.BlockDeviceMappings ?? []);
  const network = await planLaunchNetwork(tx, owner, input, type);
  const { virtualizations, networking } = parseLaunchTags(image, type, tags.get("instance") ?? []);
  const need = { ...needOf(type, virtualizations, storage.local), ...(networking === "vf" ? { functions: network.interfaces.length } : {}) };
  const placement = await planPlacement(tx, owner, input, type, network.vpcId, network.subnets.map((subnet) => subnet.zone));
  const credits = await creditsOfLaunch(tx, owner, type, creditModeAsked(input, placement.tenancy));
  const { zone, spots } = await placeLaunch(tx, wishOf(owner, type, need, placement), placement.zones, count, now);
  await requireVolumeRoom(tx, owner, spots.flatMap(() => storage.volumes));
  const kernel = spots[0]?.virtualization === "paravirtual" ? await findKernelImage(tx, input.KernelId ?? image.kernel_id) : undefined;
  if (spots[0]?.virtualization === "paravirtual" && kernel === undefined) throw notFound("kernel", input.KernelId ?? image.kernel_id ?? "aki-default");
  const subnet = network.subnets.find((each) => each.zone === zone);
  const storageNode = await findStorageNode(tx, { account: owner.account, region: owner.region, zone });
  if (subnet === undefined || storageNode === undefined) throw insufficientInstanceCapacity(type.name, zone, []);
  return { owner, input, image, kernel, type, network, networking, subnet, storage, storageNode, placement, spots, need, keyPair, userData: input.UserData, metadataOptions, profile, credits, tags, templateId, marks };
}

function requireCounts(input: RunInstancesCommandInput): { min: number; max: number } {
  if (input.MinCount === undefined) throw missingParameter("MinCount");
  if (input.MaxCount === undefined) throw missingParameter("MaxCount");
  const [min, max] = [input.MinCount, input.MaxCount];
  if (min < 1) throw invalidParameterValue(`Value (${min}) for parameter minCount is invalid. Expecting a value of at least 1.`);
  if (max < min) throw invalidParameterCombination(`The minCount (${min}) must not be greater than the maxCount (${max}).`);
  if (max > launchLimit) throw invalidParameterValue(`Value (${max}) for parameter maxCount is invalid. Expecting a value of at most ${launchLimit}.`);
  return { min, max };
}

/** An image may want metadata with tokens only, and then for containers too (facts §8.2). */
function metadataDefaultsOf(image: ImageRow): MetadataOptions {
  return imageOptions(image).imdsSupport === null ? defaultMetadataOptions : { ...defaultMetadataOptions, httpTokens: "required", httpPutResponseHopLimit: 2 };
}

async function requireKeyPair(tx: Tx, { account, region }: LaunchOwner, name: string | undefined): Promise<KeyPairRow | undefined> {
  if (name === undefined) return undefined;
  const row = await tx.db
    .selectFrom("key_pairs")
    .selectAll()
    .where("account", "=", account)
    .where("region", "=", region)
    .where("name", "=", name)
    .executeTakeFirst();
  if (row === undefined) throw notFound("keyPairName", name);
  return row;
}

/** Writes the plan as rows: from here on the reconciler makes it true. Returns the instances in launch order. */
export async function launch(tx: Tx, plan: LaunchPlan, random: Random, now: number): Promise<InstanceRow[]> {
  const reservationId = newId("reservation", random);
  const credits = await shareLaunchCredits(tx, plan.owner, plan.credits, plan.spots.length, now);
  const rows: InstanceRow[] = [];
  for (const [index, spot] of plan.spots.entries()) {
    const row = toInstanceRow({ ...plan, credits: credits[index] ?? plan.credits }, spot, reservationId, index, random, now);
    await insertRow(tx, "instances", row);
    await reserve(tx, row, spot, plan.need);
    await createParts(tx, plan, row, random, now);
    await wake(tx, { kind: "instance", key: row.id }, now);
    rows.push(row);
  }
  await touchVpc(tx, plan.network.vpcId, now);
  return rows;
}

async function createParts(tx: Tx, plan: LaunchPlan, row: InstanceRow, random: Random, now: number): Promise<void> {
  const { account, region } = plan.owner;
  const interfaces: InterfaceId[] = [];
  for (const each of plan.network.interfaces) interfaces.push(await attachOne(tx, plan, each, row.id, random, now));
  await putTags(tx, { id: row.id, type: "instance", account, region }, [...(plan.tags.get("instance") ?? []), ...plan.marks]);
  for (const disk of plan.storage.volumes) {
    const volume = await createVolume(tx, { account, region, zone: row.zone, storageNode: plan.storageNode, ...disk }, random, now);
    await attachVolume(tx, volume.id, row.id, disk, random, now);
    await putTags(tx, { id: volume.id, type: "volume", account, region }, plan.tags.get("volume") ?? []);
  }
  const [primary] = interfaces;
  if (row.public_address_wanted === 1 && primary !== undefined) await assignPublicAddress(tx, primary, random, now);
}

/** Returns the interface's id. */
async function attachOne(tx: Tx, plan: LaunchPlan, each: LaunchInterface, instanceId: InstanceId, random: Random, now: number): Promise<InterfaceId> {
  const { account, region } = plan.owner;
  const attachment = { instanceId, deviceIndex: each.deviceIndex, deleteOnTermination: each.kind === "new" && each.deleteOnTermination };
  if (each.kind === "existing") return (await attachInterface(tx, each.nic, attachment, random, now)).id;
  const nic = await createInterface(tx, { ...each, subnet: each.subnet ?? plan.subnet }, attachment, random, now);
  await putTags(tx, { id: nic.id, type: "network-interface", account, region }, plan.tags.get("network-interface") ?? []);
  return nic.id;
}

/** On a Dedicated Host a burstable instance cannot borrow (facts §1.5, §2.3). */
function creditModeAsked({ CreditSpecification: credits }: RunInstancesCommandInput, tenancy: InstanceRow["tenancy"]): string | undefined {
  if (tenancy !== "host") return credits?.CpuCredits;
  if (credits?.CpuCredits === "unlimited") throw unsupportedHostConfiguration("Instances with unlimited CPU credits are not supported on Dedicated Hosts.");
  return credits?.CpuCredits ?? "standard";
}

function toPlacementColumns({ tenancy, affinity, group, partition, capacity }: RequestedPlacement, spot: Spot) {
  return {
    tenancy,
    dedicated_host_id: null,
    affinity,
    placement_group_id: group?.id ?? null,
    partition_number: null,
    partition_fixed: partition === undefined ? 0 : 1,
    ...capacity,
    ...toSpotColumns(spot, tenancy),
  } as const; // keeps the flag's literals
}

function toInstanceRow(plan: LaunchPlan, spot: Spot, reservationId: string, index: number, random: Random, now: number): InstanceRow {
  const { input, image, type, subnet, network } = plan;
  return {
    id: newId("instance", random),
    account: plan.owner.account,
    region: plan.owner.region,
    zone: subnet.zone,
    reservation_id: reservationId,
    launch_index: index,
    image_id: (isId("image", input.ImageId ?? "") ? input.ImageId : image.id) as InstanceRow["image_id"], // an alias stays what the caller knows the image by
    instance_type: type.name,
    architecture: image.architecture,
    virtualization_type: image.virtualization_type,
    boot_mode: imageOptions(image).bootMode,
    virtualization: spot.virtualization,
    virtual_functions: plan.networking === "vf" ? 1 : 0,
    emulated_cards: plan.networking === "e1000" ? 1 : 0,
    root_device_name: image.root_device_name,
    kernel_id: plan.kernel?.id ?? null,
    kernel_file: plan.kernel?.file ?? null,
    ramdisk_file: plan.kernel?.ramdisk_file ?? null,
    vpc_id: network.vpcId,
    subnet_id: subnet.id,
    key_name: plan.keyPair?.name ?? null,
    key_material: plan.keyPair?.public_key ?? null,
    user_data: plan.userData ?? null,
    client_token: input.ClientToken ?? null,
    launched_at: now,
    created_at: now,
    transition_reason: "",
    state_reason_code: null,
    state_reason_message: null,
    shutdown_behavior: input.InstanceInitiatedShutdownBehavior === "terminate" || plan.storage.local.root !== undefined ? "terminate" : "stop",
    disable_api_termination: input.DisableApiTermination === true ? 1 : 0,
    disable_api_stop: input.DisableApiStop === true ? 1 : 0,
    monitoring: input.Monitoring?.Enabled === true ? 1 : 0,
    ebs_optimized: input.EbsOptimized === true ? 1 : 0,
    ena_support: type.hypervisor === "nitro" ? 1 : 0,
    source_dest_check: 1,
    public_address_wanted: (network.associatePublicAddress ?? subnet.map_public_ip_on_launch === 1) ? 1 : 0,
    metadata_options: JSON.stringify(plan.metadataOptions),
    ...plan.credits,
    instance_profile: plan.profile === undefined ? null : JSON.stringify(newAssociation(plan.profile, random, now)),
    role_credentials: null,
    ...toPlacementColumns(plan.placement, spot),
    instance_store: JSON.stringify(plan.storage.local),
    image_task: null,
    auto_recovery: input.MaintenanceOptions?.AutoRecovery === "disabled" ? 0 : 1,
    recovering_since: null,
    want: "running",
    run: 1,
    reboots: 0,
    stop_mode: "graceful",
    generation: 0,
    terminated_at: null,
    observed_generation: 0,
    observed_run: 0,
    observed_state: null,
    observed_cause: null,
    observed_reason: null,
    observed_reached: 0,
    observed_silent_since: null,
    observed_at: null,
  };
}
