import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { blockSize, digestOf, zeroBlock } from "./block.ts";
import { decodeBlock, encodeBlock as encodeParts } from "./block-codec.ts";

const encodeBlock = async (...block: Parameters<typeof encodeParts>) => Buffer.concat(await encodeParts(...block));
const key = Buffer.alloc(32, 7);
const text = Buffer.alloc(blockSize, "a block of text that repeats itself. ");
const noise = randomBytes(blockSize);
const half = Buffer.concat([noise.subarray(blockSize / 2), zeroBlock.subarray(blockSize / 2)]);

test.each([
  ["text", text, 4096],
  ["zeroes", zeroBlock, 4096],
  ["noise", noise, blockSize + 100],
  ["half noise and half zeroes", half, blockSize * 0.6],
])("a block of %s comes back as it was, plain and sealed, and takes no more room than it needs", async (_name, data, most) => {
  const digest = digestOf(data);
  const [plain, sealed] = [await encodeBlock(digest, data), await encodeBlock(digest, data, key)];
  expect([(await decodeBlock(digest, plain)).equals(data), (await decodeBlock(digest, sealed, key)).equals(data)]).toEqual([true, true]);
  expect([plain.length < most, sealed.length < most]).toEqual([true, true]);
});

test("a damaged, shortened or foreign file is never a block, and the error names it", async () => {
  const digest = digestOf(text);
  const plain = await encodeBlock(digest, text);
  const sealed = await encodeBlock(digest, text, key);
  const flipped = (file: Buffer, at: number) => Buffer.from(file.map((byte, index) => (index === at ? byte ^ 1 : byte)));
  const bad: [Buffer, Buffer?][] = [
    ...[0, 1, plain.length >> 1, plain.length - 1].map((at): [Buffer] => [flipped(plain, at)]),
    ...[0, 20, sealed.length - 1].map((at): [Buffer, Buffer] => [flipped(sealed, at), key]),
    [plain.subarray(0, plain.length - 3)],
    [Buffer.alloc(0)],
    [Buffer.alloc(0), key],
    [plain, key],
    [sealed],
    [sealed, Buffer.alloc(32, 8)],
    [await encodeBlock(digestOf(noise), noise)],
    [await encodeBlock(digestOf(noise), noise, key), key],
  ];
  for (const [file, withKey] of bad) await expect(decodeBlock(digest, file, withKey)).rejects.toMatchObject({ name: "CorruptBlockError", digest });
});

test("a sealed block shows nothing of its content, and is sealed differently each time", async () => {
  const digest = digestOf(text);
  const [one, other] = [await encodeBlock(digest, text, key), await encodeBlock(digest, text, key)];
  expect([one.includes("a block of text"), one.equals(other)]).toEqual([false, false]);
});
