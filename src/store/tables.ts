/**
 * The rows. One interface a table; the columns are documented where their meaning is not plain from EC2's own field of that name.
 *
 * Conventions: times are milliseconds since 1970; flags are 0 or 1 and documents are JSON text, since both database systems know these;
 * `want…`, `run`, `reboots` are intent and written by the API; `observed…` are facts and written only from host reports; `generation` belongs to
 * the reconciler, which raises it each time it publishes a changed specification. One writer a column.
 */
import type { ComputeTables } from "./compute-tables.ts";
import type { IdentityTables } from "./identity-tables.ts";
import type { NetworkTables } from "./network-tables.ts";
import type { PlacementTables } from "./placement-tables.ts";
import type { StorageTables } from "./storage-tables.ts";

export type Flag = 0 | 1;

export interface Tables extends ComputeTables, IdentityTables, NetworkTables, PlacementTables, StorageTables {
  settings: { name: string; value: string };
  counters: { name: string; value: number };
  accounts: { id: string; name: string; created_at: number };
  /** A row: this account has its default network in this region. */
  account_regions: { account: string; region: string; created_at: number };
  /** What an account has set for a region: `ebs-encryption-by-default`, `ebs-default-kms-key-id`, `serial-console-access`. */
  account_settings: { account: string; region: string; name: string; value: string };
  hosts: HostRow;
  join_tokens: JoinTokenRow;
  joined_hosts: JoinedHostRow;
  specifications: SpecificationRow;
  due: DueRow;
  client_tokens: ClientTokenRow;
  audit_events: AuditEventRow;
  tags: TagRow;
}

/** A physical host, or a zone's storage node. Its place and size come from the topology; the rest from its agent. */
export interface HostRow {
  id: string;
  role: "host" | "storage";
  region: string;
  zone: string;
  underlay_address: string;
  vcpus: number;
  memory_mib: number;
  /** What may be promised here of the disk and the network bandwidth that its agent finds on the machine: its part, times the overcommitment; null: all, once. */
  disk_percent: number | null;
  network_percent: number | null;
  created_at: number;
  /** The highest incarnation of the agent that has spoken; 0 before the first. */
  incarnation: number;
  /** HostDescription as JSON, or null before the first arrival. */
  description: string | null;
  /** When the agent was last heard, written every few seconds. */
  heard_at: number | null;
  /** Since when it is declared dead: its guests go elsewhere, and its agent must ask for everything anew before anything that it says counts. */
  failed_at: number | null;
  /** Its guests stay; it gets no new ones. */
  draining: Flag;
}

/** What a machine needs to become a host, once. */
export interface JoinTokenRow {
  /** SHA-256 of the secret, hexadecimal. */
  digest: string;
  zone: string;
  /** The host that it becomes; null: a new one. Known in any case once the token is used. */
  host_id: string | null;
  created_at: number;
  expires_at: number;
  used_at: number | null;
  /** SHA-256 of the public key (SPKI) that it was used with: who asks again with both has only missed the answer. */
  public_key: string | null;
}

/** A host that is a machine of its own: its agent is known by its certificate. */
export interface JoinedHostRow {
  host_id: string;
  /** SHA-256 of the public key (SPKI) that the agent's certificate is for, hexadecimal. */
  public_key: string;
  joined_at: number;
}

/** What a host is asked to make true, as it will read it. `revision` orders all changes of one host. */
export interface SpecificationRow {
  host_id: string;
  kind: "machine" | "volume" | "vpc";
  id: string;
  generation: number;
  revision: number;
  body: string;
}

/** Work to look at: a hint that is never lost. */
export interface DueRow {
  kind: string;
  key: string;
  due_at: number;
  attempts: number;
}

export interface ClientTokenRow {
  account: string;
  region: string;
  action: string;
  /** A zone, or empty for the whole region (facts §1.6). */
  scope: string;
  token: string;
  /** SHA-256 of the rest of the request. */
  fingerprint: string;
  response: string;
  created_at: number;
}

export interface AuditEventRow {
  id: string;
  at: number;
  account: string;
  region: string;
  service: string;
  action: string;
  principal_arn: string;
  access_key_id: string;
  source_address: string;
  user_agent: string;
  error_code: string | null;
  /** The principal's name, as LookupEvents knows it. */
  username: string;
  read_only: number;
  /** AuditDetail as JSON; empty of events from before it was kept. */
  detail: string;
}

export interface TagRow {
  resource_id: string;
  key: string;
  value: string;
  account: string;
  region: string;
  resource_type: string;
}


