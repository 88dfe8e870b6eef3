/** What hosts must know of VPCs when everything has come to rest. */
import { expect } from "vitest";
import { canonicalJson } from "../../src/host/protocol/generation.ts";
import type { VpcSpecification } from "../../src/host/protocol/specification.ts";
import { narrowToHost, toVpcSpecification } from "../../src/network/vpc-specification.ts";
import type { Store } from "../../src/store/store.ts";
import type { FakeHost } from "./fake-host.ts";

/** A host that has an interface of a VPC knows it as the rows say it now; the others know nothing of it, and are asked nothing. */
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
    const rows = await tx.db
      .selectFrom("vpcs")
      .innerJoin("network_interfaces", "network_interfaces.vpc_id", "vpcs.id")
      .innerJoin("instances", "instances.id", "network_interfaces.instance_id")
      .innerJoin("hosts", "hosts.id", "instances.host_id")
      .selectAll("vpcs")
      .select("underlay_address")
      .distinct()
      .where("hosts.id", "=", hostId)
      .execute();
    const specifications: VpcSpecification[] = [];
    for (const { underlay_address: address, ...vpc } of rows) {
      if (vpc.network_identifier === null) throw new Error(`${vpc.id} was never published`);
      specifications.push(narrowToHost(await toVpcSpecification(tx, { ...vpc, network_identifier: vpc.network_identifier }), address));
    }
    return specifications;
  });
}
