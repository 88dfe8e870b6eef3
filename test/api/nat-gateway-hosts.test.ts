/** When a NAT gateway is available and when it is gone, as its host says it. */
import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { VpcId } from "../../src/base/ids.ts";
import { silentLog } from "../../src/base/log.ts";
import type { VpcReport } from "../../src/host/protocol/report.ts";
import type { VpcSpecification } from "../../src/host/protocol/specification.ts";
import { recordReport } from "../../src/reconcile/hosts/record-report.ts";
import { runRound } from "../../src/reconcile/loop.ts";
import { natGatewayReconciler } from "../../src/reconcile/nat-gateway-reconciler.ts";
import { vpcReconciler } from "../../src/reconcile/vpc-reconciler.ts";
import { openTestServer, type TestServer } from "./test-server.ts";
import { makeSubnet, makeVpc } from "./vpc-parts.ts";

const kinds = ["vpc", "nat-gateway"];

/** Lets both reconcilers look at what they were woken for. */
async function look({ store }: TestServer): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await store.write((tx) => tx.db.updateTable("due").set({ due_at: 0 }).where("kind", "in", kinds).execute());
    await store.write((tx) => tx.db.deleteFrom("due").where("kind", "not in", kinds).execute());
    await runRound({ store, reconcilers: [vpcReconciler, natGatewayReconciler], clock: systemClock, log: silentLog });
  }
}

test("A gateway is available when its host has applied it, leads there with its routes and its address, and is deleted when the host has let go", async () => {
  await using server = await openTestServer();
  await server.write(async (tx) => {
    const { description } = await tx.db.selectFrom("hosts").select("description").executeTakeFirstOrThrow();
    await tx.db.updateTable("hosts").set({ description: (description ?? "").replaceAll('"simulated"', '"qemu-tcg"') }).execute();
  });
  const { ec2, vpcId, subnetId, mainTable } = await makeVpc(server);
  const other = await makeSubnet(ec2, vpcId, "10.0.1.0/24", "us-east-1b");
  const { NatGateway: made } = await ec2.createNatGateway({ SubnetId: subnetId, ConnectivityType: "private" });
  await ec2.createRoute({ RouteTableId: mainTable, DestinationCidrBlock: "0.0.0.0/0", NatGatewayId: made?.NatGatewayId });
  const state = async () => (await ec2.describeNatGateways({})).NatGateways?.[0]?.State;
  const told = async () => {
    const rows = await server.read((tx) => tx.db.selectFrom("specifications").selectAll().where("kind", "=", "vpc").execute());
    return rows.map((row) => ({ ...(JSON.parse(row.body) as VpcSpecification), host: row.host_id, generation: row.generation })); // written by publish
  };
  const say = async (generation: number, said: VpcReport["state"]) => {
    await server.write((tx) => recordReport(tx, "host-a", { kind: "vpc", id: vpcId as VpcId, generation, state: said }, Date.now())); // an id from an answer
    await look(server);
    return state();
  };
  await look(server);
  const [specification, ...more] = await told();
  const [nic] = specification?.interfaces ?? [];
  expect([specification?.host, specification?.generation, more, await state()]).toEqual(["host-a", 1, [], "pending"]);
  expect(nic).toMatchObject({ natGateway: true, sourceDestCheck: false, groups: [], publicAddresses: {}, hostAddress: expect.any(String) });
  expect(specification?.subnets.map(({ id, routes }) => [id, routes]).toSorted()).toEqual(
    [subnetId, other].toSorted().map((id) => [id, [{ destination: "0.0.0.0/0", target: { kind: "interface", id: nic?.id } }]]),
  );
  expect(await say(1, "applied")).toBe("available");
  await ec2.deleteNatGateway({ NatGatewayId: made?.NatGatewayId });
  const beforeTold = await say(1, "applied");
  const [withdrawn] = await told();
  expect([beforeTold, withdrawn?.want, withdrawn?.generation, await say(1, "applied"), await say(2, "absent"), await told()]).toEqual(["deleting", "absent", 2, "deleting", "deleted", []]);
  expect((await ec2.describeNetworkInterfaces({})).NetworkInterfaces).toEqual([]);
});
