import type { LaunchTemplateVersion } from "@aws-sdk/client-ec2";
import { invalidParameterCombination, missingParameter } from "../../base/api-error.ts";
import { listVersions, requireTemplate, requireVersion } from "../../compute/launch-template.ts";
import { ownedRows, type Owner } from "../../compute/owned-rows.ts";
import type { Tx } from "../../store/store.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toVersionView } from "./views/launch-template-view.ts";

type Input = ActionInput<"ec2", "DescribeLaunchTemplateVersions">;

const general = new Set(["$Latest", "$Default"]);

/** The versions of one launch template, the newest first; or the latest and default versions of all. */
export const DescribeLaunchTemplateVersions = defineDescribe({
  name: "DescribeLaunchTemplateVersions",
  supported: "whole; aliases of AMIs are shown as they are",
  list: ({ input, caller, tx }) => (input.LaunchTemplateId === undefined && input.LaunchTemplateName === undefined ? versionsOfAll(tx, caller, input) : versionsOfOne(tx, caller, input)),
  key: (version) => `${version.LaunchTemplateId} ${String(1_000_000 - (version.VersionNumber ?? 0)).padStart(7, "0")}`,
  filters: {
    fields: {
      "create-time": (version) => version.CreateTime,
      "ebs-optimized": (version) => version.LaunchTemplateData?.EbsOptimized,
      "host-resource-group-arn": (version) => version.LaunchTemplateData?.Placement?.HostResourceGroupArn,
      "http-endpoint": (version) => version.LaunchTemplateData?.MetadataOptions?.HttpEndpoint,
      "http-protocol-ipv4": () => undefined,
      "http-tokens": (version) => version.LaunchTemplateData?.MetadataOptions?.HttpTokens,
      "iam-instance-profile": (version) => version.LaunchTemplateData?.IamInstanceProfile?.Arn,
      "image-id": (version) => version.LaunchTemplateData?.ImageId,
      "instance-type": (version) => version.LaunchTemplateData?.InstanceType,
      "is-default-version": (version) => version.DefaultVersion,
      "kernel-id": (version) => version.LaunchTemplateData?.KernelId,
      "license-configuration-arn": (version) => version.LaunchTemplateData?.LicenseSpecifications?.map((each) => each.LicenseConfigurationArn),
      "network-card-index": (version) => version.LaunchTemplateData?.NetworkInterfaces?.map((each) => each.NetworkCardIndex),
      "ram-disk-id": (version) => version.LaunchTemplateData?.RamDiskId,
    },
  },
  page: { minimum: 1, maximum: 200, unasked: 200 },
  output: (rows, nextToken) => ({ LaunchTemplateVersions: [...rows], ...nextTokenField(nextToken) }),
});

async function versionsOfOne(tx: Tx, owner: Owner, input: Input): Promise<LaunchTemplateVersion[]> {
  const template = await requireTemplate(tx, owner, input);
  const names = input.Versions ?? [];
  if (names.length > 0 && (input.MinVersion !== undefined || input.MaxVersion !== undefined)) {
    throw invalidParameterCombination("Versions cannot be specified together with MinVersion or MaxVersion.");
  }
  if (names.length > 0) {
    const named = new Map<number, LaunchTemplateVersion>();
    for (const name of names) {
      const row = await requireVersion(tx, template, name);
      named.set(row.version, toVersionView(template, row));
    }
    return [...named.values()];
  }
  const [least, most] = [Number(input.MinVersion ?? 1), Number(input.MaxVersion ?? Infinity)];
  const rows = await listVersions(tx, template);
  return rows.filter(({ version }) => version >= least && version <= most).map((row) => toVersionView(template, row));
}

async function versionsOfAll(tx: Tx, owner: Owner, { Versions: names = [] }: Input): Promise<LaunchTemplateVersion[]> {
  if (names.length === 0 || names.some((name) => !general.has(name))) throw missingParameter("LaunchTemplateId");
  const found = new Map<string, LaunchTemplateVersion>();
  for (const template of await ownedRows(tx, "launch_templates", owner)) {
    for (const name of names) {
      const row = await requireVersion(tx, template, name);
      found.set(`${template.id} ${row.version}`, toVersionView(template, row));
    }
  }
  return [...found.values()];
}
