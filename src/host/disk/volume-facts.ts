/** What a storage node reports of a volume, from what it has written down and how far its present work is. Pure. */
import type { SnapshotReport, VolumeCondition } from "../protocol/report.ts";
import type { SnapshotOrder } from "../protocol/specification.ts";
import type { TakenSnapshot, VolumeStack, Work } from "./volume-stack.ts";
import type { VolumeFacts } from "./volumes.ts";

export interface Progress {
  readonly work: Work;
  /** 0 to 1. */
  readonly share: number;
}

export interface Findings {
  readonly stack: VolumeStack;
  readonly orders: readonly SnapshotOrder[];
  readonly progress: Progress | undefined;
  readonly damage: string | undefined;
  readonly hasNoRoom: boolean;
}

export function toFacts(findings: Findings): VolumeFacts {
  const { stack, orders, progress } = findings;
  return { condition: toCondition(findings), snapshots: orders.flatMap(({ id }) => stack.snapshots.filter((taken) => taken.id === id).map((taken) => toReport(taken, progress))) };
}

function toCondition({ stack: { sizeGib, isInitializing }, progress, damage, hasNoRoom }: Findings): VolumeCondition {
  const share = progress?.work.kind === "initialize" ? progress.share : 0;
  return {
    sizeGib,
    ...(isInitializing ? { initializedPercent: percentOf(share) } : {}),
    ...(hasNoRoom
      ? { impairment: { kind: "no-space", detail: "The storage node's file system is full." } }
      : damage === undefined
        ? {}
        : { impairment: { kind: "corrupt-block", detail: damage } }),
  };
}

function toReport({ id, state, reason, blocks }: TakenSnapshot, progress: Progress | undefined): SnapshotReport {
  const share = progress?.work.kind === "store" && progress.work.snapshot.id === id ? progress.share : 0;
  return {
    id,
    state,
    percent: state === "completed" ? 100 : percentOf(share),
    ...(reason === undefined ? {} : { reason }),
    ...(blocks === undefined ? {} : { blocks }),
  };
}

/** 100 only when it is over. */
function percentOf(share: number): number {
  return Math.min(99, Math.floor(share * 100));
}
