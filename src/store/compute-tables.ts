/** Rows of instances, images and key pairs; the conventions are in `tables.ts`. */
import type { Id, ImageId, InstanceId, SubnetId, VpcId } from "../base/ids.ts";
import type { EndCause, MachineState } from "../host/protocol/report.ts";
import type { Virtualization } from "../host/protocol/specification.ts";
import type { Flag } from "./tables.ts";

export interface ComputeTables {
  instances: InstanceRow;
  consoles: ConsoleRow;
  connect_keys: ConnectKeyRow;
  serial_keys: SerialKeyRow;
  images: ImageRow;
  /** The accounts that may launch an image besides its owner; everybody may where the image is public. */
  image_permissions: { image_id: ImageId; grantee: string };
  image_tasks: ImageTaskRow;
  image_aliases: { alias: string; image_id: ImageId };
  key_pairs: KeyPairRow;
  launch_templates: LaunchTemplateRow;
  launch_template_versions: LaunchTemplateVersionRow;
}

export type CapacityPreference = "open" | "none" | "capacity-reservations-only";

export interface InstanceRow {
  id: InstanceId;
  account: string;
  region: string;
  zone: string;
  reservation_id: string;
  launch_index: number;
  image_id: ImageId;
  instance_type: string;
  architecture: "x86_64" | "arm64" | "i386";
  virtualization_type: "hvm" | "paravirtual";
  /** Of the image that it was launched from. */
  boot_mode: "legacy-bios" | "uefi" | "uefi-preferred" | null;
  virtualization: Virtualization;
  /** Its interfaces are virtual functions of its host's network cards. */
  virtual_functions: Flag;
  /** Its interfaces are cards that the hypervisor plays. */
  emulated_cards: Flag;
  root_device_name: string;
  kernel_id: string | null;
  kernel_file: string | null;
  ramdisk_file: string | null;
  vpc_id: VpcId;
  subnet_id: SubnetId;
  key_name: string | null;
  /** The public key as it was at launch: deleting the key pair does not change a guest (facts §12.2). */
  key_material: string | null;
  /** Base64, as in the request. */
  user_data: string | null;
  client_token: string | null;
  /** The last launch or start. */
  launched_at: number;
  created_at: number;
  /** What `reason` and `stateReason` of DescribeInstances say; empty text when nothing was said. */
  transition_reason: string;
  state_reason_code: string | null;
  state_reason_message: string | null;
  shutdown_behavior: "stop" | "terminate";
  disable_api_termination: Flag;
  disable_api_stop: Flag;
  monitoring: Flag;
  ebs_optimized: Flag;
  ena_support: Flag;
  source_dest_check: Flag;
  /** Whether an automatic public address is wanted at each start. */
  public_address_wanted: Flag;
  /** InstanceMetadataOptions as JSON (`MetadataOptions` of compute). */
  metadata_options: string;
  credit_specification: string | null;
  /** CreditBalance as JSON, written when a run begins; null: not burstable. */
  credits_at_start: string | null;
  /** CreditBalance as JSON of the present run or the last. */
  observed_credits: string | null;
  /** ProfileAssociation of compute as JSON. */
  instance_profile: string | null;
  tenancy: "default" | "dedicated" | "host";
  /** Of tenancy `host`: the Dedicated Host that it is on, was on last, or shall be on. */
  dedicated_host_id: Id<"dedicatedHost"> | null;
  /** `host`: it starts on that Dedicated Host only. */
  affinity: "default" | "host";
  placement_group_id: Id<"placementGroup"> | null;
  /** Of a group with partitions: the one it is in, or the last one. */
  partition_number: number | null;
  /** The partition was asked for: it starts there and nowhere else. */
  partition_fixed: Flag;
  /** Which capacity reservations it takes at a start: `open` any that fits it, `none` none, `capacity-reservations-only` nothing else. */
  capacity_preference: CapacityPreference;
  /** The only one that it takes. */
  capacity_target: Id<"capacityReservation"> | null;
  /** The one that it is in now. */
  capacity_reservation_id: Id<"capacityReservation"> | null;
  /** InstanceStore of compute as JSON: sizes of the local disks, and the device names of those mapped by name. */
  instance_store: string;
  /** The image that is being made of it and for which it must be down for a moment; it counts as running all the while. */
  image_task: ImageId | null;
  /** Whether it goes to another host by itself when its own dies: `MaintenanceOptions.AutoRecovery` (facts §1.9). */
  auto_recovery: Flag;
  /** Since when its host is dead and it is on its way to another; it counts as running all the while. */
  recovering_since: number | null;

  want: "running" | "stopped" | "terminated";
  run: number;
  reboots: number;
  stop_mode: "graceful" | "force";
  /** The host that holds, or should hold, the machine; null when none does. */
  host_id: string | null;
  generation: number;
  /** RoleCredentials of compute as JSON, what is secret in them sealed; written by the reconciler. */
  role_credentials: string | null;
  /** When the machine and all that died with it were gone. */
  terminated_at: number | null;

  observed_generation: number;
  observed_run: number;
  observed_state: MachineState | null;
  observed_cause: EndCause | null;
  observed_reason: string | null;
  /** Whether the guest's system was heard in the observed run. */
  observed_reached: Flag;
  /** Since when the guest that was heard in that run does not answer; null: it does. */
  observed_silent_since: number | null;
  observed_at: number | null;
}

/** Serial output: `posted` as it was shortly after the last transition, `latest` as last heard (facts §1.11). */
export interface ConsoleRow {
  instance_id: InstanceId;
  run: number;
  posted: Uint8Array | null;
  posted_at: number | null;
  latest: Uint8Array;
  latest_at: number;
}

/** A key that lets a user of the guest in, until `expires_at`. */
export interface ConnectKeyRow {
  /** Of the request that pushed it. */
  request_id: string;
  instance_id: InstanceId;
  os_user: string;
  /** The key as its guest gets it, signed. */
  block: string;
  /** ConnectSignature of the protocol as JSON. */
  signature: string;
  expires_at: number;
}

/** A key that opens the instance's serial console, until `expires_at`. */
export interface SerialKeyRow {
  request_id: string;
  instance_id: InstanceId;
  /** `ssh-ed25519 AAAA…` */
  public_key: string;
  caller_arn: string;
  /** Who pushed it (`iam/kept-principal.ts`); null: an earlier version did not keep that. */
  caller: string | null;
  expires_at: number;
}

/** A machine image or a kernel image. Those that an installation brings along are of every region: `region` is `*`. */
export interface ImageRow {
  id: string;
  image_type: "machine" | "kernel";
  account: string;
  region: string;
  name: string;
  description: string;
  architecture: "x86_64" | "arm64" | "i386";
  virtualization_type: "hvm" | "paravirtual";
  root_device_name: string;
  state: "pending" | "available" | "disabled" | "failed";
  state_reason: string | null;
  /** The file in the image folder; null while pending, and for images whose disks are made of snapshots. */
  file: string | null;
  /** Of a kernel: its first file system, by its name in the image folder. */
  ramdisk_file: string | null;
  size_gib: number;
  /** Of the root volume; empty text for kernels, and where the root is a local disk of the host. */
  snapshot_id: string;
  kernel_id: string | null;
  public: Flag;
  /** The disk image in the image folder that this is one registration of; null for kernels and for images made here. */
  local_name: string | null;
  /** Somebody wanted to launch it before it was built. */
  wanted: Flag;
  created_at: number;
  /** A list of ImageBlockDevice of compute as JSON; empty where the root volume is all and is in columns of its own. */
  block_device_mappings: string;
  /** ImageOptions of compute as JSON: `enaSupport`, `bootMode`, `imdsSupport` and their like. */
  launch_options: string;
  deprecated_at: number | null;
  /** The row stays for a while, so that the id is known as one that was. */
  deregistered_at: number | null;
  deregistration_protection: "disabled" | "enabled" | "enabled-with-cooldown";
  /** It lasts so long after it was switched off with a cooldown. */
  protected_until: number | null;
  source_instance_id: InstanceId | null;
  source_image_id: ImageId | null;
  source_region: string | null;
}

/** CreateImage, step by step: the guest goes down where it must, its volumes' moment is fixed, it runs again, the blocks arrive. */
export interface ImageTaskRow {
  image_id: ImageId;
  instance_id: InstanceId;
  no_reboot: Flag;
  phase: "stopping" | "freezing" | "starting" | "storing" | "done";
  started_at: number;
  failure: string | null;
}

export interface KeyPairRow {
  id: string;
  account: string;
  region: string;
  name: string;
  type: "rsa" | "ed25519";
  fingerprint: string;
  /** One line in OpenSSH's form, without a comment. */
  public_key: string;
  created_at: number;
}

export interface LaunchTemplateRow {
  id: Id<"launchTemplate">;
  account: string;
  region: string;
  name: string;
  default_version: number;
  latest_version: number;
  /** Numbers are not used again, not even those of deleted versions. */
  next_version: number;
  created_at: number;
  /** The ARN of who made it. */
  created_by: string;
}

/** Never changes once it is written. */
export interface LaunchTemplateVersionRow {
  template_id: Id<"launchTemplate">;
  version: number;
  description: string | null;
  /** LaunchTemplateData as JSON. */
  data: string;
  created_at: number;
  created_by: string;
}
