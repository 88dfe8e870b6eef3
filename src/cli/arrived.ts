/** Which hosts and storage nodes are there for guests. One whose every engine fails, or is still being tried, waits for the latter: an emulated host has only KVM, whose trial takes a while. */
import { stillTried } from "../host/protocol/report.ts";
import type { HostStatus, StatusReport } from "./status-report.ts";

/** Their ids. */
export function listArrived({ regions }: Pick<StatusReport, "regions">): readonly string[] {
  const nodes = regions.flatMap(({ zones }) => zones.flatMap((zone) => [...zone.storageNodes, ...zone.hosts.filter((host) => !isBeingTried(host))]));
  return nodes.flatMap(({ id, state }) => (state === "up" ? id : []));
}

function isBeingTried({ engines, arm64 }: HostStatus): boolean {
  const all = [...Object.values(engines ?? {}), ...(arm64 === undefined ? [] : [arm64])];
  return all.every(({ works }) => !works) && all.some(({ reason }) => reason === stillTried);
}
