import { sql } from "kysely";
import { expect, test } from "vitest";
import { systemRandom } from "../base/random.ts";
import { openStore, type Tx } from "../store/store.ts";
import { findStorageNode } from "./storage-node.ts";
import { createVolume } from "./volume.ts";

const place = { region: "us-east-1", zone: "us-east-1a" };
const [firstPort, lastPort] = [10_000, 65_535];

async function addNodes(tx: Tx, ids: readonly string[]): Promise<void> {
  const common = { role: "storage", ...place, underlay_address: "", vcpus: 0, memory_mib: 0, created_at: 0, incarnation: 1, description: null, heard_at: 0, failed_at: null, draining: 0 } as const;
  for (const id of ids) await tx.db.insertInto("hosts").values({ id, ...common }).execute();
}

async function makeVolume(tx: Tx, account: string) {
  const storageNode = (await findStorageNode(tx, { account, ...place })) ?? "";
  const figures = { sizeGib: 1, type: "gp3", iops: 3000, throughput: 125, encrypted: false, kmsKey: undefined, multiAttach: false, snapshotId: null, sourceFile: null, initializationRate: null };
  return createVolume(tx, { account, ...place, ...figures, storageNode }, systemRandom, 0);
}

test("An account's volumes of a zone are on one storage node as long as that has room, and accounts are spread over all", async () => {
  await using store = await openStore(":memory:");
  expect(await store.read((tx) => findStorageNode(tx, { account: "1", ...place }))).toBeUndefined();
  await store.write((tx) => addNodes(tx, ["as", "as1"]));
  const nodes = await store.write(async (tx) => {
    const made: string[] = [];
    for (const account of ["1", "1", "2", "1", "2", "3"]) made.push(`${account} ${(await makeVolume(tx, account)).storage_node}`);
    return made;
  });
  expect(nodes).toEqual(["1 as", "1 as", "2 as1", "1 as", "2 as1", "3 as1"]);
  await store.write((tx) => tx.db.updateTable("volumes").set({ port: lastPort }).where("storage_node", "=", "as").where("port", "=", firstPort).execute());
  expect((await store.write((tx) => makeVolume(tx, "1"))).storage_node).toBe("as1");
});

test("Ports that are free again are given once all were given, and a storage node without one takes no volume", async () => {
  await using store = await openStore(":memory:");
  const ports = await store.write(async (tx) => {
    await addNodes(tx, ["as"]);
    const { id } = await makeVolume(tx, "1");
    await tx.db.updateTable("volumes").set({ port: lastPort }).where("id", "=", id).execute();
    return [(await makeVolume(tx, "1")).port, (await makeVolume(tx, "1")).port];
  });
  expect(ports).toEqual([firstPort, firstPort + 1]);
  await store.write(async ({ db }) => {
    const first = await db.selectFrom("volumes").selectAll().where("port", "=", firstPort).executeTakeFirstOrThrow();
    const same = sql.join(Object.keys(first).filter((column) => column !== "id" && column !== "port").map((column) => sql.ref(column)));
    await sql`with recursive ports (number) as (select ${firstPort + 2} union all select number + 1 from ports where number < ${lastPort - 1})
      insert into volumes (id, port, ${same}) select 'vol-' || number, number, ${same} from volumes, ports where volumes.port = ${firstPort}`.execute(db);
  });
  await expect(store.write((tx) => makeVolume(tx, "1"))).rejects.toMatchObject({ code: "InsufficientVolumeCapacity" });
});
