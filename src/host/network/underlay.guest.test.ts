import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ipBatch, ipJson, runCommand } from "./command.ts";
import { ensureJoinedUnderlay, removeJoinedUnderlay } from "./joined-underlay.ts";
import { numberField, stringField } from "./json-field.ts";
import { listNamespaces, machineDevice, switchPort } from "./names.ts";
import { choosePublicPool } from "./public-pool.ts";
import { newInstallationId, takeTurn } from "./testing/machine-turn.ts";
import { describeUnderlay, ensureUnderlay, hasUnderlayNode, plugIntoSwitch, removeUnderlay, removeUnderlayNode, unplugFromSwitch, type UnderlayPlan } from "./underlay.ts";

const installation = newInstallationId();
let plan: UnderlayPlan;
let turn: AsyncDisposable;

beforeEach(async () => {
  turn = await takeTurn();
  const underlay = await choosePublicPool();
  const publicPool = await choosePublicPool({ avoid: [underlay] });
  const network = underlay.slice(0, underlay.lastIndexOf(".") + 1);
  plan = { installation, underlay, publicPool, nodes: Array.from({ length: 9 }, (_, index) => ({ id: `zone-a-node-${index}`, address: `${network}${index + 2}` })) };
});
afterEach(async () => {
  await removeUnderlay(plan);
  await turn[Symbol.asyncDispose]();
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

test("a node that is removed leaves nothing, whatever runs on it, and the others do not notice", async () => {
  await ensureUnderlay(plan);
  const [node = "", ...others] = plan.nodes.map(({ id }) => id);
  const own = `hy-${installation}-${node}`;
  await ipBatch([`netns add ${own}-0123456789ab`]); // as of a VPC
  const ended = once(spawn("ip", ["netns", "exec", `${own}-0123456789ab`, "sleep", "60"]), "exit");
  await expect.poll(() => runCommand("ip", ["netns", "pids", `${own}-0123456789ab`])).not.toBe("");
  await removeUnderlayNode(installation, node);
  await removeUnderlayNode(installation, node);
  expect(await ended).toEqual([null, "SIGKILL"]);
  const ports = (await ipJson(["link", "show"], `hy-${installation}-underlay`)).map((link) => stringField(link, "ifname"));
  expect([hasUnderlayNode(installation, node), ports.includes(switchPort(node)), others.every((id) => hasUnderlayNode(installation, id) && ports.includes(switchPort(id)))]).toEqual([false, false, true]);
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

test("a machine that joins by a device reaches every node from its host's namespace, and both machines have their devices back afterwards", async () => {
  const [near, far, card] = [`n${installation}`, `f${installation}`, `c${installation}`];
  const node = { id: "aj1", address: `${plan.nodes[0]?.address.slice(0, plan.nodes[0].address.lastIndexOf("."))}.30` };
  const joined = { installation, underlay: plan.underlay, publicPool: plan.publicPool, node, device: far, cards: [card] };
  await ensureUnderlay(plan);
  await ipBatch([`link add ${near} type veth peer name ${far}`, `link add ${card} type veth peer name p${installation}`]);
  for (const _again of [1, 2]) {
    await plugIntoSwitch(installation, near);
    await ensureJoinedUnderlay(joined);
  }
  const from = (name: string, address: string) => runCommand("ip", ["netns", "exec", `hy-${installation}-${name}`, "ping", "-c", "1", "-W", "2", "-M", "do", "-s", "8900", address]);
  await from("aj1", plan.nodes.at(-1)?.address ?? "");
  await from("zone-a-node-0", node.address);
  expect(await ipJson(["link", "show", "dev", card], `hy-${installation}-aj1`), "the card is the host's").toHaveLength(1);
  await ipBatch([`link delete ${card}`], { namespace: `hy-${installation}-aj1` }); // unlike a card it would be gone with the namespace, some time later
  await expect(ensureJoinedUnderlay({ ...joined, cards: ["none0"] })).rejects.toThrow("this machine has no network device none0");
  await unplugFromSwitch(installation, near);
  await removeJoinedUnderlay(joined);
  const pairs = (await ipJson(["link", "show", "type", "veth"])).map((link) => stringField(link, "ifname") ?? "");
  expect(pairs.filter((name) => name.includes(installation)).toSorted()).toEqual([far, near]);
  await ipBatch([`link delete ${near}`]);
});

test("a machine joins by a device that has no room for a VPC's largest packets, with what room there is", async () => {
  const [near, far] = [`n${installation}`, `f${installation}`];
  const node = { id: "aj2", address: `${plan.nodes[0]?.address.slice(0, plan.nodes[0].address.lastIndexOf("."))}.31` };
  const joined = { installation, underlay: plan.underlay, publicPool: plan.publicPool, node, device: `v${far}`, cards: [] };
  await ensureUnderlay(plan);
  await ipBatch([`link add ${near} type veth peer name ${far}`, ...[near, far].flatMap((each) => [`link set ${each} up`, `link add link ${each} name v${each} type macvlan mode passthru`])]);
  await plugIntoSwitch(installation, `v${near}`);
  await ensureJoinedUnderlay(joined);
  expect(await readMtu(node.id)).toBe(1_500);
  await runCommand("ip", ["netns", "exec", `hy-${installation}-aj2`, "ping", "-c", "1", "-W", "2", "-M", "do", "-s", "1472", plan.nodes[0]?.address ?? ""]);
  await ensureJoinedUnderlay({ ...joined, mtu: 1_400 });
  expect(await readMtu(node.id)).toBe(1_400);
  await unplugFromSwitch(installation, `v${near}`);
  await removeJoinedUnderlay(joined);
  await ipBatch([`link delete ${near}`]);
});

async function readMtu(node: string): Promise<number | undefined> {
  const [link] = await ipJson(["link", "show", "dev", "underlay0"], `hy-${installation}-${node}`);
  return numberField(link, "mtu");
}
