/**
 * What a storage node has written down of one volume: its layers, and the snapshots that were taken of it. Pure; kept by `stack-file.ts`.
 *
 *   layers      bottom first; the last one is written to, the others are frozen
 *   moment      what the content up to and with this layer is equal to: a snapshot that is wholly in the store
 *   snapshots   those that are ordered and were taken, with the layer whose top is their moment
 */
import type { SnapshotId } from "../../base/ids.ts";
import type { SnapshotOrder } from "../protocol/specification.ts";

export interface VolumeStack {
  /** The size that the volume has reached. */
  readonly sizeGib: number;
  readonly layers: readonly Layer[];
  /** The lowest layer still stands on the snapshot server. */
  readonly isInitializing: boolean;
  /** A snapshot of a group: exported to nobody until all of them have their moment. */
  readonly heldFor?: SnapshotId | undefined;
  readonly snapshots: readonly TakenSnapshot[];
}

export interface Layer {
  readonly number: number;
  readonly moment?: Moment;
}

export interface Moment {
  readonly id: SnapshotId;
  readonly region: string;
  /** The key that the snapshot's blocks are sealed with, by its name; absent: none. Blocks of another key are of no use to a later snapshot. */
  readonly keyName?: string;
}

export interface TakenSnapshot extends Moment {
  readonly layer: number;
  /** The volume's, at that moment. */
  readonly sizeGib: number;
  readonly state: "frozen" | "completed" | "failed";
  readonly reason?: string;
  readonly blocks?: { readonly total: number; readonly moved: number };
}

/** What is left to do at leisure, most urgent first. */
export type Work =
  | { readonly kind: "store"; readonly snapshot: TakenSnapshot }
  | { readonly kind: "initialize" }
  | { readonly kind: "merge"; readonly upper: Layer; readonly lower: Layer };

/** A new volume. What comes from a snapshot has a layer of its own, so that what the volume's user writes can be told from it. */
export function beginStack(sizeGib: number, source?: Moment): VolumeStack {
  const layers = source === undefined ? [{ number: 0 }] : [{ number: 0, moment: source }, { number: 1 }];
  return { sizeGib, layers, isInitializing: source !== undefined, snapshots: [] };
}

export function activeLayer({ layers }: VolumeStack): Layer {
  const top = layers.at(-1);
  if (top === undefined) throw new Error("a volume has no layers");
  return top;
}

/** All that was written up to now belongs to the snapshot; what follows goes to a new layer. */
export function takeSnapshot(stack: VolumeStack, moment: Moment): VolumeStack {
  const { number } = activeLayer(stack);
  const taken: TakenSnapshot = { ...moment, layer: number, sizeGib: stack.sizeGib, state: "frozen" };
  return { ...stack, layers: [...stack.layers, { number: number + 1 }], snapshots: [...stack.snapshots, taken] };
}

export function completeSnapshot(stack: VolumeStack, id: SnapshotId, blocks: NonNullable<TakenSnapshot["blocks"]>): VolumeStack {
  const taken = stack.snapshots.find((snapshot) => snapshot.id === id);
  if (taken === undefined) return stack;
  const { region, keyName, layer } = taken;
  const moment: Moment = { id, region, ...(keyName === undefined ? {} : { keyName }) };
  return {
    ...stack,
    layers: stack.layers.map((one) => (one.number === layer ? { ...one, moment } : one)),
    snapshots: stack.snapshots.map((one) => (one.id === id ? { ...one, state: "completed", blocks } : one)),
  };
}

export function failSnapshot(stack: VolumeStack, id: SnapshotId, reason: string): VolumeStack {
  return { ...stack, snapshots: stack.snapshots.map((one) => (one.id === id ? { ...one, state: "failed", reason } : one)) };
}

/** Forgets the snapshots that are no longer asked about. Their layers stay until they can be merged. */
export function retainSnapshots(stack: VolumeStack, orders: readonly SnapshotOrder[]): VolumeStack {
  const isOrdered = ({ id }: Moment) => orders.some((order) => order.id === id);
  return stack.snapshots.every(isOrdered) ? stack : { ...stack, snapshots: stack.snapshots.filter(isOrdered) };
}

/** The upper layer's content is in the lower one. */
export function mergeLayers(stack: VolumeStack, upper: Layer, lower: Layer): VolumeStack {
  const { moment } = stack.layers.find(({ number }) => number === upper.number) ?? {};
  const merged: Layer = { number: lower.number, ...(moment === undefined ? {} : { moment }) };
  return { ...stack, layers: stack.layers.filter(({ number }) => number !== upper.number).map((one) => (one.number === lower.number ? merged : one)) };
}

/**
 * Two layers become one where nobody needs the border between them: the upper one is frozen, below every snapshot that is not stored
 * yet, and the lower one's moment, which a later snapshot would build on, is not lost for none.
 */
export function decideWork(stack: VolumeStack): Work | undefined {
  const frozen = stack.snapshots.filter(({ state }) => state === "frozen");
  const [snapshot] = frozen;
  if (snapshot !== undefined) return { kind: "store", snapshot };
  if (stack.isInitializing) return { kind: "initialize" };
  for (let place = 1; place < stack.layers.length - 1; place++) {
    const [lower, upper] = [stack.layers[place - 1], stack.layers[place]];
    if (lower !== undefined && upper !== undefined && (upper.moment !== undefined || lower.moment === undefined)) return { kind: "merge", upper, lower };
  }
  return undefined;
}

export interface Parent {
  /** Absent: there is none, and everything has to be stored. */
  readonly moment?: Moment;
  /** The layers above it. */
  readonly changed: readonly Layer[];
}

/** The snapshots that the taken one may build on, the one with the fewest changes first, and none at last. */
export function listParents({ layers }: VolumeStack, taken: TakenSnapshot): readonly Parent[] {
  const below = layers.filter(({ number }) => number <= taken.layer);
  const parents = below.slice(0, -1).flatMap(({ moment }, place): Parent[] => {
    if (moment === undefined || moment.region !== taken.region || moment.keyName !== taken.keyName) return [];
    return [{ moment, changed: below.slice(place + 1) }];
  });
  return [...parents.toReversed(), { changed: below }];
}
