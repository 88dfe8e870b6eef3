import { expect, test } from "vitest";
import type { InstanceId } from "../../src/base/ids.ts";
import { readInstanceParts, toMachineSpecification } from "../../src/compute/machine-specification.ts";
import { launchOne } from "./launch-one.ts";
import { openTestServer } from "./test-server.ts";

test("A host is told the bandwidth of an instance's type, which its interfaces share, and a bucket for 15 minutes at the peak", async () => {
  await using server = await openTestServer();
  const { instance } = await launchOne(server);
  const { interfaces } = await server.store.read(async (tx) => {
    const row = await tx.db.selectFrom("instances").selectAll().where("id", "=", instance as InstanceId).executeTakeFirstOrThrow(); // an id from an answer
    return toMachineSpecification(tx, row, await readInstanceParts(tx, row), "running");
  });
  expect(interfaces.map(({ bandwidth }) => bandwidth)).toEqual([{ instance, baselineBitsPerSecond: 64e6, peakBitsPerSecond: 5e9, creditBytes: 555.3e9 }]);
});
