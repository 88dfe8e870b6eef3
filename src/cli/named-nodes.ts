/** Which nodes of the topology a command means by the names that it was given. */
import { CommandError, exitCodes } from "./command-error.ts";
import type { Installation } from "./installation.ts";

export interface NamedNode {
  readonly id: string;
  readonly role: "host" | "storage";
}

/** The nodes of these ids, and all of the zones of these names, each once. Fails for a name that is neither, and changes nothing then. */
export function findNodes({ topology }: Pick<Installation, "topology">, names: readonly string[]): readonly NamedNode[] {
  const zones = topology.regions.flatMap((region) => region.zones);
  const nodesOf = (zone: (typeof zones)[number]): NamedNode[] => [
    ...zone.hosts.map(({ id }) => ({ id, role: "host" as const })),
    { id: zone.storageNode.id, role: "storage" },
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
