/** How launch templates and their versions are shown (facts §12.1). */
import type { LaunchTemplate, LaunchTemplateVersion, ResponseLaunchTemplateData, ValidationWarning } from "@aws-sdk/client-ec2";
import { parseTemplateData, warningsOf, type LaunchTemplateData } from "../../../compute/launch-template-data.ts";
import type { Tag } from "../../../compute/tags.ts";
import type { LaunchTemplateRow, LaunchTemplateVersionRow } from "../../../store/compute-tables.ts";
import { toTagViews } from "./tag-view.ts";

export function toLaunchTemplateView(row: LaunchTemplateRow, tags: readonly Tag[] | undefined): LaunchTemplate {
  return {
    LaunchTemplateId: row.id,
    LaunchTemplateName: row.name,
    CreateTime: new Date(row.created_at),
    CreatedBy: row.created_by,
    DefaultVersionNumber: row.default_version,
    LatestVersionNumber: row.latest_version,
    Tags: toTagViews(tags),
  };
}

export function toVersionView(template: LaunchTemplateRow, row: LaunchTemplateVersionRow): LaunchTemplateVersion {
  return {
    LaunchTemplateId: template.id,
    LaunchTemplateName: template.name,
    VersionNumber: row.version,
    ...(row.description === null ? {} : { VersionDescription: row.description }),
    CreateTime: new Date(row.created_at),
    CreatedBy: row.created_by,
    DefaultVersion: row.version === template.default_version,
    // A request's data and an answer's have the same members.
    LaunchTemplateData: parseTemplateData(row.data) as ResponseLaunchTemplateData,
  };
}

export function toWarning(data: LaunchTemplateData): { Warning?: ValidationWarning } {
  const errors = warningsOf(data);
  return errors.length === 0 ? {} : { Warning: { Errors: errors } };
}
