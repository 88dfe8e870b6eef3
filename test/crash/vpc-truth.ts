/** What hosts must know of VPCs when everything has come to rest. */
import { expect } from "vitest";
import { canonicalJson } from "../../src/host/protocol/generation.ts";
import type { VpcSpecification } from "../../src/host/protocol/specification.ts";
import { narrowToHost, toVpcSpecification } from "../../src/network/vpc-specification.ts";
import type { Store } from "../../src/store/store.ts";
import type { FakeHost } from "./fake-host.ts";

/** A host that has an interface of a VPC, an instance's or a NAT gateway's, knows it as the rows say it now; the others know nothing of it, and are asked nothing. */
export async function expectTrueVpcs(store: Store, hosts: readonly FakeHost[]): Promise<void> {
  for (const host of hosts) {
    const known = [...host.held.values()].map(({ specification }) => specification).filter(({ kind }) => kind === "vpc");
    expect(known.map(toText), host.id).toEqual((await readTruth(store, host.id)).map(toText));
    const told = await store.read((tx) => tx.db.selectFrom("specifications").select("id").where("host_id", "=", host.id).where("kind", "=", "vpc").execute());
    expect(told.length, host.id).toBe(known.length);
  }
}

function toText(specification: object): string {
  return canonicalJson({ ...specification, generation: 0 });
}

async function readTruth(store: Store, hostId: string): Promise<VpcSpecification[]> {
  return store.read(async (tx) => {
    const host = await tx.db.selectFrom("hosts").select("underlay_address").where("id", "=", hostId).executeTakeFirstOrThrow();
    const guests = tx.db.selectFrom("network_interfaces").innerJoin("instances", "instances.id", "network_interfaces.instance_id").select("network_interfaces.vpc_id");
    const gateways = tx.db.selectFrom("nat_gateways").select("vpc_id").where("want", "=", "present");
    const rows = await tx.db
      .selectFrom("vpcs")
      .selectAll()
      .where(({ eb, or }) => or([eb("id", "in", guests.where("instances.host_id", "=", hostId)), eb("id", "in", gateways.where("nat_gateways.host_id", "=", hostId))]))
      .execute();
    const specifications: VpcSpecification[] = [];
    for (const vpc of rows) {
      if (vpc.network_identifier === null) throw new Error(`${vpc.id} was never published`);
      specifications.push(narrowToHost(await toVpcSpecification(tx, { ...vpc, network_identifier: vpc.network_identifier }), host.underlay_address));
    }
    return specifications;
  });
}
