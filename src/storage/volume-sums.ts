/** What an account's volumes of one type have together in a region: kept beside their rows, and changed in the same transactions as these. */
import { prepare } from "../store/prepared.ts";
import type { VolumeRow, VolumeSumRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";

type Counted = Pick<VolumeRow, "account" | "region" | "type" | "size_gib" | "iops">;

/** The columns that `addToSum` and `takeFromSum` want. */
export const countedColumns = ["account", "region", "type", "size_gib", "iops"] as const; // the columns' names as such

export async function addToSum(tx: Tx, volume: Counted): Promise<void> {
  await change(tx, { ...volume, iops: volume.iops ?? 0 });
}

export async function takeFromSum(tx: Tx, volume: Counted): Promise<void> {
  await change(tx, { ...volume, size_gib: -volume.size_gib, iops: -(volume.iops ?? 0) });
}

const change = prepare((db, { account, region, type, size_gib, iops }: VolumeSumRow) =>
  db
    .insertInto("volume_sums")
    .values({ account, region, type, size_gib, iops })
    .onConflict((conflict) =>
      conflict.columns(["account", "region", "type"]).doUpdateSet(({ eb, ref }) => ({
        size_gib: eb("volume_sums.size_gib", "+", ref("excluded.size_gib")),
        iops: eb("volume_sums.iops", "+", ref("excluded.iops")),
      })),
    ),
);

export async function readSum(tx: Tx, { account, region, type }: Pick<VolumeSumRow, "account" | "region" | "type">): Promise<Pick<VolumeSumRow, "size_gib" | "iops">> {
  const [sum] = await select(tx, { account, region, type });
  return sum ?? { size_gib: 0, iops: 0 };
}

const select = prepare((db, { account, region, type }: Pick<VolumeSumRow, "account" | "region" | "type">) =>
  db.selectFrom("volume_sums").select(["size_gib", "iops"]).where("account", "=", account).where("region", "=", region).where("type", "=", type),
);
