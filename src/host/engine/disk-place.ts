/** Where a disk's device is among the guest's. */
import type { PlannedDisk } from "./engine.ts";

/** The most disks in slots that a guest can have, and the most interfaces that User-mode Linux has places for. */
export const mostDevices = 16;

/** `/dev/sdf` has place 5, so that the guest can find the name that was asked for; where that place is taken, the first that is free. */
export function placeOf({ device, root, volume }: PlannedDisk, taken: ReadonlySet<number>): number {
  if (root) return 0; // the kernel's command line says so
  const letter = /^(?:\/dev\/)?(?:sd|xvd|hd)([a-p])\d*$/.exec(device)?.[1];
  const named = letter === undefined ? -1 : letter.charCodeAt(0) - "a".charCodeAt(0);
  if (named >= 0 && !taken.has(named)) return named;
  const free = Array.from({ length: mostDevices }, (_, index) => index).find((index) => !taken.has(index));
  if (free === undefined) throw new Error(`the guest has no place for another disk (${volume})`);
  return free;
}
