/** Which nodes of the topology a command means by the names that it was given. */
import { CommandError, exitCodes } from "./command-error.ts";

export interface NamedNode {
  readonly id: string;
  readonly role: "host" | "storage";
}

/** The topology, or what the control plane says of it, which also has the machines that joined. */
export interface NodePlaces {
  readonly regions: readonly { readonly zones: readonly { readonly name: string; readonly hosts: readonly { readonly id: string }[]; readonly storageNodes: readonly { readonly id: string }[] }[] }[];
}

/** The nodes of these ids, and all of the zones of these names, each once. Fails for a name that is neither, and changes nothing then. */
export function findNodes({ regions }: NodePlaces, names: readonly string[]): readonly NamedNode[] {
  const zones = regions.flatMap((region) => region.zones);
  const nodesOf = (zone: (typeof zones)[number]): NamedNode[] => [
    ...zone.hosts.map(({ id }) => ({ id, role: "host" as const })),
    ...zone.storageNodes.map(({ id }) => ({ id, role: "storage" as const })),
  ];
  const all = zones.flatMap(nodesOf);
  const found = names.flatMap((name) => {
    const named = zones.filter((zone) => zone.name === name).flatMap(nodesOf);
    const own = all.filter(({ id }) => id === name);
    if (named.length + own.length > 0) return [...named, ...own];
    throw new CommandError(`There is no host, storage node or zone ${name}.`, { remedy: "./hostelry host list shows what there is", exitCode: exitCodes.usage });
  });
  return [...new Map(found.map((node) => [node.id, node])).values()];
}
