/** NAT gateways, swept: they come, go, and move when their host falls silent. */
import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { createNatGateway, deleteNatGateway } from "../../src/network/nat-gateway.ts";
import type { NatGatewayRow } from "../../src/store/network-tables.ts";
import type { Tx } from "../../src/store/store.ts";
import { clock, store, sweep, up, type Act, type Script } from "./sweep.ts";

const create: Act = () =>
  store.write(async (tx) => {
    const subnet = await tx.db.selectFrom("subnets").selectAll().where("zone", "=", "us-east-1a").executeTakeFirstOrThrow();
    await createNatGateway(tx, { subnet, elasticIp: undefined, privateAddress: undefined }, systemRandom, clock.now());
  });
const withGateway = (act: (tx: Tx, gateway: NatGatewayRow) => Promise<unknown>) => () =>
  store.write(async (tx) => void (await act(tx, await tx.db.selectFrom("nat_gateways").selectAll().orderBy("created_at").executeTakeFirstOrThrow())));
const remove: Act = withGateway((tx, gateway) => deleteNatGateway(tx, gateway, clock.now()));
/** As if its host had been found silent for long, and were still. */
const loseHost: Act = withGateway(async (tx, { id, host_id: host }) => {
  await tx.db.updateTable("nat_gateways").set({ silent_since: clock.now() - 60_000 }).where("id", "=", id).execute();
  await tx.db.updateTable("hosts").set({ heard_at: clock.now() - 60_000 }).where("id", "=", host).execute();
  await tx.db.updateTable("hosts").set({ heard_at: clock.now() + 60_000 }).where("id", "!=", host).where("role", "=", "host").execute();
});

const moments = 12;
const scripts: Readonly<Record<string, Script>> = {
  "one that comes": { act: create, end: { ...up, made: "nat-gateway available" } },
  "one that comes and goes": { act: create, then: [remove], end: { ...up, made: "nat-gateway deleted" } },
  "one that goes at once": { before: [create], act: remove, end: { ...up, made: "nat-gateway deleted" } },
  "one whose host falls silent": { before: [create], act: loseHost, then: [remove, create], end: { ...up, made: "nat-gateway available, nat-gateway deleted" } },
};

describe("However often the control plane is killed, one host has the gateway that is wanted, and nothing is left of the other", () => {
  test.each(Object.entries(scripts))("%s", async (_name, script) => {
    expect(await sweep({ ...script, packets: true }, moments)).toBeGreaterThan(moments);
  });
});
