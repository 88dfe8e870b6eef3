/**
 * Where a guest finds a volume by vhost-user, when its storage node is on the same machine: a socket for each attachment, in a folder of its volume that everybody may
 * pass through and nobody may list, so that the attachment's token is the key to it, as it is to its export over NBD.
 */
import { chmod, chown, mkdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { VolumeId } from "../../base/ids.ts";
import type { FileOwner } from "./file-owner.ts";

/** Of all storage nodes of this machine. */
export const guestSockets = (runDirectory: string): string => join(runDirectory, "volumes");

export const volumeSockets = (socketsDirectory: string, volume: VolumeId): string => join(socketsDirectory, volume);

/** By the token alone: the names of sockets must be short. */
export function guestSocketOf(folder: string, exportName: string): string {
  return join(folder, exportName.slice(exportName.indexOf(".") + 1));
}

/** Undefined also for one that an earlier version's daemon made, to which no guest may connect. */
export async function findGuestSocket(folder: string, exportName: string): Promise<string | undefined> {
  const socket = guestSocketOf(folder, exportName);
  const found = await stat(socket).catch(() => undefined);
  return found?.isSocket() === true && (found.mode & 0o002) !== 0 ? socket : undefined;
}

/** A folder for it, and nothing in its place. */
export async function clearGuestSocket(socket: string, user: FileOwner | undefined): Promise<void> {
  const folder = dirname(socket);
  await mkdir(folder, { recursive: true });
  for (const each of [dirname(folder), folder]) await chmod(each, 0o711);
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  await rm(socket, { force: true });
}

export async function dropGuestSockets(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
