/** How DescribeInstanceTypes shows a type: every field of EC2's document that concerns it (facts §3.2). */
import type { EbsInfo, InstanceTypeInfo, NetworkCardInfo, NetworkInfo, SupportedAdditionalProcessorFeature, VCpuInfo } from "@aws-sdk/client-ec2";
import { acceleratorInfo } from "./accelerator-view.ts";
import type { InstanceType } from "./instance-type.ts";

export function toInstanceTypeInfo(type: InstanceType): InstanceTypeInfo {
  return {
    // The SDK's union lists today's names; ours are some of them, and its serializer takes any text.
    InstanceType: type.name as NonNullable<InstanceTypeInfo["InstanceType"]>,
    CurrentGeneration: type.currentGeneration,
    FreeTierEligible: type.freeTierEligible,
    SupportedUsageClasses: [...type.usageClasses],
    SupportedRootDeviceTypes: [...type.rootDeviceTypes],
    SupportedVirtualizationTypes: [...type.virtualizations],
    BareMetal: type.bareMetal,
    ...(type.hypervisor === undefined ? {} : { Hypervisor: type.hypervisor }),
    ProcessorInfo: {
      SupportedArchitectures: [...type.architectures],
      ...(type.clockGhz === undefined ? {} : { SustainedClockSpeedInGhz: type.clockGhz }),
      Manufacturer: type.manufacturer,
      // Texts of our own table, which are EC2's.
      ...(type.processorFeatures.length === 0 ? {} : { SupportedFeatures: [...type.processorFeatures] as SupportedAdditionalProcessorFeature[] }),
    },
    VCpuInfo: vcpuInfo(type),
    MemoryInfo: { SizeInMiB: type.memoryMib },
    ...instanceStorage(type),
    EbsInfo: ebsInfo(type),
    NetworkInfo: networkInfo(type),
    ...acceleratorInfo(type),
    PlacementGroupInfo: { SupportedStrategies: [...type.placementStrategies] },
    HibernationSupported: type.hibernation,
    BurstablePerformanceSupported: type.burstable !== undefined,
    DedicatedHostsSupported: type.dedicatedHosts,
    AutoRecoverySupported: type.autoRecovery,
    SupportedBootModes: [...type.bootModes],
    NitroEnclavesSupport: type.nitroEnclaves ? "supported" : "unsupported",
    NitroTpmSupport: type.nitroTpm ? "supported" : "unsupported",
    ...(type.nitroTpm ? { NitroTpmInfo: { SupportedVersions: ["2.0"] } } : {}),
    PhcSupport: type.precisionClock ? "supported" : "unsupported",
    RebootMigrationSupport: type.rebootMigration ? "supported" : "unsupported",
  };
}

function vcpuInfo({ vcpus, cores, threadsPerCore, validCores }: InstanceType): VCpuInfo {
  return {
    DefaultVCpus: vcpus,
    DefaultCores: cores,
    DefaultThreadsPerCore: threadsPerCore,
    ...(validCores === undefined ? {} : { ValidCores: [...validCores], ValidThreadsPerCore: threadsPerCore === 2 ? [1, 2] : [1] }),
  };
}

function instanceStorage({ instanceStore }: InstanceType): Pick<InstanceTypeInfo, "InstanceStorageSupported" | "InstanceStorageInfo"> {
  if (instanceStore === undefined) return { InstanceStorageSupported: false };
  const { diskCount, diskSizeGb, diskType, nvme, encryption } = instanceStore;
  return {
    InstanceStorageSupported: true,
    InstanceStorageInfo: {
      TotalSizeInGB: diskCount * diskSizeGb,
      Disks: [{ SizeInGB: diskSizeGb, Count: diskCount, Type: diskType }],
      NvmeSupport: nvme,
      EncryptionSupport: encryption,
    },
  };
}

function ebsInfo({ ebs }: InstanceType): EbsInfo {
  const { bandwidth } = ebs;
  return {
    EbsOptimizedSupport: ebs.optimized,
    EncryptionSupport: "supported",
    ...(bandwidth === undefined
      ? {}
      : {
          EbsOptimizedInfo: {
            BaselineBandwidthInMbps: bandwidth.baselineMbps,
            BaselineThroughputInMBps: bandwidth.baselineMbps / 8,
            BaselineIops: bandwidth.baselineIops,
            MaximumBandwidthInMbps: bandwidth.maximumMbps,
            MaximumThroughputInMBps: bandwidth.maximumMbps / 8,
            MaximumIops: bandwidth.maximumIops,
          },
        }),
    NvmeSupport: ebs.nvme,
    MaximumEbsAttachments: ebs.maxAttachments,
    AttachmentLimitType: ebs.attachmentLimit,
  };
}

function networkInfo({ network }: InstanceType): NetworkInfo {
  return {
    NetworkPerformance: network.text,
    MaximumNetworkInterfaces: network.maxInterfaces,
    MaximumNetworkCards: network.cards,
    DefaultNetworkCardIndex: 0,
    NetworkCards: Array.from({ length: network.cards }, (_, index) => networkCard(network, index)),
    Ipv4AddressesPerInterface: network.ipv4PerInterface,
    Ipv6AddressesPerInterface: network.ipv6PerInterface,
    Ipv6Supported: network.ipv6PerInterface > 0,
    EnaSupport: network.ena,
    EfaSupported: network.efaInterfaces > 0,
    ...(network.efaInterfaces > 0 ? { EfaInfo: { MaximumEfaInterfaces: network.efaInterfaces } } : {}),
    EncryptionInTransitSupported: network.encryptionInTransit,
    EnaSrdSupported: network.enaSrd,
    FlexibleEnaQueuesSupport: network.flexibleEnaQueues ? "supported" : "unsupported",
    ConnectionTrackingConfiguration: { DefaultTcpEstablishedTimeout: network.tcpTimeoutSeconds, DefaultUdpStreamTimeout: 180, DefaultUdpTimeout: 30 },
    ...(network.bandwidthWeightings ? { BandwidthWeightings: ["default", "ebs-1", "vpc-1"] } : {}),
    SecondaryNetworkSupported: false,
  };
}

function networkCard({ text, cards, maxInterfaces, baselineGbps, peakGbps, enaQueuesPerInterface }: InstanceType["network"], index: number): NetworkCardInfo {
  return {
    NetworkCardIndex: index,
    NetworkPerformance: cards === 1 ? text : `${baselineGbps / cards} Gigabit`,
    MaximumNetworkInterfaces: Math.floor(maxInterfaces / cards),
    BaselineBandwidthInGbps: baselineGbps / cards,
    PeakBandwidthInGbps: peakGbps / cards,
    DefaultEnaQueueCountPerInterface: enaQueuesPerInterface,
  };
}
