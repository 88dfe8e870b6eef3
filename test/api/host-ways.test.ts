import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { InstanceId } from "../../src/base/ids.ts";
import type { HostDescription } from "../../src/host/protocol/report.ts";
import type { VpcSpecification } from "../../src/host/protocol/specification.ts";
import { openHostDesk } from "../../src/reconcile/hosts/host-desk.ts";
import { launchOne } from "./launch-one.ts";
import { openTestServer, type TestServer } from "./test-server.ts";
import { look, makeReal } from "./told-hosts.ts";

/** Of the first interface of the only VPC that a host was told of: how its host is reached. */
async function readWay({ store }: TestServer): Promise<unknown> {
  const row = await store.read((tx) => tx.db.selectFrom("specifications").select("body").where("kind", "=", "vpc").executeTakeFirstOrThrow());
  const [nic] = (JSON.parse(row.body) as VpcSpecification).interfaces; // written by publish
  return { hostMtu: nic?.hostMtu, isHostOnSwitch: nic?.isHostOnSwitch };
}

test("How a host is reached from others, as it says when it arrives, is told to those that have its VPCs, also when it becomes another", async () => {
  await using server = await openTestServer();
  await makeReal(server);
  const { instance } = await launchOne(server);
  await look(server);
  expect(await readWay(server)).toEqual({ hostMtu: undefined, isHostOnSwitch: undefined });
  const host = await server.store.read((tx) => tx.db.selectFrom("instances").innerJoin("hosts", "hosts.id", "instances.host_id").select(["hosts.id", "hosts.description"]).where("instances.id", "=", instance as InstanceId).executeTakeFirstOrThrow()); // an id from an answer
  const desk = openHostDesk(server.store, systemClock, new Uint8Array(32));
  const arrive = async (incarnation: number, way: Pick<HostDescription, "mtu" | "isOnSwitch">) => {
    await desk.arrive(host.id, { incarnation, description: { ...(JSON.parse(host.description ?? "") as HostDescription), ...way } }); // a parsed arrival's
    await look(server);
  };
  await arrive(1_000, { mtu: 1_450 });
  expect(await readWay(server)).toEqual({ hostMtu: 1_450, isHostOnSwitch: undefined });
  await arrive(1_001, { isOnSwitch: true });
  expect(await readWay(server)).toEqual({ hostMtu: undefined, isHostOnSwitch: true });
  desk.close();
});
