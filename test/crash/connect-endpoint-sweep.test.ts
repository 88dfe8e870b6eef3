/** Instance Connect Endpoints, swept: they come, change and go while hosts with the VPC do. */
import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { changeConnectEndpoint, createConnectEndpoint, deleteConnectEndpoint } from "../../src/network/connect-endpoint.ts";
import type { ConnectEndpointRow } from "../../src/store/connect-endpoint-table.ts";
import type { Tx } from "../../src/store/store.ts";
import { clock, launchOne, store, sweep, up, type Act, type Script } from "./sweep.ts";

const create: Act = () =>
  store.write(async (tx) => {
    const subnet = await tx.db.selectFrom("subnets").selectAll().where("zone", "=", "us-east-1a").executeTakeFirstOrThrow();
    await createConnectEndpoint(tx, { subnet, groupIds: [], preservesClientIp: false }, systemRandom, clock.now());
  });
const withEndpoint = (act: (tx: Tx, row: ConnectEndpointRow) => Promise<unknown>): Act => () => store.write(async (tx) => void (await act(tx, await tx.db.selectFrom("instance_connect_endpoints").selectAll().executeTakeFirstOrThrow())));
const remove = withEndpoint((tx, row) => deleteConnectEndpoint(tx, row, clock.now()));
const change = withEndpoint(async (tx, row) => {
  const group = await tx.db.selectFrom("security_groups").select("id").where("vpc_id", "=", row.vpc_id).executeTakeFirstOrThrow();
  await changeConnectEndpoint(tx, row, { groupIds: [group.id], preservesClientIp: true }, clock.now());
});
const launchSecond: Act = async (_id, hosts) => void (await launchOne(hosts));

const moments = 12;
const scripts: Readonly<Record<string, Script>> = {
  "one that comes while another host does": { act: create, then: [launchSecond], end: { ...up, running: 2, volumes: 2, made: "connect-endpoint create-complete" } },
  "one that is changed": { before: [create], act: change, end: { ...up, made: "connect-endpoint update-complete preserving" } },
  "one that goes at once": { before: [create], act: remove, end: up },
};

describe("However often the control plane is killed, a connect endpoint is complete when every host with the VPC has it, and gone when none does", () => {
  test.each(Object.entries(scripts))("%s", async (_name, script) => {
    expect(await sweep({ ...script, packets: true }, moments)).toBeGreaterThan(moments);
  });
});
