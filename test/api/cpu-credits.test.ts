/** How burstable instances earn and spend, as far as rows tell it. */
import { expect, test } from "vitest";
import { creditsOfStart, toCreditSpecification } from "../../src/compute/cpu-credits.ts";
import { requireInstanceType } from "../../src/compute/instance-types/catalogue.ts";
import type { InstanceRow } from "../../src/store/compute-tables.ts";
import { launchOne } from "./launch-one.ts";
import { codeOf, openTestServer, type TestServer } from "./test-server.ts";

const dayMs = 24 * 3_600_000;

async function rowOf(server: TestServer, id: string): Promise<InstanceRow> {
  return server.read((tx) => tx.db.selectFrom("instances").selectAll().where("id", "=", id as InstanceRow["id"]).executeTakeFirstOrThrow()); // an id from an answer
}

async function launch(server: TestServer, input: Parameters<typeof launchOne>[1]): Promise<string> {
  return (await launchOne(server, input)).instance;
}

/** What the host of such an instance is told. */
async function toldCredits(server: TestServer, id: string) {
  const row = await rowOf(server, id);
  return toCreditSpecification(row, requireInstanceType(row.instance_type));
}

const modeOf = async (server: TestServer, id: string) => (await server.ec2().describeInstanceCreditSpecifications({ InstanceIds: [id] })).InstanceCreditSpecifications?.[0]?.CpuCredits;

test("Each family has its mode, T2 its launch credits, and other types have neither", async () => {
  await using server = await openTestServer();
  const [t2, t3, m5] = [await launch(server, { InstanceType: "t2.medium" }), await launch(server, { InstanceType: "t3.nano" }), await launch(server, { InstanceType: "m5.large" })];
  expect(await toldCredits(server, t2)).toEqual({ mode: "standard", earnedPerHour: 24, maximum: 576, initial: { balance: 0, launch: 60, surplus: 0, charged: 0 } });
  expect(await toldCredits(server, t3)).toEqual({ mode: "unlimited", earnedPerHour: 6, maximum: 144, initial: { balance: 0, launch: 0, surplus: 0, charged: 0 } });
  expect(await toldCredits(server, m5)).toBeUndefined();
});

test("The mode of a launch, of an instance and of a family can be set, and nonsense is refused", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const [named, fixed] = [await launch(server, { InstanceType: "t3.nano", CreditSpecification: { CpuCredits: "standard" } }), await launch(server, { InstanceType: "m5.large" })];
  expect(await modeOf(server, named)).toBe("standard");
  const unknown = "i-0123456789abcdef0";
  const changes = [named, fixed, unknown].map((InstanceId) => ({ InstanceId, CpuCredits: "unlimited" }));
  const { SuccessfulInstanceCreditSpecifications: changed, UnsuccessfulInstanceCreditSpecifications: kept } = await ec2.modifyInstanceCreditSpecification({ InstanceCreditSpecifications: changes });
  expect(changed).toEqual([{ InstanceId: named }]);
  expect(kept?.map(({ InstanceId, Error: error }) => [InstanceId, error?.Code])).toEqual([[fixed, "InstanceCreditSpecification.NotSupported"], [unknown, "InvalidInstanceID.NotFound"]]);
  expect([await modeOf(server, named), (await toldCredits(server, named))?.mode]).toEqual(["unlimited", "unlimited"]);

  expect((await ec2.getDefaultCreditSpecification({ InstanceFamily: "t3" })).InstanceFamilyCreditSpecification?.CpuCredits).toBe("unlimited");
  await ec2.modifyDefaultCreditSpecification({ InstanceFamily: "t3", CpuCredits: "standard" });
  expect(await modeOf(server, await launch(server, { InstanceType: "t3.nano" }))).toBe("standard");

  const before = await server.dump();
  expect([
    await codeOf(ec2.modifyDefaultCreditSpecification({ InstanceFamily: "t3", CpuCredits: "unlimited" })),
    await codeOf(ec2.modifyDefaultCreditSpecification({ InstanceFamily: "t2", CpuCredits: "endless" })),
    await codeOf(ec2.getDefaultCreditSpecification({ InstanceFamily: "m5" as "t2" })),
    await codeOf(ec2.modifyInstanceCreditSpecification({ InstanceCreditSpecifications: [{ InstanceId: named, CpuCredits: "some" }] })),
    await codeOf(ec2.modifyInstanceCreditSpecification({ InstanceCreditSpecifications: [{ InstanceId: named, CpuCredits: "standard" }, { InstanceId: named, CpuCredits: "unlimited" }] })),
    await codeOf(launch(server, { InstanceType: "t3.nano", CreditSpecification: { CpuCredits: "some" } })),
  ]).toEqual(["UpdateLimitExceeded", "InvalidCpuCredits", "InvalidInstanceFamily", "InvalidCpuCredits", "InvalidInstanceCreditSpecification.DuplicateInstanceId", "InvalidCpuCredits"]);
  expect(await server.dump()).toBe(before);
});

/** What a start at that time would begin with. */
async function startCredits(server: TestServer, row: InstanceRow, now: number): Promise<{ readonly launch?: number }> {
  const { credits_at_start: text } = await server.write((tx) => creditsOfStart(tx, row, now));
  return JSON.parse(text ?? "{}") as { readonly launch?: number }; // a balance
}

test("Launch credits are had for a hundred launches and starts of a day", async () => {
  await using server = await openTestServer();
  const now = Date.now();
  const t2 = await rowOf(server, await launch(server, { InstanceType: "t2.nano" }));
  for (let count = 0; count < 98; count++) expect((await startCredits(server, t2, now)).launch).toBe(30);
  const { Instances: two = [] } = await server.ec2().runInstances({ ImageId: t2.image_id, InstanceType: "t2.nano", MinCount: 2, MaxCount: 2 });
  const launched = await Promise.all(two.map(async ({ InstanceId: id = "" }) => (await toldCredits(server, id))?.initial.launch));
  expect([launched, (await startCredits(server, t2, now)).launch, (await startCredits(server, t2, now + dayMs + 60_000)).launch]).toEqual([[30, 0], 0, 30]);
});

test("A stop costs T2 its credits, and the others theirs after seven days", async () => {
  await using server = await openTestServer();
  const [t2, t3] = [await rowOf(server, await launch(server, { InstanceType: "t2.nano" })), await rowOf(server, await launch(server, { InstanceType: "t3.nano" }))];
  const observed = { observed_credits: JSON.stringify({ balance: 12, launch: 3, surplus: 4, charged: 1 }), observed_at: 0 };
  const balanceAfter = (row: InstanceRow, now: number) => startCredits(server, { ...row, ...observed }, now);
  expect([await balanceAfter(t2, dayMs), await balanceAfter(t3, 7 * dayMs), await balanceAfter(t3, 7 * dayMs + 1)]).toEqual([
    { balance: 0, launch: 30, surplus: 0, charged: 0 },
    { balance: 12, launch: 0, surplus: 0, charged: 0 },
    { balance: 0, launch: 0, surplus: 0, charged: 0 },
  ]);
});

test("The death of its host costs an instance no credits, however long ago it was started", async () => {
  await using server = await openTestServer();
  const t2 = await rowOf(server, await launch(server, { InstanceType: "t2.nano" }));
  const balance = { balance: 12, launch: 3, surplus: 0, charged: 0 };
  const running = { ...t2, observed_credits: JSON.stringify(balance), observed_at: 0, recovering_since: 30 * dayMs };
  expect(await server.write((tx) => creditsOfStart(tx, running, 30 * dayMs))).toEqual({ credits_at_start: JSON.stringify(balance), observed_credits: null });
});
