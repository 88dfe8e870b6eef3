/** Which hosts and storage nodes are there for guests. One whose every engine fails, or is still being tried, waits for the latter: an emulated host has only KVM, whose trial takes a while. */
import { stillTried } from "../host/protocol/report.ts";
import type { HostStatus, StatusReport } from "./status-report.ts";

/** Of ids. */
export interface Arrivals {
  readonly arrived: readonly string[];
  readonly absent: readonly string[];
  /** Those of the absent that have spoken, and are finding out what they can do. */
  readonly tried: readonly string[];
}

/** Of the nodes that are waited for. One that is given no new guests is there all the same. */
export function findArrivals(report: Pick<StatusReport, "regions"> | undefined, awaited: readonly string[]): Arrivals {
  const zones = report?.regions.flatMap((region) => region.zones) ?? [];
  const up = zones.flatMap((zone) => [...zone.storageNodes, ...zone.hosts]).filter(({ state }) => state === "up" || state === "draining");
  const beingTried = new Set(zones.flatMap((zone) => zone.hosts.filter(isBeingTried)).map(({ id }) => id));
  const there = new Set(up.map(({ id }) => id));
  const arrived = awaited.filter((id) => there.has(id) && !beingTried.has(id));
  return { arrived, absent: awaited.filter((id) => !arrived.includes(id)), tried: awaited.filter((id) => there.has(id) && beingTried.has(id)) };
}

function isBeingTried({ engines, arm64 }: HostStatus): boolean {
  const all = [...Object.values(engines ?? {}), ...(arm64 === undefined ? [] : [arm64])];
  return all.every(({ works }) => !works) && all.some(({ reason }) => reason === stillTried);
}
