import { notFound } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toLaunchTemplateView } from "./views/launch-template-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

/** The account's launch templates, without their versions. */
export const DescribeLaunchTemplates = defineDescribe({
  name: "DescribeLaunchTemplates",
  supported: "whole",
  list: async ({ input, caller, tx }) => {
    const names = input.LaunchTemplateNames ?? [];
    const rows = await ownedRows(tx, "launch_templates", caller, input.LaunchTemplateIds);
    const missing = names.filter((name) => rows.every((row) => row.name !== name));
    if (missing.length > 0) throw notFound("launchTemplateName", missing);
    const tags = await listTagsOfType(tx, caller, "launch-template");
    return rows.filter((row) => names.length === 0 || names.includes(row.name)).map((row) => toLaunchTemplateView(row, tags.get(row.id)));
  },
  key: (template) => template.LaunchTemplateId ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      "create-time": (template) => template.CreateTime,
      "launch-template-name": (template) => template.LaunchTemplateName,
    },
  },
  page: { minimum: 1, maximum: 200, unasked: 200 },
  output: (rows, nextToken) => ({ LaunchTemplates: [...rows], ...nextTokenField(nextToken) }),
});
