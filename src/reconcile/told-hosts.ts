/** What the hosts of a VPC were told of it, and whether they have done so. */
import type { VpcId } from "../base/ids.ts";
import type { VpcSpecification } from "../host/protocol/specification.ts";
import { prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";

/**
 * Every host that was told of the VPC was told what `agrees` asks for, and has done what it was told last. A host that was declared dead is not waited for:
 * it hears what is, before anything of it counts.
 */
export async function everyHostAgrees(tx: Tx, vpcId: VpcId, agrees: (specification: VpcSpecification) => boolean): Promise<boolean> {
  return (await selectTold(tx, { vpcId })).every(({ body, generation, observed_generation: done, observed_state: state }) => {
    const specification = JSON.parse(body) as VpcSpecification; // written by publish
    if (specification.want === "absent") return true;
    return agrees(specification) && state === "applied" && (done ?? 0) >= generation;
  });
}

const selectTold = prepare((db, { vpcId }: { vpcId: VpcId }) =>
  db
    .selectFrom("specifications")
    .innerJoin("hosts", "hosts.id", "specifications.host_id")
    .leftJoin("vpc_hosts", (join) => join.onRef("vpc_hosts.host_id", "=", "specifications.host_id").onRef("vpc_hosts.vpc_id", "=", "specifications.id"))
    .select(["body", "specifications.generation", "observed_generation", "observed_state"])
    .where("hosts.failed_at", "is", null)
    .where("kind", "=", "vpc")
    .where("specifications.id", "=", vpcId),
);
