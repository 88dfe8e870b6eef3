/** Users in groups, and the one role in an instance profile. */
import { entityAlreadyExists, identityLimitExceeded, noSuchEntity } from "../base/api-error.ts";
import type { IamEntityRow } from "../store/identity-tables.ts";
import { insertRow, prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";

const groupsPerUser = 10;

/** In order of their names. */
export async function listMembers(tx: Tx, containerId: string): Promise<IamEntityRow[]> {
  return selectMembers(tx, { id: containerId });
}

const selectMembers = prepare((db, { id }: { id: string }) =>
  db.selectFrom("iam_entities").innerJoin("iam_members", "member_id", "iam_entities.id").selectAll("iam_entities").where("container_id", "=", id).orderBy("folded_name"),
);

/** What the entity is in, in order of their names. */
export async function listContainers(tx: Tx, memberId: string): Promise<IamEntityRow[]> {
  return selectContainers(tx, { id: memberId });
}

const selectContainers = prepare((db, { id }: { id: string }) =>
  db.selectFrom("iam_entities").innerJoin("iam_members", "container_id", "iam_entities.id").selectAll("iam_entities").where("member_id", "=", id).orderBy("folded_name"),
);

/** In it already: fine. */
export async function addUserToGroup(tx: Tx, group: IamEntityRow, user: IamEntityRow, now: number): Promise<void> {
  const groups = await listContainers(tx, user.id);
  if (groups.some(({ id }) => id === group.id)) return;
  if (groups.length >= groupsPerUser) throw identityLimitExceeded(`Cannot exceed quota for GroupsPerUser: ${groupsPerUser}`);
  await insertRow(tx, "iam_members", { container_id: group.id, member_id: user.id, created_at: now });
}

/** A profile has one role at most. */
export async function addRoleToProfile(tx: Tx, profile: IamEntityRow, role: IamEntityRow, now: number): Promise<void> {
  const [present] = await listMembers(tx, profile.id);
  if (present?.id === role.id) throw entityAlreadyExists(`Role ${role.name} is already in instance profile ${profile.name}.`);
  if (present !== undefined) throw identityLimitExceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
  await insertRow(tx, "iam_members", { container_id: profile.id, member_id: role.id, created_at: now });
}

export async function removeMember(tx: Tx, container: IamEntityRow, member: IamEntityRow): Promise<void> {
  const isIn = (await listMembers(tx, container.id)).some(({ id }) => id === member.id);
  if (!isIn) throw noSuchEntity(`The ${member.kind} ${member.name} is not in ${container.name}.`);
  await tx.db.deleteFrom("iam_members").where("container_id", "=", container.id).where("member_id", "=", member.id).execute();
}
