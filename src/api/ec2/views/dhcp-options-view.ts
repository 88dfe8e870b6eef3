/** DHCP option sets as EC2 shows them. */
import type { DhcpOptions } from "@aws-sdk/client-ec2";
import type { Tag } from "../../../compute/tags.ts";
import { dhcpConfigurationOf, type DhcpOptionsRow } from "../../../network/dhcp-options.ts";
import { toTagViews } from "./tag-view.ts";

export function toDhcpOptionsView(row: DhcpOptionsRow, tags: readonly Tag[] | undefined): DhcpOptions {
  return {
    DhcpOptionsId: row.id,
    OwnerId: row.account,
    DhcpConfigurations: Object.entries(dhcpConfigurationOf(row)).map(([key, values]) => ({ Key: key, Values: values.map((value) => ({ Value: value })) })),
    Tags: toTagViews(tags),
  };
}
