import { expect, test } from "vitest";
import { digestOf } from "./block.ts";
import { encodeManifest, Manifest } from "./manifest.ts";

const d = (text: string) => digestOf(Buffer.from(text));
const facts = { volumeSizeGib: 8, moved: 2, keyName: undefined };
const manifestOf = (blocks: Readonly<Record<number, string>>, more: object = {}) =>
  Manifest.parse("snap-1", encodeManifest({ ...facts, ...more }, Object.entries(blocks).map(([index, text]) => ({ index: Number(index), digest: d(text) }))));

test("a manifest says what was put into it, by rising index", () => {
  const entries = [{ index: 9, digest: d("nine") }, { index: 0, digest: d("zero") }, { index: 4_294_967_295, digest: d("last") }];
  const manifest = Manifest.parse("snap-1", encodeManifest({ ...facts, keyName: "ab".repeat(16) }, entries));
  expect({ ...facts, keyName: manifest.keyName, size: manifest.volumeSizeGib, count: manifest.count, moved: manifest.moved, entries: [...manifest] }).toEqual({
    ...facts,
    keyName: "ab".repeat(16),
    size: 8,
    count: 3,
    moved: 2,
    entries: entries.toSorted((a, b) => a.index - b.index),
  });
  expect([manifest.find(0), manifest.find(1), manifest.find(9), manifest.find(10)]).toEqual([d("zero"), undefined, d("nine"), undefined]);
  expect([...manifest.from(1)].map(({ index }) => index)).toEqual([9, 4_294_967_295]);
});

test("an empty manifest is one too", () => {
  const empty = manifestOf({});
  expect([empty.count, empty.find(0), [...empty], empty.keyName]).toEqual([0, undefined, [], undefined]);
});

test("changesFrom finds what came, what went and what changed, from any index on", () => {
  const before = manifestOf({ 0: "same", 1: "old", 2: "gone", 8: "same" });
  const after = manifestOf({ 0: "same", 1: "new", 3: "came", 8: "same", 9: "came" });
  const changes = [
    { index: 1, before: d("old"), after: d("new") },
    { index: 2, before: d("gone"), after: undefined },
    { index: 3, before: undefined, after: d("came") },
    { index: 9, before: undefined, after: d("came") },
  ];
  expect([...after.changesFrom(before)]).toEqual(changes);
  expect([...after.changesFrom(before, 3)]).toEqual(changes.slice(2));
  expect([...after.changesFrom(after)]).toEqual([]);
  expect([...manifestOf({}).changesFrom(before)].map(({ index }) => index)).toEqual([0, 1, 2, 8]);
});

test("a damaged manifest is refused wherever the damage is, and the error names the snapshot", () => {
  const file = encodeManifest(facts, [{ index: 3, digest: d("three") }]);
  for (let at = 0; at < file.length; at++) {
    const damaged = Buffer.from(file);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    expect(() => Manifest.parse("snap-1", damaged)).toThrow("the manifest of snap-1 is damaged");
  }
  for (const part of [file.subarray(0, 50), file.subarray(0, file.length - 36), Buffer.concat([file, file])]) expect(() => Manifest.parse("snap-1", part)).toThrow("damaged");
});
