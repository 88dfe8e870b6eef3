import { Kysely } from "kysely";
import { expect, test } from "vitest";
import { openConnection } from "../sqlite.ts";
import type { Tables } from "../tables.ts";
import * as first from "./0001-first.ts";
import * as storage from "./0002-storage.ts";
import * as network from "./0003-network.ts";

test("Default network ACLs of an earlier version let everything through afterwards too, and others stay closed", async () => {
  const connection = openConnection(":memory:");
  const db = new Kysely<Tables>({ dialect: connection.dialect });
  const schema = db as unknown as Kysely<unknown>; // a migration knows no tables
  await first.up(schema);
  await storage.up(schema);
  const acl = { account: "111122223333", region: "us-east-1", vpc_id: "vpc-0" } as const; // keeps the id's form
  await db.insertInto("network_acls").values([{ id: "acl-0", is_default: 1, ...acl }, { id: "acl-1", is_default: 0, ...acl }]).execute();
  await network.up(schema);
  const open = { network_acl_id: "acl-0", rule_number: 100, protocol: -1, action: "allow", cidr: "0.0.0.0/0" };
  expect(await db.selectFrom("network_acl_entries").select(["network_acl_id", "egress", "rule_number", "protocol", "action", "cidr"]).orderBy("egress").execute()).toEqual([
    { ...open, egress: 0 },
    { ...open, egress: 1 },
  ]);
  connection.close();
});
