/** Where the instances of one launch go, and what to say when there is no room for them (facts §1.5, §2.5). */
import { architectureNotRun, insufficientCapacityOnHost, insufficientHostCapacity, insufficientInstanceCapacity, noValidHost, reservationCapacityExceeded, type ApiError } from "../base/api-error.ts";
import { claimColumns, toClaimColumns, type ClaimColumns } from "../placement/claim.ts";
import { listDedicatedHosts, takesType } from "../placement/dedicated-host.ts";
import { findLargest, hasArm64, listAbilities } from "../placement/host-room.ts";
import type { Tx } from "../store/store.ts";
import { findSpots, type FoundSpots, type PlacementWish } from "./find-spots.ts";

/** Between `min` and `max` spots, all in one zone. Fails with the capacity error when no zone takes the minimum. */
export async function placeLaunch(tx: Tx, wish: PlacementWish, zones: readonly string[], { min, max }: { readonly min: number; readonly max: number }, now: number): Promise<FoundSpots> {
  const found = await findSpots(tx, wish, zones, max, now);
  if (found.spots.length < min) throw await noCapacity(tx, wish, zones, now);
  return found;
}

/** The error for a wish that no host of the zones takes, or none at all could; that of shared hardware names the zones that do have room for one. */
export async function noCapacity(tx: Tx, wish: PlacementWish, zones: readonly string[], now: number): Promise<ApiError> {
  const [zone] = zones;
  if (wish.need.architecture === "arm64" && !(await hasArm64(tx, wish.owner.region))) return architectureNotRun(wish.need.architecture, wish.type.name);
  if (wish.capacity.capacity_target !== null) return reservationCapacityExceeded(wish.capacity.capacity_target);
  if (wish.tenancy === "host") return noHostCapacity(tx, wish, zones);
  const lack = await findLack(tx, wish, zones);
  if (zones.length !== 1 || zone === undefined) return insufficientInstanceCapacity(wish.type.name, undefined, [], lack);
  const roomy: string[] = [];
  for (const other of await listZones(tx, wish.owner.region)) {
    if (other !== zone && (await findSpots(tx, wish, [other], 1, now)).spots.length > 0) roomy.push(other);
  }
  return insufficientInstanceCapacity(wish.type.name, zone, roomy, lack);
}

async function noHostCapacity(tx: Tx, { owner, type, dedicatedHost }: PlacementWish, zones: readonly string[]): Promise<ApiError> {
  if (dedicatedHost?.only === true) return insufficientCapacityOnHost(dedicatedHost.id);
  const possible = (await listDedicatedHosts(tx, owner)).filter((host) => zones.includes(host.zone) && takesType(host, type) && host.auto_placement === "on");
  return possible[0] === undefined ? noValidHost() : insufficientHostCapacity(possible[0].zone);
}

/** What the wish needs more of than any host of the zones has, be it as empty as it may. */
async function findLack(tx: Tx, { owner, need }: PlacementWish, zones: readonly string[]): Promise<string | undefined> {
  const most = await findLargest(tx, owner.region, zones);
  if (most === undefined) return undefined;
  const claim = toClaimColumns(need);
  const lacking = claimColumns.filter((column) => most[column] < claim[column]).map((column) => amountOf[column](claim[column]));
  // Only what few hosts have is worth a look at what each says of itself.
  const able = need.virtualizations.every((kind) => kind === "hardware") ? await listAbilities(tx, owner.region, zones) : undefined;
  const functions = need.functions ?? 0;
  if (able?.every((host) => host.functions < functions) === true) lacking.push(counted(functions, "virtual function"));
  if (able?.some((host) => host.virtualizations.includes("hardware")) === false) lacking.push("hardware virtualization");
  return lacking.length === 0 ? undefined : lacking.join(" or ");
}

const amountOf: Readonly<Record<keyof ClaimColumns, (amount: number) => string>> = {
  vcpus: (count) => counted(count, "vCPU"),
  memory_mib: (mib) => `${mib / 1024} GiB of memory`,
  disk_gib: (gib) => `${gib} GiB for local disks`,
  network_mbps: (mbps) => `${mbps / 1000} Gbps of network bandwidth`,
  accelerators: (count) => counted(count, "accelerator"),
};

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

async function listZones(tx: Tx, region: string): Promise<string[]> {
  const rows = await tx.db.selectFrom("host_rooms").select("zone").distinct().where("region", "=", region).orderBy("zone").execute();
  return rows.map(({ zone }) => zone);
}
