/** Pages of lists of blocks: as many entries as asked for, each made into its view in small steps, since every token costs some work. */
import { setImmediate } from "node:timers/promises";
import { blockSize } from "../../block-store/block-store.ts";
import { blockTokenMs, pageTokenMs, sealDirectToken, type DirectPage, type TokenScope } from "./direct-token.ts";

const viewsAtOnce = 1000;

interface Paged<View> {
  readonly views: readonly View[];
  /** Where the next page begins; undefined after the last. */
  readonly next: number | undefined;
}

export async function takeDirectPage<Entry extends { readonly index: number }, View>(entries: Iterable<Entry>, { limit }: DirectPage, toView: (entry: Entry) => View): Promise<Paged<View>> {
  const views: View[] = [];
  for (const entry of entries) {
    if (views.length === limit) return { views, next: entry.index };
    views.push(toView(entry));
    if (views.length % viewsAtOnce === 0) await setImmediate();
  }
  return { views, next: undefined };
}

interface ListFacts {
  readonly volumeSizeGib: number;
  readonly next: number | undefined;
  readonly scope: TokenScope;
  readonly secret: Uint8Array;
  readonly now: number;
}

/** The members that both lists' answers have. */
export function listFields({ volumeSizeGib, next, scope, secret, now }: ListFacts) {
  const nextToken = next === undefined ? {} : { NextToken: sealDirectToken(secret, scope, next, now + pageTokenMs) };
  return { ExpiryTime: new Date(now + blockTokenMs), VolumeSize: volumeSizeGib, BlockSize: blockSize, ...nextToken };
}
