/**
 * What the control plane asks of a host: whole specifications, each with a generation.
 *
 * A specification says everything that should be true of one machine or volume; there are no commands and no differences.
 * A host takes a specification whose generation is higher than the one it has, refuses an older one, and treats the same
 * generation with other content as an error (`generation.ts`). Removal is a specification too (`want: "absent"`); the host
 * keeps a tombstone, so that an old specification that arrives late brings nothing back.
 */
import type { FlowLogSpecification } from "./flow-log.ts";
import type { MetadataSpecification } from "./metadata.ts";
import type { InstanceId, InterfaceId, PeeringConnectionId, SnapshotId, SubnetId, VolumeId, VpcId } from "../../base/ids.ts";
import type { CreditSpecification } from "./processor.ts";
import type { PeerSpecification } from "./peer-specification.ts";

/** How privileged operations of the guest are handled (architecture §3). */
export type Virtualization = "emulated" | "paravirtual" | "hardware";
export const virtualizations: readonly Virtualization[] = ["emulated", "paravirtual", "hardware"];

export type Specification = MachineSpecification | VolumeSpecification | VpcSpecification;

/** A guest. Everything below `want` may be out of date when `want` is `absent`; only the id counts then. */
export interface MachineSpecification {
  readonly kind: "machine";
  readonly id: InstanceId;
  readonly generation: number;
  readonly want: "running" | "stopped" | "absent";
  /**
   * Counts the starts that the user asked for (launch is 1). A host boots a machine when `want` is `running` and `run` is
   * higher than the run that it booted last; a guest that ended its run by itself therefore stays down until `run` rises.
   */
  readonly run: number;
  /** Counts reboots asked for through the API; the host reboots when it is higher than the count that it last honoured. */
  readonly reboots: number;
  /** `force` leaves out the graceful phase of stopping. */
  readonly stop: "graceful" | "force";
  /** How long a guest may take to shut down before it is powered off. */
  readonly gracefulStopMs: number;
  readonly virtualization: Virtualization;
  readonly vcpus: number;
  readonly memoryMib: number;
  /** Absent: not a burstable machine. */
  readonly credits?: CreditSpecification;
  /** The kernel that a paravirtual guest boots, by the name of a file in the image folder; absent: the host's own. */
  readonly kernelFile?: string;
  /** That kernel's first file system, likewise; absent: the kernel mounts the root disk itself, and the guest's disks are files to it. */
  readonly ramdiskFile?: string;
  readonly disks: readonly DiskSpecification[];
  /** Local disks, made empty at each run and erased after it; the sizes, in order of `ephemeral0`, `ephemeral1`, … */
  readonly instanceStoreGib: readonly number[];
  /** How many of the host's devices the guest has alone; absent: none. Of hardware-assisted guests only. */
  readonly accelerators?: number;
  /** The root disk when it is local as well: it begins as a file of the image folder. Such a machine has one run in its life. */
  readonly localRoot?: { readonly file: string; readonly sizeGib: number; readonly device: string };
  /** A run that ends now is followed by another that is the same guest's, as at a reboot: its local disks stay. */
  readonly keepInstanceStore?: true;
  readonly interfaces: readonly InterfaceSpecification[];
  readonly metadata: MetadataSpecification;
}

/** A volume attached to a machine, reached over NBD on the underlay network. */
export interface DiskSpecification {
  readonly volume: VolumeId;
  /** The device name of the request: `/dev/xvda`, `/dev/sdf`. */
  readonly device: string;
  readonly root: boolean;
  readonly sizeGib: number;
  readonly endpoint: NbdEndpoint;
}

export interface NbdEndpoint {
  /** The storage node's address on the underlay network. */
  readonly address: string;
  readonly port: number;
  /** `VOLUME.TOKEN`: the token is the attachment's, so that an earlier attachment's host finds no such export. */
  readonly exportName: string;
}

export interface InterfaceSpecification {
  readonly id: InterfaceId;
  readonly deviceIndex: number;
  readonly mac: string;
  readonly privateAddress: string;
  /** Absent: no public address now. */
  readonly publicAddress?: string;
  /** Without those of its blocks; absent: none. */
  readonly secondaryAddresses?: readonly SecondaryAddress[];
  /** The first one first; absent: none. */
  readonly ipv6Addresses?: readonly string[];
  /** Blocks that it has as a whole, for the metadata to show; absent: none. */
  readonly ipv4Prefixes?: readonly string[];
  readonly ipv6Prefixes?: readonly string[];
  readonly subnet: { readonly id: SubnetId; readonly cidr: string; readonly ipv6Cidr?: string };
  readonly vpc: { readonly id: VpcId; readonly cidrs: readonly string[]; readonly ipv6Cidrs?: readonly string[] };
  /** `ip-172-31-0-5`; with `domain` the guest's full name. */
  readonly hostName: string;
  readonly domain: string;
  readonly publicHostName?: string;
  readonly securityGroups: readonly { readonly id: string; readonly name: string }[];
  readonly ownerAccount: string;
  /** The guest has a virtual function of one of the host's network cards for it. */
  readonly virtualFunction?: true;
  /** The guest has a card that its engine plays, of a model that exists as hardware. */
  readonly emulatedCard?: true;
  /** Absent: as fast as the host can. */
  readonly bandwidth?: BandwidthSpecification;
}

/** A private address besides the interface's first, with the public one that stands for it if there is any. */
export interface SecondaryAddress {
  readonly privateAddress: string;
  readonly publicAddress?: string;
}

/** Of one instance's interfaces together, each direction for itself: `baseline` for ever; while there are credits, which are earned below it and full at first, `peak`. The bucket holds `creditBytes`. */
export interface BandwidthSpecification {
  readonly instance: InstanceId;
  readonly baselineBitsPerSecond: number;
  readonly peakBitsPerSecond: number;
  readonly creditBytes: number;
}

/** A volume's data on its storage node, exported to its attachments and to nobody else. */
export interface VolumeSpecification {
  readonly kind: "volume";
  readonly id: VolumeId;
  readonly generation: number;
  readonly want: "present" | "absent";
  readonly sizeGib: number;
  /** What the content begins as; absent: zeroes. */
  readonly source?: VolumeSource;
  /** How fast a snapshot's content is brought here; absent: gently. */
  readonly initializeBytesPerSecond?: number;
  /** Fixed for the volume's life, so that a guest finds the export again after a restart of the storage node. */
  readonly port: number;
  /** One name for each attachment, more than one only with multi-attach; none: exported to nobody. */
  readonly exportNames: readonly string[];
  readonly limits: VolumeLimits;
  /** Base64 of 32 bytes, from which the data are encrypted; absent: not encrypted. Fixed for life. */
  readonly encryptionKey?: string;
  /** The snapshots that are to be taken and stored, in the order in which they were asked for; finished ones are no longer named. */
  readonly snapshots: readonly SnapshotOrder[];
}

/** A file in the image folder, or a snapshot of the region's snapshot store, whose blocks arrive on demand. */
export type VolumeSource = { readonly kind: "file"; readonly file: string } | SnapshotSource;

export interface SnapshotSource {
  readonly kind: "snapshot";
  readonly id: SnapshotId;
  readonly region: string;
  /** Base64, of the snapshot's blocks; absent: not encrypted. */
  readonly encryptionKey?: string;
}

/** What a volume's type and figures allow (facts §4.1), as leaky buckets; absent: no limit. */
export interface VolumeLimits {
  readonly iops?: RateLimit;
  /** The largest request that counts as one of `iops`; larger ones count as several. Absent: 256 KiB, as for solid-state volumes. */
  readonly ioBytes?: number;
  readonly bytesPerSecond?: RateLimit;
}

/** `base` for ever; while the bucket of `credits` lasts, which fills at `base`, up to `burst`. */
export interface RateLimit {
  readonly base: number;
  readonly burst?: number;
  readonly credits?: number;
}

/** The volume's content as it is when the storage node first reads this. */
export interface SnapshotOrder {
  readonly id: SnapshotId;
  readonly region: string;
  /** Base64, for the snapshot's blocks; absent: not encrypted. */
  readonly encryptionKey?: string;
  /** All volumes, this one too, whose content must be of one moment (CreateSnapshots). They are on the same storage node. */
  readonly together?: readonly VolumeId[];
}

/** A VPC as each host that has one of its interfaces must know it: who is there, where packets go, and which may pass (decision 0007). */
export interface VpcSpecification {
  readonly kind: "vpc";
  readonly id: VpcId;
  readonly generation: number;
  /** `absent`: none of its interfaces is on this host any more. */
  readonly want: "present" | "absent";
  /** Of its overlay network, 1 to 8388607; no two VPCs of an installation have the same. */
  readonly networkIdentifier: number;
  /** IPv4 blocks, the first one first. */
  readonly cidrs: readonly string[];
  /** IPv6 blocks; absent: none. */
  readonly ipv6Cidrs?: readonly string[];
  readonly subnets: readonly SubnetSpecification[];
  /** All of the VPC, on whichever host. */
  readonly interfaces: readonly PlacedInterface[];
  /** Every group that an interface here is in, and every group that their rules name. */
  readonly groups: readonly GroupSpecification[];
  /** Of interfaces here; absent: none. */
  readonly flowLogs?: readonly FlowLogSpecification[];
  /** The VPCs that it has active peering connections with; absent: none. */
  readonly peers?: readonly PeerSpecification[];
  /** The names of its endpoints; absent: none. */
  readonly names?: readonly NameSpecification[];
}

export interface PlacedInterface {
  readonly id: InterfaceId;
  readonly subnet: SubnetId;
  readonly mac: string;
  /** The primary first. */
  readonly privateAddresses: readonly string[];
  /** IPv6 addresses, the first one first, and behind them blocks (`…/80`) that it has as a whole; absent: none. Each address is its own public address. */
  readonly ipv6Addresses?: readonly string[];
  /** Public addresses by the private address that each stands for. */
  readonly publicAddresses: Readonly<Record<string, string>>;
  readonly groups: readonly string[];
  readonly sourceDestCheck: boolean;
  /** The underlay address of the host that has it; absent: on none now. */
  readonly hostAddress?: string;
  /** The largest packets that reach it from other hosts, where these have no room for 9001 bytes. */
  readonly hostMtu?: number;
  /** That host is on the switch of the installation's own machine. */
  readonly isHostOnSwitch?: true;
  /** No machine has it: its host takes what routes hand to it and sends it on from its primary address, answers back the same way. */
  readonly natGateway?: true;
  /** An endpoint's: every host answers for it by itself, so it has no `hostAddress`. */
  readonly endpoint?: true;
  /** An Instance Connect Endpoint's: every host begins connections from it by itself, so it has no `hostAddress` either. */
  readonly connectEndpoint?: true;
}

/** What the VPC's resolver knows besides the names of addresses. */
export interface NameSpecification {
  readonly name: string;
  readonly addresses: readonly string[];
}

export interface SubnetSpecification {
  readonly id: SubnetId;
  readonly cidr: string;
  readonly ipv6Cidr?: string;
  /** Of its route table, IPv4 and IPv6, in no order: the longest prefix counts. Those to the VPC itself are not named. */
  readonly routes: readonly RouteSpecification[];
  /** Of its network ACL, in the order of their numbers, without the last that denies everything. */
  readonly acl: readonly AclEntrySpecification[];
}

export interface RouteSpecification {
  readonly destination: string;
  /** `interface`: handed to that interface, whatever its address, on whichever host. `peering`: to the peer's interface that has the address. `egress-only`: nobody outside begins a connection by it. */
  readonly target:
    | { readonly kind: "internet" | "egress-only" | "blackhole" }
    | { readonly kind: "interface"; readonly id: InterfaceId }
    | { readonly kind: "peering"; readonly id: PeeringConnectionId };
}

export interface AclEntrySpecification {
  /** As EC2 numbers the ACL's entries; each direction has its own numbers. */
  readonly number: number;
  readonly egress: boolean;
  readonly allow: boolean;
  readonly traffic: TrafficSpecification;
  /** Of either family, as are those of groups' rules. */
  readonly cidr: string;
}

/** One protocol, by its number, or all (`-1`). Ports with TCP (6) and UDP (17), type and code with ICMP (1, or 58 for IPv6); absent: all. */
export interface TrafficSpecification {
  readonly protocol: number;
  readonly ports?: { readonly from: number; readonly to: number };
  readonly icmp?: { readonly type: number; readonly code?: number };
}

/** A security group: everything that no rule allows is dropped. Its members are the interfaces that name it. */
export interface GroupSpecification {
  readonly id: string;
  readonly rules: readonly GroupRuleSpecification[];
}

export interface GroupRuleSpecification {
  readonly id: string;
  readonly egress: boolean;
  readonly traffic: TrafficSpecification;
  /** The other side: blocks, or the private addresses of the interfaces in a group. */
  readonly peer: { readonly cidrs: readonly string[] } | { readonly group: string };
}
