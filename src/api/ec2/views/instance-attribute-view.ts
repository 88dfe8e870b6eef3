/** One attribute of an instance, as DescribeInstanceAttribute shows it. */
import type { InstanceAttribute } from "@aws-sdk/client-ec2";
import { invalidValueOf } from "../../../base/api-error.ts";
import { groupIdsOf } from "../../../network/network-interface.ts";
import type { ViewedInstance } from "./instance-parts.ts";
import { toBlockDevice } from "./instance-view.ts";

const attributeViews: Readonly<Record<string, (viewed: ViewedInstance) => InstanceAttribute>> = {
  blockDeviceMapping: ({ row, attachments }) => ({ BlockDeviceMappings: attachments.map((attachment) => toBlockDevice(row, attachment)) }),
  disableApiStop: ({ row }) => ({ DisableApiStop: { Value: row.disable_api_stop === 1 } }),
  disableApiTermination: ({ row }) => ({ DisableApiTermination: { Value: row.disable_api_termination === 1 } }),
  ebsOptimized: ({ row }) => ({ EbsOptimized: { Value: row.ebs_optimized === 1 } }),
  enaSupport: ({ row }) => ({ EnaSupport: { Value: row.ena_support === 1 } }),
  enclaveOptions: () => ({ EnclaveOptions: { Enabled: false } }),
  groupSet: ({ interfaces, groups }) => ({
    Groups: interfaces.slice(0, 1).flatMap((nic) => groupIdsOf(nic).map((id) => ({ GroupId: id, GroupName: groups.get(id)?.name ?? "" }))),
  }),
  instanceInitiatedShutdownBehavior: ({ row }) => ({ InstanceInitiatedShutdownBehavior: { Value: row.shutdown_behavior } }),
  instanceType: ({ row }) => ({ InstanceType: { Value: row.instance_type } }),
  kernel: ({ row }) => ({ KernelId: row.kernel_id === null || row.virtualization_type === "hvm" ? {} : { Value: row.kernel_id } }),
  productCodes: () => ({ ProductCodes: [] }),
  ramdisk: () => ({ RamdiskId: {} }),
  rootDeviceName: ({ row }) => ({ RootDeviceName: { Value: row.root_device_name } }),
  sourceDestCheck: ({ interfaces }) => ({ SourceDestCheck: { Value: interfaces[0]?.source_dest_check !== 0 } }),
  sriovNetSupport: ({ row }) => ({ SriovNetSupport: row.virtualization_type === "hvm" ? { Value: "simple" } : {} }),
  userData: ({ row }) => ({ UserData: row.user_data === null ? {} : { Value: row.user_data } }),
};

export function requireAttributeView(name: string): (viewed: ViewedInstance) => InstanceAttribute {
  const view = Object.hasOwn(attributeViews, name) ? attributeViews[name] : undefined;
  if (view === undefined) throw invalidValueOf("attribute", name, "Unknown attribute.");
  return view;
}
