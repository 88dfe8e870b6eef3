/** The devices in this process's namespace now. */
import { readFileSync } from "node:fs";
import { ipJson } from "./command.ts";
import { listField, numberField, stringField } from "./json-field.ts";

export type HostLinks = ReadonlySet<string>;

/** From /proc, which shows a process its own namespace; /sys would show that of whoever mounted it. */
export function readHostLinks(): HostLinks {
  const lines = readFileSync("/proc/self/net/dev", "utf8").split("\n").slice(2);
  return new Set(lines.flatMap((line) => (line.includes(":") ? line.slice(0, line.indexOf(":")).trim() : [])));
}

/** The first IPv4 address on a device, as `address/prefix`. */
export async function readDeviceBlock(device: string): Promise<string> {
  const [link] = await ipJson(["-4", "address", "show", "dev", device]);
  const [address] = listField(link, "addr_info");
  const local = stringField(address, "local");
  if (local === undefined) throw new Error(`the underlay device ${device} has no address`);
  return `${local}/${numberField(address, "prefixlen")}`;
}
