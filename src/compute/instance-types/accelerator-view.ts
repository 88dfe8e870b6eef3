/** How DescribeInstanceTypes shows the devices beside a type's processor (facts §3.2, §3.4). */
import type { InstanceTypeInfo } from "@aws-sdk/client-ec2";
import type { Accelerators, InstanceType } from "./instance-type.ts";

type AcceleratorInfo = Pick<InstanceTypeInfo, "GpuInfo" | "FpgaInfo" | "InferenceAcceleratorInfo" | "MediaAcceleratorInfo" | "NeuronInfo">;

/** MiB of the one GPU that EC2 sells shares of. */
const wholeGpuMib = 22_888;

export function acceleratorInfo({ accelerators }: InstanceType): AcceleratorInfo {
  if (accelerators === undefined) return {};
  const { count, memoryMib } = accelerators;
  const device = { Name: accelerators.name, Manufacturer: accelerators.manufacturer, Count: count, MemoryInfo: { SizeInMiB: memoryMib } };
  const total = count * memoryMib;
  switch (accelerators.kind) {
    case "gpu":
      return { GpuInfo: { Gpus: [{ ...device, LogicalGpuCount: count, GpuPartitionSize: 1 }], TotalGpuMemoryInMiB: total } };
    case "partial gpu":
      return { GpuInfo: { Gpus: [{ ...device, Count: 0, LogicalGpuCount: count, GpuPartitionSize: memoryMib / wholeGpuMib }], TotalGpuMemoryInMiB: total } };
    case "fpga":
      return { FpgaInfo: { Fpgas: [device], TotalFpgaMemoryInMiB: total } };
    case "media":
      return { MediaAcceleratorInfo: { Accelerators: [device], TotalMediaMemoryInMiB: total } };
    case "neuron":
      return neuronInfo(accelerators, total);
  }
}

/** The Inferentia types came before EC2 had a word for Neuron devices, and are shown in both ways. */
function neuronInfo({ name, manufacturer, count, memoryMib, cores }: Accelerators, total: number): AcceleratorInfo {
  const memory = { SizeInMiB: memoryMib };
  return {
    ...(name.startsWith("Inferentia")
      ? { InferenceAcceleratorInfo: { Accelerators: [{ Name: name, Manufacturer: manufacturer, Count: count, MemoryInfo: memory }], TotalInferenceMemoryInMiB: total } }
      : {}),
    NeuronInfo: {
      NeuronDevices: [{ Name: name, Count: count, MemoryInfo: memory, ...(cores === undefined ? {} : { CoreInfo: { Count: cores.count, Version: cores.version } }) }],
      TotalNeuronDeviceMemoryInMiB: total,
    },
  };
}
