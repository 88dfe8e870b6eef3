/** The instance identity document (facts §8.4): the text that is signed, byte for byte as EC2 lays it out. */
import type { MachineSpecification } from "../protocol/specification.ts";

export function identityDocument(machine: MachineSpecification): string {
  const { metadata } = machine;
  const fields: Readonly<Record<string, string | null>> = {
    accountId: metadata.account,
    architecture: metadata.architecture,
    availabilityZone: metadata.zone,
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId: metadata.imageId,
    instanceId: machine.id,
    instanceType: metadata.instanceType,
    kernelId: metadata.kernelId ?? null,
    pendingTime: metadata.pendingTime,
    privateIp: machine.interfaces.find(({ deviceIndex }) => deviceIndex === 0)?.privateAddress ?? null,
    ramdiskId: null,
    region: metadata.region,
    version: "2017-09-30",
  };
  const lines = Object.entries(fields).map(([name, value]) => `  ${JSON.stringify(name)} : ${JSON.stringify(value)}`);
  return `{\n${lines.join(",\n")}\n}`;
}
