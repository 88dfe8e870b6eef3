/**
 * Which of a zone's storage nodes a new volume is on, and at which of its ports. An account's volumes of a zone stay together as long as there is room, so that
 * snapshots of several can be of one moment; other accounts go where the fewest ports were given yet.
 */
import { prepare, prepareKept } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";

/** The ports of a storage node's exports; each volume has its own, for life. */
const [firstPort, lastPort] = [10_000, 65_535];

export interface VolumeOwner {
  readonly account: string;
  readonly region: string;
  readonly zone: string;
}

/** Undefined where the zone has no storage node with room. */
export async function findStorageNode(tx: Tx, owner: VolumeOwner): Promise<string | undefined> {
  const nodes = await selectNodes(tx, { zone: owner.zone });
  if (nodes.length < 2) return nodes[0]?.id;
  const [own] = await selectOwn(tx, owner);
  if (own !== undefined && (await nextPort(tx, own.storage_node)) <= lastPort) return own.storage_node;
  const ports = await Promise.all(nodes.map(async ({ id }) => ({ id, port: await nextPort(tx, id) })));
  const [emptiest] = ports.toSorted((one, other) => one.port - other.port);
  return emptiest?.id;
}

const selectNodes = prepareKept((db, { zone }: Pick<VolumeOwner, "zone">) => db.selectFrom("hosts").select("id").where("zone", "=", zone).where("role", "=", "storage").orderBy("id"));

const selectOwn = prepare((db, { account, region, zone }: VolumeOwner) =>
  db.selectFrom("volumes").select("storage_node").where("account", "=", account).where("region", "=", region).where("zone", "=", zone).limit(1),
);

/** The number after the highest in use; when those run out, the lowest gap. Undefined when every port is some volume's. */
export async function freePort(tx: Tx, storageNode: string): Promise<number | undefined> {
  const next = await nextPort(tx, storageNode);
  if (next <= lastPort) return next;
  const rows = await tx.db.selectFrom("volumes").select("port").where("storage_node", "=", storageNode).execute();
  const used = new Set(rows.map((row) => row.port));
  for (let port = firstPort; port <= lastPort; port++) if (!used.has(port)) return port;
  return undefined;
}

async function nextPort(tx: Tx, storageNode: string): Promise<number> {
  const [last] = await selectLastPort(tx, { storageNode });
  return Number(last?.port ?? firstPort - 1) + 1;
}

const selectLastPort = prepare((db, { storageNode }: { storageNode: string }) =>
  db
    .selectFrom("volumes")
    .select(({ fn }) => fn.max("port").as("port"))
    .where("storage_node", "=", storageNode),
);
