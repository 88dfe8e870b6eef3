import { expect, test } from "vitest";
import { firstPartitionUuid, masterBootRecord } from "./master-boot-record.ts";

const layout = { bootCode: Buffer.from([0xfa, 0xfc]), signature: 0x7e1d0c52, startSector: 2048, sectors: 2095104 };

test("the record holds the boot code, the signature and one active Linux partition, and nothing else", () => {
  const record = masterBootRecord(layout);
  expect({
    length: record.length,
    code: record.subarray(0, 4).toString("hex"),
    signature: record.readUInt32LE(440).toString(16),
    partition: record.subarray(446, 462).toString("hex"),
    others: record.subarray(462, 510).every((byte) => byte === 0),
    end: record.subarray(510).toString("hex"),
  }).toEqual({
    length: 512,
    code: "fafc0000",
    signature: "7e1d0c52",
    partition: "80feffff83feffff0008000000f81f00",
    others: true,
    end: "55aa",
  });
});

test("a partition for UEFI firmware is the second in the table, wherever it lies", () => {
  const record = masterBootRecord({ ...layout, startSector: 131_072, systemPartition: { startSector: 2048, sectors: 126_976 } });
  expect([record.subarray(446, 462).toString("hex"), record.subarray(462, 478).toString("hex")]).toEqual(["80feffff83feffff0000020000f81f00", "00feffffeffeffff0008000000f00100"]);
});

test("boot code that would reach into the partition table is refused", () => {
  expect(() => masterBootRecord({ ...layout, bootCode: Buffer.alloc(441) })).toThrow("441 bytes");
});

test("a partition that ends beyond 2 TiB is refused", () => {
  expect(() => masterBootRecord({ ...layout, sectors: 2 ** 32 })).toThrow("32 bits");
});

test("the partition's UUID is the signature in eight digits and the partition's number", () => {
  expect(firstPartitionUuid(0xc52)).toBe("00000c52-01");
});
