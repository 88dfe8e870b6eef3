/** All identities of an account with all their policies, in one answer that comes in pages. */
import { awsManagedPolicies } from "../../iam/aws-managed-policies.ts";
import { entityArn, listEntities } from "../../iam/entity.ts";
import { listAttachedPolicies, listInlinePolicies } from "../../iam/entity-policies.ts";
import { listEntityTags } from "../../iam/entity-tags.ts";
import { listPolicyVersions } from "../../iam/managed-policy.ts";
import { listContainers, listMembers } from "../../iam/members.ts";
import type { IamEntityKind, IamEntityRow } from "../../store/identity-tables.ts";
import type { Tx } from "../../store/store.ts";
import type { Action } from "../action.ts";
import { inTurn } from "../in-turn.ts";
import { accountAction, paged } from "./iam-action.ts";
import { encodeDocument, toAttachedView, toAwsPolicyView, toEntityView, toProfileView, toRoleView, toVersionView } from "./iam-views.ts";

/** What a filter of the request calls each list, and the answer's member for it. */
const lists: Readonly<Record<string, string>> = { User: "UserDetailList", Group: "GroupDetailList", Role: "RoleDetailList", LocalManagedPolicy: "Policies", AWSManagedPolicy: "Policies" };

interface Detail {
  readonly filter: string;
  readonly key: string;
  readonly view: (tx: Tx) => Promise<object>;
}

const GetAccountAuthorizationDetails = accountAction({
  name: "GetAccountAuthorizationDetails",
  readOnly: true,
  resource: () => "*",
  apply: async (call) => {
    const { input, caller, tx } = call;
    const wanted = Array.isArray(input["Filter"]) && input["Filter"].length > 0 ? input["Filter"] : Object.keys(lists);
    const details = (await listDetails(tx, caller.account)).filter(({ filter }) => wanted.includes(filter as never)); // names in a list of names
    const { page, end } = paged("GetAccountAuthorizationDetails", details, ({ key }) => key, call);
    const answer: Record<string, object[]> = { UserDetailList: [], GroupDetailList: [], RoleDetailList: [], Policies: [] };
    for (const { filter, view } of page) answer[lists[filter] ?? ""]?.push(await view(tx));
    return { ...answer, ...end };
  },
});

async function listDetails(tx: Tx, account: string): Promise<Detail[]> {
  const of = async (kind: IamEntityKind, filter: string, view: (tx: Tx, row: IamEntityRow) => Promise<object>): Promise<Detail[]> =>
    (await listEntities(tx, account, kind)).map((row) => ({ filter, key: `${filter} ${row.folded_name}`, view: (within) => view(within, row) }));
  const aws = awsManagedPolicies.map((policy): Detail => {
    const version = { policy_id: policy.id, version: "v1", document: policy.document, is_default: 1, created_at: 0 } as const;
    return { filter: "AWSManagedPolicy", key: `AWSManagedPolicy ${policy.arn}`, view: async () => ({ ...toAwsPolicyView(policy, 0), PolicyVersionList: [toVersionView(version, true)] }) };
  });
  return [...(await of("user", "User", viewUser)), ...(await of("group", "Group", viewGroup)), ...(await of("role", "Role", viewRole)), ...(await of("policy", "LocalManagedPolicy", viewPolicy)), ...aws];
}

async function viewUser(tx: Tx, row: IamEntityRow): Promise<object> {
  const groups = (await listContainers(tx, row.id)).map(({ name }) => name);
  return { ...toEntityView(row, await listEntityTags(tx, row.id)), GroupList: groups, UserPolicyList: await viewInline(tx, row), AttachedManagedPolicies: await viewAttached(tx, row) };
}

async function viewGroup(tx: Tx, row: IamEntityRow): Promise<object> {
  return { ...toEntityView(row), GroupPolicyList: await viewInline(tx, row), AttachedManagedPolicies: await viewAttached(tx, row) };
}

async function viewRole(tx: Tx, row: IamEntityRow): Promise<object> {
  const profiles = await inTurn(await listContainers(tx, row.id), async (profile) => toProfileView(profile, await listMembers(tx, profile.id)));
  const { MaxSessionDuration: _notHere, Description: _norThis, ...view } = toRoleView(row, await listEntityTags(tx, row.id));
  return { ...view, InstanceProfileList: profiles, RolePolicyList: await viewInline(tx, row), AttachedManagedPolicies: await viewAttached(tx, row) };
}

async function viewPolicy(tx: Tx, row: IamEntityRow): Promise<object> {
  const versions = await listPolicyVersions(tx, row.id);
  const arn = entityArn(row);
  const attached = await tx.db.selectFrom("iam_attachments").select("entity_id").where("policy_arn", "=", arn).execute();
  const named = { PolicyName: row.name, PolicyId: row.id, Arn: arn, Path: row.path, CreateDate: new Date(row.created_at) };
  return { ...named, DefaultVersionId: versions.find((version) => version.is_default === 1)?.version, AttachmentCount: attached.length, IsAttachable: true, PolicyVersionList: versions.map((version) => toVersionView(version, true)) };
}

async function viewInline(tx: Tx, { id }: IamEntityRow): Promise<object[]> {
  return (await listInlinePolicies(tx, id)).map(({ name, document }) => ({ PolicyName: name, PolicyDocument: encodeDocument(document) }));
}

async function viewAttached(tx: Tx, { id }: IamEntityRow): Promise<object[]> {
  return (await listAttachedPolicies(tx, id)).map(toAttachedView);
}

export const authorizationDetailActions: readonly Action[] = [GetAccountAuthorizationDetails];
