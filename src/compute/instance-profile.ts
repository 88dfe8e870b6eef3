/** The instance profile of an instance: at most one, on the instance's own row (facts §10.7). Its role is whichever the profile has when it is asked. */
import { instanceProfileAssociated, invalidProfileArn, invalidProfileArnForm, missingParameter, noSuchProfileAssociation, notFound } from "../base/api-error.ts";
import { newId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { Grant } from "../iam/authorize.ts";
import { entityArn, findEntity } from "../iam/entity.ts";
import { listMembers } from "../iam/members.ts";
import { passRoleGrant } from "../iam/pass-role.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import { wake } from "../store/due.ts";
import type { IamEntityRow } from "../store/identity-tables.ts";
import type { Tx } from "../store/store.ts";

export interface ProfileAssociation {
  readonly id: string;
  readonly profileId: string;
  readonly profileArn: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

export interface ProfileRequest {
  readonly Arn?: string | undefined;
  readonly Name?: string | undefined;
}

/** A profile that may be given to an instance, and the role that goes with it. */
export interface RequestedProfile {
  readonly profile: IamEntityRow;
  readonly role: IamEntityRow | undefined;
}

/** The account's profile of this ARN or name. */
export async function requireProfile(tx: Tx, account: string, { Arn: arn, Name: asked }: ProfileRequest): Promise<RequestedProfile> {
  if (arn === undefined && asked === undefined) throw missingParameter("IamInstanceProfile");
  if (arn !== undefined && !/^arn:aws:iam::\d{12}:instance-profile\/./.test(arn)) throw invalidProfileArnForm(arn);
  const name = asked ?? arn?.split("/").at(-1) ?? "";
  const profile = await findEntity(tx, account, "instance-profile", name);
  if (arn !== undefined && (profile === undefined || entityArn(profile) !== arn)) throw invalidProfileArn(arn);
  if (profile === undefined) throw notFound("iamInstanceProfileName", name);
  return { profile, role: (await listMembers(tx, profile.id))[0] };
}

/** Whoever gives a profile to an instance hands its role to EC2. */
export function passProfileGrants({ role }: RequestedProfile): Grant[] {
  return role === undefined ? [] : [passRoleGrant(entityArn(role), "ec2.amazonaws.com")];
}

export function profileArnOf({ profile }: RequestedProfile): string {
  return entityArn(profile);
}

export function newAssociation({ profile }: RequestedProfile, random: Random, now: number): ProfileAssociation {
  return { id: newId("instanceProfileAssociation", random), profileId: profile.id, profileArn: entityArn(profile), since: now };
}

export function associationOf({ instance_profile: text }: Pick<InstanceRow, "instance_profile">): ProfileAssociation | undefined {
  return text === null ? undefined : (JSON.parse(text) as ProfileAssociation); // written here and at launch
}

export function refuseAssociated(instance: InstanceRow): void {
  if (associationOf(instance) !== undefined) throw instanceProfileAssociated(instance.id);
}

/** The instance that has the association. Fails when none has. */
export async function requireAssociatedInstance(tx: Tx, owner: { readonly account: string; readonly region: string }, associationId: string): Promise<InstanceRow> {
  const found = (await listAssociatedInstances(tx, owner)).find((row) => associationOf(row)?.id === associationId);
  if (found === undefined) throw noSuchProfileAssociation(associationId);
  return found;
}

/** Those with a profile, but for terminated ones. */
export async function listAssociatedInstances(tx: Tx, { account, region }: { readonly account: string; readonly region: string }): Promise<InstanceRow[]> {
  const mine = tx.db.selectFrom("instances").selectAll().where("account", "=", account).where("region", "=", region);
  return mine.where("instance_profile", "is not", null).where("terminated_at", "is", null).execute();
}

/** From now on the instance's metadata has the credentials of this profile's role, and no other's. */
export async function setProfile(tx: Tx, { id }: InstanceRow, association: ProfileAssociation | undefined, now: number): Promise<void> {
  const instance_profile = association === undefined ? null : JSON.stringify(association);
  await tx.db.updateTable("instances").set({ instance_profile }).where("id", "=", id).execute();
  await wake(tx, { kind: "instance", key: id }, now);
}
