import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ipBatch, runCommand } from "./command.ts";
import { listNamespaces, machineDevice, switchPort } from "./names.ts";
import { choosePublicPool } from "./public-pool.ts";
import { newInstallationId, takeTurn } from "./testing/machine-turn.ts";
import { describeUnderlay, ensureUnderlay, removeUnderlay, type UnderlayPlan } from "./underlay.ts";

const installation = newInstallationId();
let plan: UnderlayPlan;
let turn: Disposable;

beforeEach(async () => {
  turn = await takeTurn();
  const underlay = await choosePublicPool();
  const publicPool = await choosePublicPool({ avoid: [underlay] });
  const network = underlay.slice(0, underlay.lastIndexOf(".") + 1);
  plan = { installation, underlay, publicPool, nodes: Array.from({ length: 9 }, (_, index) => ({ id: `zone-a-node-${index}`, address: `${network}${index + 2}` })) };
});
afterEach(async () => {
  await removeUnderlay(plan);
  turn[Symbol.dispose]();
});

/** Whether the machine reaches each node, and the first node the last. */
async function reached(): Promise<readonly boolean[]> {
  const ping = (address: string) => ["ping", "-c", "1", "-W", "2", address] as const;
  const last = plan.nodes.at(-1)?.address ?? "";
  const runs = [...plan.nodes.map(({ address }) => ping(address)), ["ip", "netns", "exec", `hy-${installation}-zone-a-node-0`, ...ping(last)]];
  return Promise.all(runs.map(([file = "", ...args]) => runCommand(file, args).then(() => true, () => false)));
}
const allReached = Array.from({ length: 10 }, () => true);

test("nine nodes and the machine reach each other, and a repetition changes nothing", async () => {
  expect((await ensureUnderlay(plan)).made).toHaveLength(10);
  expect(await reached()).toEqual(allReached);
  expect(await ensureUnderlay(plan)).toEqual({ made: [], turnedForwardingOn: false });
  expect(await reached()).toEqual(allReached);
  const description = await describeUnderlay(plan);
  expect([description.machineConnected, description.nodes.every(({ present }) => present)]).toEqual([true, true]);
});

test.each([
  ["a node's namespace", () => ipBatch([`netns delete hy-${installation}-zone-a-node-3`])],
  ["the switch", () => ipBatch([`netns delete hy-${installation}-underlay`])],
  ["the bridge in the switch's namespace", () => ipBatch(["link delete switch"], { namespace: `hy-${installation}-underlay` })],
  ["a port of the switch", () => ipBatch([`link delete ${switchPort("zone-a-node-2")}`], { namespace: `hy-${installation}-underlay` })],
  ["the machine's device", () => ipBatch([`link delete ${machineDevice(installation)}`])],
])("what a crash has left without %s is made whole", async (_what, damage) => {
  await ensureUnderlay(plan);
  await damage();
  await ensureUnderlay(plan);
  expect(await reached()).toEqual(allReached);
});

test("a namespace's file without a namespace, as a crash may leave it, is replaced", async () => {
  writeFileSync(`/run/netns/hy-${installation}-zone-a-node-1`, "");
  await ensureUnderlay(plan);
  expect(await reached()).toEqual(allReached);
});

test("removal leaves no namespace, device or rule, and ends what runs inside; it may be repeated", async () => {
  await ensureUnderlay(plan);
  const sleeper = runCommand("ip", ["netns", "exec", `hy-${installation}-zone-a-node-0`, "sleep", "100"]).catch(() => "ended");
  await expect.poll(() => runCommand("ip", ["netns", "pids", `hy-${installation}-zone-a-node-0`])).not.toBe("");
  const began = performance.now();
  await removeUnderlay(plan);
  await removeUnderlay(plan);
  expect(await sleeper).toBe("ended");
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(listNamespaces(`hy-${installation}`)).toEqual([]);
  expect(await runCommand("ip", ["-brief", "link", "show"])).not.toContain(machineDevice(installation));
  expect(await runCommand("nft", ["list", "tables"])).not.toContain(installation);
});
