/** What CreateVolume asks for, checked: where the volume goes, what it begins as, its figures and its encryption (facts §4.1, §4.4, §4.6). */
import {
  insufficientVolumeCapacity,
  invalidParameterCombination,
  invalidValueOf,
  missingParameter,
  notOfVolumeType,
  unsupportedRequest,
  volumeSmallerThanSnapshot,
  zoneNotFound,
} from "../base/api-error.ts";
import { findRegion, zoneIdOf } from "../base/regions.ts";
import type { Tx } from "../store/store.ts";
import { encryptionByDefault, type KeyOwner } from "./kms-key.ts";
import { requireUsableSnapshot } from "./snapshot.ts";
import { requireVolumeRoom } from "./volume-quota.ts";
import { planEncryption, toVolumeOrigin, type VolumeOrigin } from "./volume-source.ts";
import { canMultiAttach, defaultVolumeType, parseVolumeType, planFigures } from "./volume-type.ts";
import { findStorageNode } from "./storage-node.ts";
import type { VolumePlan } from "./volume.ts";

interface VolumeRequest {
  readonly AvailabilityZone?: string | undefined;
  readonly AvailabilityZoneId?: string | undefined;
  readonly Encrypted?: boolean | undefined;
  readonly Iops?: number | undefined;
  readonly KmsKeyId?: string | undefined;
  readonly MultiAttachEnabled?: boolean | undefined;
  readonly OutpostArn?: string | undefined;
  readonly Size?: number | undefined;
  readonly SnapshotId?: string | undefined;
  readonly Throughput?: number | undefined;
  readonly VolumeInitializationRate?: number | undefined;
  readonly VolumeType?: string | undefined;
}

/** MiB/s at which a volume may be asked to fetch its snapshot. */
const initializationRates = { minimum: 100, maximum: 300 };

export async function planVolume(tx: Tx, owner: KeyOwner, request: VolumeRequest): Promise<VolumePlan> {
  if (request.OutpostArn !== undefined) throw unsupportedRequest("There are no Outposts in this installation.");
  const zone = requireZone(owner.region, request);
  const type = parseVolumeType(request.VolumeType ?? defaultVolumeType);
  const origin = request.SnapshotId === undefined ? undefined : toVolumeOrigin(await requireUsableSnapshot(tx, owner, request.SnapshotId), owner);
  const sizeGib = requireSize(request.Size, origin);
  const initializationRate = planInitializationRate(request.VolumeInitializationRate, origin);
  const figures = planFigures({ type, sizeGib, iops: request.Iops, throughput: request.Throughput });
  if (request.MultiAttachEnabled === true && !canMultiAttach(type)) throw notOfVolumeType("multiAttachEnabled", type);
  await requireVolumeRoom(tx, owner, [figures]);
  const encryption = planEncryption(owner, { encrypted: request.Encrypted, kmsKeyId: request.KmsKeyId }, origin, await encryptionByDefault(tx, owner));
  const storageNode = await findStorageNode(tx, { account: owner.account, region: owner.region, zone });
  if (storageNode === undefined) throw insufficientVolumeCapacity(zone);
  return {
    account: owner.account,
    region: owner.region,
    zone,
    ...figures,
    ...encryption,
    multiAttach: request.MultiAttachEnabled ?? false,
    snapshotId: origin?.snapshotId ?? null,
    sourceFile: origin?.sourceFile ?? null,
    initializationRate,
    storageNode,
  };
}

export interface ZoneRequest {
  readonly AvailabilityZone?: string | undefined;
  readonly AvailabilityZoneId?: string | undefined;
}

/** The zone by its name or its id. */
export function requireZone(region: string, { AvailabilityZone: name, AvailabilityZoneId: id }: ZoneRequest): string {
  if (name !== undefined && id !== undefined) throw invalidParameterCombination("The parameters availabilityZone and availabilityZoneId cannot be used together.");
  if (name === undefined && id === undefined) throw missingParameter("zone");
  const zones = (findRegion(region)?.zones ?? []).map((letter) => `${region}${letter}`);
  const zone = zones.find((each) => (name === undefined ? zoneIdOf(each) === id : each === name));
  if (zone === undefined) throw zoneNotFound(name ?? id ?? "");
  return zone;
}

function requireSize(asked: number | undefined, origin: VolumeOrigin | undefined): number {
  const sizeGib = asked ?? origin?.sizeGib;
  if (sizeGib === undefined) throw missingParameter("size or snapshotId");
  if (origin !== undefined && sizeGib < origin.sizeGib) throw volumeSmallerThanSnapshot(sizeGib, { id: origin.snapshotId, sizeGib: origin.sizeGib }, false);
  return sizeGib;
}

/** Fails out of bounds, and for a volume that begins empty. */
export function planInitializationRate(rate: number | undefined, origin: VolumeOrigin | undefined): number | null {
  if (rate === undefined) return null;
  if (origin === undefined) throw invalidParameterCombination("The parameter volumeInitializationRate can be used with a snapshot only.");
  const { minimum, maximum } = initializationRates;
  if (rate < minimum || rate > maximum) throw invalidValueOf("volumeInitializationRate", rate, `Expecting a value between ${minimum} and ${maximum}.`);
  return rate;
}
