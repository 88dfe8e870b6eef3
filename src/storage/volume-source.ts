/** What a new volume begins as, and what follows from it: the smallest size that it may have, and how it is encrypted (facts §4.1, §4.6). */
import { parameterRequires } from "../base/api-error.ts";
import type { SnapshotRow } from "../store/storage-tables.ts";
import { parseKeyName, type KeyOwner } from "./kms-key.ts";

export interface VolumeOrigin {
  readonly snapshotId: string;
  readonly sizeGib: number;
  /** The file of the image folder that the snapshot is, where it is one. */
  readonly sourceFile: string | null;
  readonly encrypted: boolean;
  /** The snapshot's key where it is the new owner's too; a volume of another's snapshot gets one of its owner's. */
  readonly kmsKey: string | undefined;
}

export function toVolumeOrigin(snapshot: SnapshotRow, owner: KeyOwner): VolumeOrigin {
  return {
    snapshotId: snapshot.id,
    sizeGib: snapshot.volume_size_gib,
    sourceFile: snapshot.source_file,
    encrypted: snapshot.encrypted === 1,
    kmsKey: snapshot.account === owner.account ? (snapshot.kms_key_id ?? undefined) : undefined,
  };
}

export interface EncryptionRequest {
  readonly encrypted: boolean | undefined;
  readonly kmsKeyId: string | undefined;
}

export interface Encryption {
  readonly encrypted: boolean;
  /** As a request names it; undefined: the account's default key, where anything is encrypted. */
  readonly kmsKey: string | undefined;
}

/** A volume is encrypted when it is asked for, when what it begins as is, or when all of the account's new volumes are: a request cannot undo that. */
export function planEncryption(owner: KeyOwner, asked: EncryptionRequest, origin: VolumeOrigin | undefined, byDefault: boolean): Encryption {
  const encrypted = asked.encrypted === true || origin?.encrypted === true || byDefault;
  if (asked.kmsKeyId === undefined) return { encrypted, kmsKey: encrypted ? origin?.kmsKey : undefined };
  if (!encrypted) throw parameterRequires("KmsKeyId", "Encrypted");
  parseKeyName(owner, asked.kmsKeyId);
  return { encrypted, kmsKey: asked.kmsKeyId };
}
