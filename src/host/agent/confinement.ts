/**
 * Who the processes of guests and volumes run as: every machine and every volume has an unprivileged user of its own, so that
 * one guest's engine, taken over by its guest, can neither signal, trace nor read another's.
 *
 * The user is a number computed from the id and needs no account: the same on every host, without any table to keep. The range
 * lies where systemd sets numbers aside for containers, which Debian gives to no account.
 *
 * Limits by control group (processor, memory, tasks) belong in this file too; there are none yet.
 */
import type { InstanceId, VolumeId } from "../../base/ids.ts";

export interface EngineUser {
  readonly uid: number;
  readonly gid: number;
}

const firstUser = 600_000_000;
const userCount = 2 ** 30;

/** Undefined without root: then everything runs as the agent. */
export function engineUser(id: InstanceId | VolumeId, isRoot: boolean = process.getuid?.() === 0): EngineUser | undefined {
  if (!isRoot) return undefined;
  const digits = id.slice(id.indexOf("-") + 1).slice(-8); // random in every id
  const number = firstUser + (Number.parseInt(digits, 16) % userCount);
  return { uid: number, gid: number };
}
