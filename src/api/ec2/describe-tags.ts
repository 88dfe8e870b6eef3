import type { TagDescription } from "@aws-sdk/client-ec2";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";

/** Every tag of the account's resources in this region. */
export const DescribeTags = defineDescribe({
  name: "DescribeTags",
  supported: "whole",
  list: async ({ caller, tx }) => {
    const rows = await tx.db.selectFrom("tags").selectAll().where("account", "=", caller.account).where("region", "=", caller.region).execute();
    return rows.map((row) => ({
      ResourceId: row.resource_id,
      ResourceType: row.resource_type as NonNullable<TagDescription["ResourceType"]>, // written from our own names of types, which are EC2's
      Key: row.key,
      Value: row.value,
    }));
  },
  key: (tag) => `${tag.ResourceId} ${tag.Key}`,
  filters: {
    tags: (tag) => [{ key: tag.Key, value: tag.Value }],
    fields: {
      key: (tag) => tag.Key,
      "resource-id": (tag) => tag.ResourceId,
      "resource-type": (tag) => tag.ResourceType,
      value: (tag) => tag.Value,
    },
  },
  page: { minimum: 5, maximum: 1000 },
  output: (rows, nextToken) => ({ Tags: [...rows], ...nextTokenField(nextToken) }),
});
