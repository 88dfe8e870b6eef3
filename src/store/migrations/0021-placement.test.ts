import { Kysely, sql } from "kysely";
import { expect, test } from "vitest";
import { openConnection } from "../sqlite.ts";
import * as first from "./0001-first.ts";
import * as storage from "./0002-storage.ts";
import * as network from "./0003-network.ts";
import * as volumes from "./0004-volumes.ts";
import * as natGateways from "./0005-nat-gateways.ts";
import * as hostFailure from "./0006-host-failure.ts";
import * as sums from "./0007-sums.ts";
import * as placement from "./0021-placement.ts";

test("Hosts of an earlier version have their rooms afterwards, with what was promised of them", async () => {
  const connection = openConnection(":memory:");
  const db = new Kysely<unknown>({ dialect: connection.dialect });
  for (const migration of [first, storage, network, volumes, natGateways, hostFailure, sums]) await migration.up(db);
  await sql`insert into hosts (id, role, region, zone, underlay_address, vcpus, memory_mib, created_at, incarnation) values
    ('full', 'host', 'r', 'ra', '', 8, 2000, 0, 1), ('empty', 'host', 'r', 'rb', '', 8, 2000, 0, 1), ('disks', 'storage', 'r', 'ra', '', 0, 0, 0, 1)`.execute(db);
  await sql`insert into host_loads (region, host_id, vcpus, memory_mib) values ('r', 'full', 3, 1500)`.execute(db);
  await placement.up(db);
  const { rows } = await sql`select * from host_rooms order by host_id`.execute(db);
  expect(rows).toEqual([
    { host_id: "empty", region: "r", zone: "rb", holder: "", vcpus: 8, memory_mib: 2000, reserved_vcpus: 0, reserved_memory_mib: 0, load: 0 },
    { host_id: "full", region: "r", zone: "ra", holder: "", vcpus: 8, memory_mib: 2000, reserved_vcpus: 3, reserved_memory_mib: 1500, load: 750_000 },
  ]);
  connection.close();
});
