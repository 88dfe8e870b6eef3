/**
 * The underlay network on a machine that is one host of a data centre elsewhere: the host's namespace, and in it the machine's device that reaches the underlay's
 * switch, under the name that every host calls its own. The device is the host's alone for as long as the namespace is there.
 */
import { rm } from "node:fs/promises";
import { moveCards } from "./card-devices.ts";
import { ignoreFailedCommand, ipBatch, ipJson, namespacePath } from "./command.ts";
import { widen } from "./device-mtu.ts";
import { listNamespaces, nodeNamespace, underlayDevice } from "./names.ts";
import { nodeMtu } from "./packet-size.ts";
import { checkPlan, nodeLines, type UnderlayNode, type UnderlayPlan } from "./underlay-plan.ts";
import { readCongestionControl, removeUnderlay } from "./underlay.ts";

export interface JoinedUnderlay extends Omit<UnderlayPlan, "nodes"> {
  readonly node: UnderlayNode;
  /** As this machine calls it. */
  readonly device: string;
  /** The largest packets that the way to the underlay's switch has room for; absent: what the device carries. */
  readonly mtu?: number;
  /** Further devices that are the host's alone: of cards whose virtual functions its guests have. */
  readonly cards: readonly string[];
}

/** May be repeated at any time. Fails when the machine has no such device. */
export async function ensureJoinedUnderlay(joined: JoinedUnderlay): Promise<void> {
  const plan = checkPlan({ ...joined, nodes: [joined.node] });
  const namespace = nodeNamespace(joined.installation, joined.node.id);
  const found = listNamespaces(namespace).find(({ name }) => name === namespace);
  if (found?.whole !== true) {
    if (found !== undefined) await rm(namespacePath(namespace), { force: true });
    await ipBatch([`netns add ${namespace}`]);
  }
  const present = await ipJson(["link", "show", "dev", underlayDevice], namespace);
  if (present.length === 0) await ipBatch([`link set ${joined.device} netns ${namespace} name ${underlayDevice}`]);
  await moveCards(joined.cards, namespace);
  const mtu = await widen(underlayDevice, joined.mtu ?? nodeMtu, namespace);
  await ipBatch(nodeLines(plan, joined.node, readCongestionControl(), mtu), { namespace });
}

/** Gives the device back to the machine, and removes the host's namespace and its VPCs'. */
export async function removeJoinedUnderlay({ installation, node, device }: JoinedUnderlay): Promise<void> {
  const namespace = nodeNamespace(installation, node.id);
  if (listNamespaces(namespace).some(({ whole }) => whole)) await ipBatch([`link set ${underlayDevice} netns ${process.pid} name ${device}`], { namespace }).catch(ignoreFailedCommand);
  await removeUnderlay({ installation });
}
