import { listUsers } from "../../network/prefix-list-changes.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { requireOwnList } from "./prefix-list-request.ts";

/** The groups and route tables that name a list of the account's. */
export const GetManagedPrefixListAssociations = defineDescribe({
  name: "GetManagedPrefixListAssociations",
  supported: "whole",
  list: async ({ input, caller, tx }) => {
    const { id } = await requireOwnList(tx, caller, input.PrefixListId ?? "");
    return (await listUsers(tx, id)).map((user) => ({ ResourceId: user.id, ResourceOwner: user.account }));
  },
  key: (association) => association.ResourceId,
  page: { minimum: 5, maximum: 255 },
  output: (rows, nextToken) => ({ PrefixListAssociations: [...rows], ...nextTokenField(nextToken) }),
});
