/** What a placement is worth: how full hosts are, how evenly, what of the free room is of use, how far machines are apart. And whether every promise is kept. */
import type { Tx } from "../../store/store.ts";

export interface Measures {
  readonly instances: number;
  /** Shares of all hosts' memory and vCPUs that are promised. */
  readonly memory: number;
  readonly vcpus: number;
  /** The standard deviation of hosts' shares of memory. */
  readonly deviation: number;
  /** The share of the free memory that no further machine of 64 GiB and 16 vCPUs (m5.4xlarge) could have. */
  readonly fragmentation: number;
}

const large = { vcpus: 16, memoryMib: 64 * 1024 };

export async function measureHosts(tx: Tx, instances: number): Promise<Measures> {
  const rooms = await tx.db.selectFrom("host_rooms").selectAll().execute();
  const sum = (of: (room: (typeof rooms)[number]) => number) => rooms.reduce((total, room) => total + of(room), 0);
  const shares = rooms.map((room) => room.reserved_memory_mib / room.memory_mib);
  const mean = shares.reduce((total, share) => total + share, 0) / Math.max(1, shares.length);
  const free = sum((room) => room.memory_mib - room.reserved_memory_mib);
  const useful = sum((room) => large.memoryMib * Math.min(Math.floor((room.vcpus - room.reserved_vcpus) / large.vcpus), Math.floor((room.memory_mib - room.reserved_memory_mib) / large.memoryMib)));
  return {
    instances,
    memory: sum((room) => room.reserved_memory_mib) / sum((room) => room.memory_mib),
    vcpus: sum((room) => room.reserved_vcpus) / sum((room) => room.vcpus),
    deviation: Math.sqrt(shares.reduce((total, share) => total + (share - mean) ** 2, 0) / Math.max(1, shares.length)),
    fragmentation: free === 0 ? 0 : 1 - useful / free,
  };
}

/** Hosts for each instance of the launches of several without a group: 1 where none shares a host with its siblings. */
export async function measureSpread(tx: Tx): Promise<number> {
  const launches = await tx.db
    .selectFrom("instances")
    .select(({ fn }) => [fn.count<number>("id").as("machines"), fn.count<number>("host_id").distinct().as("hosts")])
    .where("host_id", "is not", null)
    .where("placement_group_id", "is", null)
    .where("tenancy", "=", "default")
    .groupBy("reservation_id")
    .having(({ fn }) => fn.count("id"), ">", 1)
    .execute();
  const total = (of: "machines" | "hosts") => launches.reduce((sum, row) => sum + Number(row[of]), 0);
  return launches.length === 0 ? 1 : total("hosts") / total("machines");
}

/** What is promised and not kept, in words; nothing where all is well. */
export async function listBroken(tx: Tx): Promise<string[]> {
  const rooms = await tx.db.selectFrom("host_rooms").selectAll().execute();
  const machines = await tx.db
    .selectFrom("instances")
    .innerJoin("host_reservations", "host_reservations.instance_id", "instances.id")
    .leftJoin("placement_groups", "placement_groups.id", "instances.placement_group_id")
    .select(["instances.account", "instances.tenancy", "instances.partition_number", "instances.placement_group_id", "host_reservations.host_id", "host_reservations.memory_mib", "strategy"])
    .execute();
  const byHost = Map.groupBy(machines, (machine) => machine.host_id);
  const byGroup = Map.groupBy(machines.filter((machine) => machine.placement_group_id !== null), (machine) => machine.placement_group_id);
  const broken = rooms.flatMap((room) => {
    const here = byHost.get(room.host_id) ?? [];
    const sum = here.reduce((total, machine) => total + machine.memory_mib, 0);
    const isShared = here.some((machine) => machine.tenancy !== "default") && new Set(here.map((machine) => `${machine.account} ${machine.tenancy}`)).size > 1;
    return [
      ...(sum === room.reserved_memory_mib ? [] : [`${room.host_id} has ${room.reserved_memory_mib} MiB promised by its room and ${sum} MiB by its reservations`]),
      ...(room.reserved_memory_mib > room.memory_mib || room.reserved_vcpus > room.vcpus ? [`${room.host_id} has more promised than it has`] : []),
      ...(isShared ? [`${room.host_id} is shared by a dedicated instance and others`] : []),
    ];
  });
  for (const [group, members] of byGroup) {
    const places = new Set(members.map((member) => member.host_id));
    if (members[0]?.strategy === "spread" && places.size < members.length) broken.push(`the spread group ${group} has two instances on one host`);
    const partitions = new Set(members.map((member) => `${member.host_id} ${member.partition_number}`));
    if (members[0]?.strategy === "partition" && partitions.size > places.size) broken.push(`two partitions of ${group} share a host`);
  }
  return broken;
}
