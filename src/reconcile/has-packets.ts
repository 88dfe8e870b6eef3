import type { HostDescription } from "../host/protocol/report.ts";
import type { HostRow } from "../store/tables.ts";

/** Whether the host has guests that send packets; simulated ones send none. */
export function hasPackets({ description }: HostRow): boolean {
  if (description === null) return false;
  const { engines } = JSON.parse(description) as HostDescription; // written from a parsed arrival
  return Object.values(engines).some(({ engine }) => engine !== "simulated");
}
