/**
 * The types of volumes: which sizes and figures each may have, what it has when nothing is said, and how fast that makes it (facts §4.1).
 * IOPS and throughput of gp2, st1, sc1 and standard follow from the size; of gp3, io1 and io2 they are provisioned.
 */
import {
  missingParameter,
  notOfVolumeType,
  unknownVolumeType,
  volumeIopsOutOfRange,
  volumeIopsRatioTooHigh,
  volumeSizeOutOfRange,
  volumeThroughputOutOfRange,
  volumeThroughputRatioTooHigh,
} from "../base/api-error.ts";
import type { VolumeLimits } from "../host/protocol/specification.ts";
import type { VolumeRow } from "../store/storage-tables.ts";

export type VolumeType = "gp2" | "gp3" | "io1" | "io2" | "st1" | "sc1" | "standard";

interface Bounds {
  readonly minimum: number;
  readonly maximum: number;
}

interface TypeRules {
  readonly sizeGib: Bounds;
  /** Of provisioned IOPS; absent: not provisioned. */
  readonly iops?: Bounds & { readonly perGib: number; readonly unasked?: number };
  /** Of provisioned throughput in MiB/s; absent: not provisioned. */
  readonly throughput?: Bounds & { readonly perIops: number; readonly unasked: number };
  readonly boots: boolean;
  readonly multiAttach: boolean;
}

const rules: Readonly<Record<VolumeType, TypeRules>> = {
  gp2: { sizeGib: { minimum: 1, maximum: 16_384 }, boots: true, multiAttach: false },
  gp3: {
    sizeGib: { minimum: 1, maximum: 65_536 },
    iops: { minimum: 3_000, maximum: 80_000, perGib: 500, unasked: 3_000 },
    throughput: { minimum: 125, maximum: 2_000, perIops: 0.25, unasked: 125 },
    boots: true,
    multiAttach: false,
  },
  io1: { sizeGib: { minimum: 4, maximum: 16_384 }, iops: { minimum: 100, maximum: 64_000, perGib: 50 }, boots: true, multiAttach: true },
  io2: { sizeGib: { minimum: 4, maximum: 65_536 }, iops: { minimum: 100, maximum: 256_000, perGib: 1_000 }, boots: true, multiAttach: true },
  st1: { sizeGib: { minimum: 125, maximum: 16_384 }, boots: false, multiAttach: false },
  sc1: { sizeGib: { minimum: 125, maximum: 16_384 }, boots: false, multiAttach: false },
  standard: { sizeGib: { minimum: 1, maximum: 1_024 }, boots: true, multiAttach: false },
};

/** CreateVolume's type when the request names none; launches take their image's. */
export const defaultVolumeType: VolumeType = "gp2";
/** Every gp3 volume has these, however small it is. */
const gp3BaseIops = 3_000;

/** What a volume is: its size and, where its type has them, its IOPS and its throughput in MiB/s. */
export interface VolumeFigures {
  readonly type: VolumeType;
  readonly sizeGib: number;
  readonly iops: number | null;
  readonly throughput: number | null;
}

export interface AskedFigures {
  readonly type: VolumeType;
  readonly sizeGib: number;
  readonly iops?: number | undefined;
  readonly throughput?: number | undefined;
}

export function parseVolumeType(text: string): VolumeType {
  if (!Object.hasOwn(rules, text)) throw unknownVolumeType(text);
  return text as VolumeType; // one of the table's names, see above
}

export function canBoot(type: VolumeType): boolean {
  return rules[type].boots;
}

export function canMultiAttach(type: VolumeType): boolean {
  return rules[type].multiAttach;
}

/** Whether the type's IOPS are chosen, and do not follow from the size. */
export function provisionsIops(type: VolumeType): boolean {
  return rules[type].iops !== undefined;
}

export function provisionsThroughput(type: VolumeType): boolean {
  return rules[type].throughput !== undefined;
}

/** The figures of a volume that is asked for like this. Fails with EC2's error for the first that its type does not allow. */
export function planFigures({ type, sizeGib, iops, throughput }: AskedFigures): VolumeFigures {
  const bounds = rules[type].sizeGib;
  if (sizeGib < bounds.minimum || sizeGib > bounds.maximum) throw volumeSizeOutOfRange(sizeGib, bounds);
  const plannedIops = planIops(type, sizeGib, iops);
  return { type, sizeGib, iops: plannedIops, throughput: planThroughput(type, plannedIops ?? 0, throughput) };
}

function planIops(type: VolumeType, sizeGib: number, asked: number | undefined): number | null {
  const bounds = rules[type].iops;
  if (bounds === undefined) {
    if (asked !== undefined) throw notOfVolumeType("iops", type);
    return type === "gp2" ? gp2Iops(sizeGib) : null;
  }
  const iops = asked ?? bounds.unasked;
  if (iops === undefined) throw missingParameter("iops");
  if (iops < bounds.minimum || iops > bounds.maximum) throw volumeIopsOutOfRange(iops, bounds);
  const exempt = type === "gp3" && iops === gp3BaseIops;
  if (!exempt && iops > sizeGib * bounds.perGib) throw volumeIopsRatioTooHigh(iops / sizeGib, bounds.perGib);
  return iops;
}

function planThroughput(type: VolumeType, iops: number, asked: number | undefined): number | null {
  const bounds = rules[type].throughput;
  if (bounds === undefined) {
    if (asked !== undefined) throw notOfVolumeType("throughput", type);
    return null;
  }
  const throughput = asked ?? bounds.unasked;
  if (throughput < bounds.minimum || throughput > bounds.maximum) throw volumeThroughputOutOfRange(throughput, bounds);
  if (throughput > iops * bounds.perIops) throw volumeThroughputRatioTooHigh(throughput / iops, bounds.perIops);
  return throughput;
}

/** 3 for each GiB, between 100 and 16 000. */
export function gp2Iops(sizeGib: number): number {
  return Math.min(16_000, Math.max(100, sizeGib * 3));
}

/** The throughput in MiB/s that a gp2 volume of this size can reach. */
export function gp2Throughput(sizeGib: number): number {
  return sizeGib <= 170 ? 128 : 250;
}

const kib = 1024;
const mib = 1024 * kib;
const gibPerTib = 1024;
/** The I/O credits that a gp2 volume begins with, enough for 30 minutes at 3 000 IOPS. */
const gp2Credits = 5_400_000;
/** The largest I/O that counts as one on SSD types. */
const ioBytes = 256 * kib;

/** What the storage node lets the volume do. */
export function toVolumeLimits(row: Pick<VolumeRow, "type" | "size_gib" | "iops" | "throughput">): VolumeLimits {
  const type = parseVolumeType(row.type);
  const iops = row.iops ?? 0;
  switch (type) {
    case "gp3":
      return { iops: { base: iops }, bytesPerSecond: { base: (row.throughput ?? 0) * mib } };
    case "gp2":
      return gp2Limits(row.size_gib);
    case "io1":
      return { iops: { base: iops }, bytesPerSecond: { base: Math.min(iops * ioBytes, 1_000 * mib) } };
    case "io2":
      return { iops: { base: iops }, bytesPerSecond: { base: Math.min(iops * ioBytes, 4_000 * mib) } };
    case "st1":
      return diskLimits(row.size_gib, { iops: 500, basePerTib: 40, burstPerTib: 250, most: 500 });
    case "sc1":
      return diskLimits(row.size_gib, { iops: 250, basePerTib: 12, burstPerTib: 80, most: 250 });
    case "standard":
      return { iops: { base: 200 }, bytesPerSecond: { base: 90 * mib } };
  }
}

/** Below 1 000 GiB it bursts to 3 000 IOPS, from 171 GiB to 250 MiB/s, as long as its credits last. */
function gp2Limits(sizeGib: number): VolumeLimits {
  const base = gp2Iops(sizeGib);
  const bytes = gp2Throughput(sizeGib) * mib;
  const baseBytes = Math.min(bytes, Math.max(128 * mib, base * ioBytes));
  return {
    iops: base < 3_000 ? { base, burst: 3_000, credits: gp2Credits } : { base },
    bytesPerSecond: baseBytes < bytes ? { base: baseBytes, burst: bytes, credits: gp2Credits * ioBytes } : { base: bytes },
  };
}

interface DiskFigures {
  readonly iops: number;
  /** MiB/s for each TiB. */
  readonly basePerTib: number;
  readonly burstPerTib: number;
  /** MiB/s, whatever the size. */
  readonly most: number;
}

/** Hard disks count bytes, with 1 TiB of credits for each TiB of size, and requests of up to 1 MiB. */
function diskLimits(sizeGib: number, { iops, basePerTib, burstPerTib, most }: DiskFigures): VolumeLimits {
  const rate = (perTib: number): number => Math.floor(Math.min(most, (perTib * sizeGib) / gibPerTib) * mib);
  const [base, burst] = [rate(basePerTib), rate(burstPerTib)];
  return {
    iops: { base: iops },
    ioBytes: mib,
    bytesPerSecond: base < burst ? { base, burst, credits: sizeGib * gibPerTib * mib } : { base },
  };
}
