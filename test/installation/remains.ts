/** What terminated guests have left on the machine and in the rows: there should be nothing. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DescribeNetworkInterfacesCommand, DescribeVolumesCommand } from "@aws-sdk/client-ec2";
import { nodeNamespace } from "../../src/host/network/names.ts";
import { eventually, listBelow, type TestInstallation } from "./installation.ts";

export interface Remains {
  /** Command lines. */
  readonly engines: readonly string[];
  /** Machine directories and volume files, tombstones aside. */
  readonly files: readonly string[];
  /** Guests' devices in the hosts' namespaces. */
  readonly taps: readonly string[];
  readonly volumes: readonly string[];
  readonly interfaces: readonly string[];
}

export const nothing: Remains = { engines: [], files: [], taps: [], volumes: [], interfaces: [] };

/** For guests that are `terminated` already, in an installation without others; waits until their volumes are gone. */
export async function remains(installation: TestInstallation, ids: readonly string[]): Promise<Remains> {
  const { ec2 } = installation;
  const volumeIds = async () => ((await ec2.send(new DescribeVolumesCommand({}))).Volumes ?? []).map(({ VolumeId: id = "" }) => id);
  await eventually("the volumes' end", async () => ((await volumeIds()).length === 0 ? true : undefined)).catch(() => "the caller sees which");
  const { NetworkInterfaces: interfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({}));
  return {
    engines: ids.flatMap(enginesOf),
    files: await filesOf(installation, ids),
    taps: tapsOf(installation),
    volumes: await volumeIds(),
    interfaces: interfaces.map(({ NetworkInterfaceId: id = "" }) => id),
  };
}

/** Command lines of processes that name the instance. */
export function enginesOf(id: string): string[] {
  const lines = execFileSync("ps", ["-eo", "args="], { encoding: "utf8", maxBuffer: 16 * 1024 * 1024 }).split("\n");
  return lines.filter((line) => line.includes(id));
}

async function filesOf({ dataDirectory }: TestInstallation, ids: readonly string[]): Promise<string[]> {
  const entries = (await listBelow(dataDirectory)).filter((entry) => !entry.includes("tombstones"));
  return entries.filter((entry) => entry.includes(join("volumes", "vol-")) || ids.some((id) => entry.includes(`machines/${id}`)));
}

function tapsOf({ id }: TestInstallation): string[] {
  const namespaces = readdirSync("/run/netns").filter((name) => name.startsWith(nodeNamespace(id, "")));
  const links = namespaces.flatMap((name) => JSON.parse(execFileSync("ip", ["-netns", name, "-json", "link", "show"], { encoding: "utf8" })) as { ifname: string }[]); // as iproute2 prints them
  return links.map(({ ifname }) => ifname).filter((name) => name.startsWith("tap"));
}
