/** The network of an instance type, from its row and its lineage. */
import type { Traits } from "./family-row.ts";
import type { NetworkFigures } from "./instance-type.ts";
import type { SizeRow } from "./size-table.ts";

type Interfaces = NonNullable<SizeRow["interfaces"]>;

export function networkOf(traits: Traits, size: SizeRow): NetworkFigures {
  const { count, addressesEach } = size.interfaces ?? interfacesFor(traits, size.vcpus);
  return {
    ...size.network,
    maxInterfaces: count,
    ipv4PerInterface: addressesEach,
    ipv6PerInterface: traits.ipv6 ? addressesEach : 0,
    ena: size.ena ? "supported" : traits.ena,
    enaQueuesPerInterface: traits.enaQueues === "eight" ? 8 : Math.min(largestQueues(size.vcpus), size.vcpus),
    flexibleEnaQueues: traits.flexibleEnaQueues,
    enaSrd: traits.enaSrdFromVcpus !== undefined && size.vcpus >= traits.enaSrdFromVcpus,
    intelVf: traits.intelVf && !size.ena,
    efaInterfaces: size.efaInterfaces,
    encryptionInTransit: traits.encryptionInTransit,
    tcpTimeoutSeconds: traits.tcpTimeoutSeconds,
    bandwidthWeightings: traits.bandwidthWeightings,
  };
}

function largestQueues(vcpus: number): number {
  if (vcpus >= 128) return 32;
  return vcpus >= 64 ? 16 : 8;
}

/** The ladder that nearly every family follows, and the wider one of the latest machines. */
function interfacesFor({ interfaces }: Traits, vcpus: number): Interfaces {
  const ladder = interfaces === "wide" ? wideLadder : usualLadder;
  const rung = ladder.find(([from]) => vcpus >= from);
  if (rung === undefined) throw new RangeError(`the ladder of interfaces has nothing for ${vcpus} vCPUs`);
  return { count: rung[1], addressesEach: rung[2] };
}

type Ladder = readonly (readonly [fromVcpus: number, count: number, addressesEach: number])[];

const usualLadder: Ladder = [
  [64, 15, 50],
  [16, 8, 30],
  [4, 4, 15],
  [2, 3, 10],
  [1, 2, 4],
];

const wideLadder: Ladder = [
  [128, 24, 64],
  [64, 16, 64],
  [48, 12, 50],
  [32, 10, 40],
  [16, 8, 50],
  [8, 4, 30],
  [4, 4, 20],
  [2, 3, 20],
  [1, 2, 4],
];
