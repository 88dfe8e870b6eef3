/** How much an account's volumes of one type may have in a region, all together (facts §12.5). */
import { limitExceeded, volumeIopsLimit } from "../base/api-error.ts";
import type { VolumeRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import { readSum } from "./volume-sums.ts";
import { parseVolumeType, type VolumeFigures, type VolumeType } from "./volume-type.ts";

type Figures = Pick<VolumeFigures, "type" | "sizeGib" | "iops">;

interface Quota {
  readonly tib: number;
  /** Of types whose IOPS are bought. */
  readonly iops?: number;
}

const quotas: Readonly<Record<VolumeType, Quota>> = {
  gp2: { tib: 50 },
  gp3: { tib: 50 },
  io1: { tib: 50, iops: 300_000 },
  io2: { tib: 20, iops: 100_000 },
  st1: { tib: 50 },
  sc1: { tib: 50 },
  standard: { tib: 50 },
};

const gibPerTib = 1024;

/** Fails when the account has no room for these volumes as well. */
export async function requireVolumeRoom(tx: Tx, owner: Pick<VolumeRow, "account" | "region">, more: readonly Figures[]): Promise<void> {
  for (const type of new Set(more.map((figures) => figures.type))) {
    const exceeded = findExceeded(type, [await sumOf(tx, owner, type), ...more.filter((figures) => figures.type === type)]);
    if (exceeded === "size") throw limitExceeded("VolumeLimitExceeded", `The maximum storage of ${type} volumes, ${quotas[type].tib} TiB, has been reached.`);
    if (exceeded === "iops") throw limitExceeded("MaxIOPSLimitExceeded", `The maximum IOPS of ${type} volumes, ${quotas[type].iops}, have been reached.`);
  }
}

/** The same when the volume is to become like this; EC2 then says it with other codes. */
export async function requireModificationRoom(tx: Tx, volume: VolumeRow, target: Figures): Promise<void> {
  const isSame = parseVolumeType(volume.type) === target.type;
  if (isSame && target.sizeGib <= volume.size_gib && (target.iops ?? 0) <= (volume.iops ?? 0)) return;
  const given = isSame ? [{ sizeGib: -volume.size_gib, iops: -(volume.iops ?? 0) }] : [];
  const exceeded = findExceeded(target.type, [await sumOf(tx, volume, target.type), ...given, target]);
  if (exceeded === "size") throw limitExceeded("VolumeModificationSizeLimitExceeded", `The maximum storage of ${target.type} volumes, ${quotas[target.type].tib} TiB, has been reached.`);
  if (exceeded === "iops") throw volumeIopsLimit(target.type, quotas[target.type].iops ?? 0);
}

function findExceeded(type: VolumeType, all: readonly Pick<Figures, "sizeGib" | "iops">[]): "size" | "iops" | undefined {
  const { tib, iops = Number.POSITIVE_INFINITY } = quotas[type];
  if (all.reduce((sum, each) => sum + each.sizeGib, 0) > tib * gibPerTib) return "size";
  return all.reduce((sum, each) => sum + (each.iops ?? 0), 0) > iops ? "iops" : undefined;
}

async function sumOf(tx: Tx, { account, region }: Pick<VolumeRow, "account" | "region">, type: VolumeType): Promise<Pick<Figures, "sizeGib" | "iops">> {
  const { size_gib: sizeGib, iops } = await readSum(tx, { account, region, type });
  return { sizeGib, iops };
}
