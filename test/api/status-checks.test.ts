/** What becomes of the word of hosts that a guest answers or does not. */
import { expect, test } from "vitest";
import type { MachineReport } from "../../src/host/protocol/report.ts";
import { recordReport } from "../../src/reconcile/hosts/record-report.ts";
import { launchOne } from "./launch-one.ts";
import { openTestServer } from "./test-server.ts";

test("A guest that does not answer fails its instance check since the first word of it, and no other, until it answers or begins another run", async () => {
  await using server = await openTestServer();
  const { instance } = await launchOne(server, { Placement: { AvailabilityZone: "us-east-1a" } });
  const id = instance as MachineReport["id"]; // an id from an answer of this server
  const report = (more: Partial<MachineReport>, now: number) => server.write((tx) => recordReport(tx, "host-a", { kind: "machine", id, generation: 1, run: 1, reboots: 0, state: "running", ...more }, now));
  const checks = async () => {
    const { InstanceStatuses: [status] = [] } = await server.ec2().describeInstanceStatus({ InstanceIds: [instance] });
    const [detail] = status?.InstanceStatus?.Details ?? [];
    return [status?.SystemStatus?.Status, status?.InstanceStatus?.Status, detail?.Name, detail?.Status, detail?.ImpairedSince?.getTime()];
  };
  const ok = ["ok", "ok", "reachability", "passed", undefined];
  const impaired = ["ok", "impaired", "reachability", "failed", 2_000];

  await report({}, 1_000);
  expect(await checks()).toEqual(["initializing", "initializing", "reachability", "initializing", undefined]);
  await report({ reached: true }, 1_000);
  expect(await checks()).toEqual(ok);
  await report({ reached: true, answers: false }, 2_000);
  expect(await checks()).toEqual(impaired);
  await report({ reached: true, answers: false, reboots: 1 }, 3_000);
  expect(await checks()).toEqual(impaired);
  await report({ reached: true }, 4_000); // another agent, which has not asked yet
  expect(await checks()).toEqual(impaired);
  await report({ reached: true, answers: true }, 5_000);
  expect(await checks()).toEqual(ok);

  await report({ reached: true, answers: false }, 6_000);
  await server.write((tx) => tx.db.updateTable("instances").set({ run: 2 }).where("id", "=", id).execute());
  await report({ run: 2, reached: true }, 7_000);
  expect(await checks()).toEqual(ok);
});
