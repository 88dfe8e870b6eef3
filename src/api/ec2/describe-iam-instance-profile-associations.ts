import type { IamInstanceProfileAssociation } from "@aws-sdk/client-ec2";
import { noSuchProfileAssociation } from "../../base/api-error.ts";
import { associationOf, listAssociatedInstances } from "../../compute/instance-profile.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toAssociationView } from "./views/profile-association-view.ts";

/** Which instances have which profiles. */
export const DescribeIamInstanceProfileAssociations = defineDescribe({
  name: "DescribeIamInstanceProfileAssociations",
  supported: "whole",
  ids: ({ AssociationIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const views = (await listAssociatedInstances(tx, caller)).flatMap((row): IamInstanceProfileAssociation[] => {
      const association = associationOf(row);
      return association === undefined ? [] : [toAssociationView(row.id, association, "associated")];
    });
    const asked = input.AssociationIds ?? [];
    const missing = asked.find((id) => !views.some((view) => view.AssociationId === id));
    if (missing !== undefined) throw noSuchProfileAssociation(missing);
    return asked.length === 0 ? views : views.filter((view) => asked.includes(view.AssociationId ?? ""));
  },
  key: (view) => view.AssociationId ?? "",
  filters: { fields: { "instance-id": (view) => view.InstanceId, state: (view) => view.State } },
  page: { minimum: 5, maximum: 1000, idsParameter: "associationIds" },
  output: (rows, nextToken) => ({ IamInstanceProfileAssociations: [...rows], ...nextTokenField(nextToken) }),
});
