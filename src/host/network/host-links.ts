/** The devices in this process's namespace now. */
import { readFileSync } from "node:fs";
import { parseCidr, type Cidr } from "../../base/ipv4.ts";
import { ipJson } from "./command.ts";
import { listField, numberField, stringField } from "./json-field.ts";

export type HostLinks = ReadonlySet<string>;

/** From /proc, which shows a process its own namespace; /sys would show that of whoever mounted it. */
export function readHostLinks(): HostLinks {
  const lines = readFileSync("/proc/self/net/dev", "utf8").split("\n").slice(2);
  return new Set(lines.flatMap((line) => (line.includes(":") ? line.slice(0, line.indexOf(":")).trim() : [])));
}

export interface DeviceFacts {
  /** The first IPv4 address, without its prefix length. */
  readonly address: string;
  readonly block: Cidr;
  readonly mtu: number;
}

export async function readDevice(device: string): Promise<DeviceFacts> {
  const [link] = await ipJson(["-4", "address", "show", "dev", device]);
  const [found] = listField(link, "addr_info");
  const address = stringField(found, "local") ?? "";
  const block = parseCidr(`${address}/${numberField(found, "prefixlen")}`);
  if (block === undefined) throw new Error(`the device ${device} has no address`);
  return { address, block, mtu: numberField(link, "mtu") ?? 1_500 };
}
