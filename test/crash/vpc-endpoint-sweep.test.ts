/** Interface endpoints, swept: they come, change and go while hosts with the VPC do. */
import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { createEndpoint, deleteEndpoint } from "../../src/network/vpc-endpoint.ts";
import { over, terminate } from "./acts.ts";
import { clock, launchOne, store, sweep, up, type Act, type Script } from "./sweep.ts";

const create: Act = () =>
  store.write(async (tx) => {
    const vpc = await tx.db.selectFrom("vpcs").selectAll().executeTakeFirstOrThrow();
    const subnets = await tx.db.selectFrom("subnets").selectAll().where("vpc_id", "=", vpc.id).where("zone", "in", ["us-east-1a", "us-east-1b"]).execute();
    const places = subnets.map((subnet) => ({ subnet, privateAddress: undefined }));
    await createEndpoint(tx, { vpc, service: { name: "ec2", type: "Interface" }, policy: undefined, tables: [], places, groupIds: [], privateDns: true }, systemRandom, clock.now());
  });
const remove: Act = () => store.write(async (tx) => deleteEndpoint(tx, await tx.db.selectFrom("vpc_endpoints").selectAll().executeTakeFirstOrThrow(), clock.now()));
const launchSecond: Act = async (_id, hosts) => void (await launchOne(hosts));

const moments = 12;
const scripts: Readonly<Record<string, Script>> = {
  "one that comes while another host does": { act: create, then: [launchSecond], end: { ...up, running: 2, volumes: 2, made: "vpc-endpoint available" } },
  "one that goes at once": { before: [create], act: remove, end: up },
  "one that goes with the last guest": { before: [create], act: terminate, then: [remove], end: over },
};

describe("However often the control plane is killed, an endpoint is available when every host with the VPC answers for it, and over when none does", () => {
  test.each(Object.entries(scripts))("%s", async (_name, script) => {
    expect(await sweep({ ...script, packets: true }, moments)).toBeGreaterThan(moments);
  });
});
