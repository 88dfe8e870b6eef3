/**
 * Publishing specifications: rows that a host will read. A specification whose content did not change is not published again, so a
 * reconciler may publish on every look. Generations are the resource's own and only rise, on whichever host it lives.
 */
import type { VpcId } from "../base/ids.ts";
import { canonicalJson } from "../host/protocol/generation.ts";
import type { Specification } from "../host/protocol/specification.ts";
import type { SpecificationRow } from "../store/tables.ts";
import { prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";

/** Returns the specification's generation: a new one when the content changed, else the one that stands. */
export async function publish(tx: Tx, hostId: string, specification: Specification): Promise<number> {
  const { kind, id } = specification;
  const body = canonicalJson({ ...specification, generation: undefined });
  const standing = await findPublished(tx, hostId, kind, id);
  if (standing?.body === body) return standing.generation;
  const generation = await raiseGeneration(tx, specification, standing?.generation ?? 0);
  const revision = await nextRevision(tx);
  await putSpecification(tx, { host_id: hostId, kind, id, generation, revision, body });
  tx.touch(`host:${hostId}`);
  return generation;
}

const putSpecification = prepare((db, { host_id, kind, id, generation, revision, body }: SpecificationRow) =>
  db
    .insertInto("specifications")
    .values({ host_id, kind, id, generation, revision, body })
    .onConflict((conflict) => conflict.columns(["host_id", "kind", "id"]).doUpdateSet({ generation, revision, body })),
);

/** What the host was last asked for. */
export async function findPublished(tx: Tx, hostId: string, kind: Specification["kind"], id: string): Promise<Published | undefined> {
  const [row] = await selectPublished(tx, { hostId, kind, id });
  return row;
}

type Published = Pick<SpecificationRow, "generation" | "body">;

const selectPublished = prepare((db, { hostId, kind, id }: { hostId: string; kind: Specification["kind"]; id: string }) =>
  db.selectFrom("specifications").select(["generation", "body"]).where("host_id", "=", hostId).where("kind", "=", kind).where("id", "=", id),
);

/** The host has confirmed the removal: it need not be asked any more. */
export async function withdraw(tx: Tx, hostId: string, kind: Specification["kind"], id: string): Promise<void> {
  await tx.db.deleteFrom("specifications").where("host_id", "=", hostId).where("kind", "=", kind).where("id", "=", id).execute();
}

async function raiseGeneration(tx: Tx, { kind, id }: Specification, standing: number): Promise<number> {
  const [raised] = await raises[kind](tx, { id });
  if (raised !== undefined) return raised.generation;
  // A VPC may be deleted before its hosts have let go of it; each is only told that it is gone.
  if (kind !== "vpc" || standing === 0) throw new Error(`publishing ${id}, which does not exist`);
  return standing + 1;
}

const raises = { machine: prepareRaise("instances"), volume: prepareRaise("volumes"), vpc: prepareRaise("vpcs") };

function prepareRaise(table: "instances" | "volumes" | "vpcs") {
  return prepare((db, { id }: { id: string }) =>
    db
      .updateTable(table as "vpcs") // all these tables have the two columns; Kysely cannot be told so for a table known only at run time
      .set(({ eb }) => ({ generation: eb("generation", "+", 1) }))
      .where("id", "=", id as VpcId)
      .returning("generation"),
  );
}

/** The counter's row orders all publications, also between several control planes: whoever holds it is alone. */
async function nextRevision(tx: Tx): Promise<number> {
  const [row] = await raiseRevision(tx, {});
  if (row === undefined) throw new Error("the counter of publications gave no number");
  return row.value;
}

const raiseRevision = prepare((db) =>
  db
    .insertInto("counters")
    .values({ name: "revision", value: 1 })
    .onConflict((conflict) => conflict.column("name").doUpdateSet(({ eb }) => ({ value: eb("counters.value", "+", 1) })))
    .returning("value"),
);
