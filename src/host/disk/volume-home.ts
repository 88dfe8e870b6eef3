/** Where the volumes of one storage node have their things, and what they all use. */
import { basename, join } from "node:path";
import type { BlockStore } from "../../block-store/block-store.ts";
import { TerminalError } from "../../base/errors.ts";
import type { VolumeId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { Patience } from "./daemon-patience.ts";
import type { FileOwner } from "./file-owner.ts";

export interface VolumeHome {
  readonly volumesDirectory: string;
  readonly runDirectory: string;
  readonly imagesDirectory: string;
  /** Of guests on this machine (`guest-socket.ts`). */
  readonly socketsDirectory: string;
  /** The storage node's address on the underlay network. */
  readonly address: string;
  /** The unprivileged user that a volume's files belong to and its daemon runs as; undefined: as the agent. */
  readonly userOf: (id: VolumeId) => FileOwner | undefined;
  /** The snapshots of a region. */
  readonly storeOf: (region: string) => BlockStore;
  /** Whether the file system of the volumes has room for what guests write. */
  readonly hasRoom: () => boolean;
  /** The volume's worker should look again. */
  readonly changed: (id: VolumeId) => void;
  readonly log: Log;
  /** With storage daemons; absent: the usual. */
  readonly patience?: Patience;
}

export const layerFileName = (id: VolumeId, number: number): string => `${id}.${number}.qcow2`;
/** Before there were layers a volume was this file. */
export const singleFileName = (id: VolumeId): string => `${id}.qcow2`;
export const stackFileName = (id: VolumeId): string => `${id}.stack.json`;

/** The number of a layer's file of this volume; undefined for another file. */
export function layerOfFile(id: VolumeId, name: string): number | undefined {
  if (!name.startsWith(`${id}.`)) return undefined;
  const digits = /^(\d+)\.qcow2$/.exec(name.slice(id.length + 1))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** A source is a name in the image folder and never leads out of it. */
export function imagePath({ imagesDirectory }: Pick<VolumeHome, "imagesDirectory">, name: string): string {
  if (name === "" || name.startsWith(".") || basename(name) !== name) throw new TerminalError("the image's file name is not a plain name");
  return join(imagesDirectory, name);
}
