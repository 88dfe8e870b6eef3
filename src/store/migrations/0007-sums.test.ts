import { Kysely, sql } from "kysely";
import { expect, test } from "vitest";
import { openConnection } from "../sqlite.ts";
import * as first from "./0001-first.ts";
import * as storage from "./0002-storage.ts";
import * as network from "./0003-network.ts";
import * as volumes from "./0004-volumes.ts";
import * as natGateways from "./0005-nat-gateways.ts";
import * as sums from "./0007-sums.ts";

test("Hosts and accounts of an earlier version have their sums afterwards", async () => {
  const connection = openConnection(":memory:");
  const db = new Kysely<unknown>({ dialect: connection.dialect });
  for (const migration of [first, storage, network, volumes, natGateways]) await migration.up(db);
  await sql`insert into hosts (id, role, region, zone, underlay_address, vcpus, memory_mib, created_at, incarnation) values ('h', 'host', 'r', 'ra', '', 8, 8, 0, 1)`.execute(db);
  await sql`insert into host_reservations (instance_id, host_id, vcpus, memory_mib) values ('i-0', 'h', 1, 512), ('i-1', 'h', 2, 1024)`.execute(db);
  for (const [number, type, iops, want] of [[0, "gp2", null, "present"], [1, "io2", 100, "present"], [2, "io2", 200, "present"], [3, "io2", 400, "absent"]] as const) {
    await sql`insert into volumes (id, account, region, zone, size_gib, type, iops, encrypted, storage_node, port, created_at, want, generation, observed_generation)
      values (${`vol-${number}`}, 'a', 'r', 'ra', 8, ${type}, ${iops}, 0, 's', ${number}, 0, ${want}, 0, 0)`.execute(db);
  }
  await sums.up(db);
  const rowsOf = async (table: string) => (await sql`select * from ${sql.table(table)}`.execute(db)).rows;
  expect(await rowsOf("host_loads")).toEqual([{ region: "r", host_id: "h", vcpus: 3, memory_mib: 1536 }]);
  expect(await rowsOf("volume_sums")).toEqual([
    { account: "a", region: "r", type: "gp2", size_gib: 8, iops: 0 },
    { account: "a", region: "r", type: "io2", size_gib: 16, iops: 300 },
  ]);
  connection.close();
});
