/**
 * Makes and removes the underlay network of an installation on this machine: one namespace with the switch, one for each node,
 * and the machine's own way to public addresses. Runs in the machine's namespace, as root.
 *
 * Promised: `ensureUnderlay` may be repeated at any time, after a crash in the middle too, and disturbs nothing that works;
 * `removeUnderlay` leaves nothing but the kernel's `ip_forward`, which others may rely on by then. Several installations live
 * side by side. It refuses to touch what is not named after its installation.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { formatCidr } from "../../base/ipv4.ts";
import { ignoreFailedCommand, ipBatch, ipJson, loadRules, parameterScript, runCommand, runInNamespace } from "./command.ts";
import { stringField } from "./json-field.ts";
import { listNamespaces, machineDevice, nodeNamespace, switchNamespace, switchPort, underlayDevice, vpcNamespacePrefix } from "./names.ts";
import { endProcessesIn } from "./namespace-processes.ts";
import { widen } from "./device-mtu.ts";
import { nodeMtu } from "./packet-size.ts";
import { checkPlan, congestionControl, connectLines, firstAddress, firstIpv6, machineRules, machineTable, nodeLines, type CheckedPlan, type UnderlayNode, type UnderlayPlan } from "./underlay-plan.ts";

export type { UnderlayNode, UnderlayPlan } from "./underlay-plan.ts";

const forwardingFile = "/proc/sys/net/ipv4/ip_forward";

export interface EnsuredUnderlay {
  /** The machine did not forward packets before and does now; it stays so. */
  readonly turnedForwardingOn: boolean;
  /** Namespaces that were missing. */
  readonly made: readonly string[];
}

export interface UnderlayDescription {
  readonly device: string;
  readonly switchNamespace: string;
  readonly nodes: readonly { readonly id: string; readonly namespace: string; readonly device: string; readonly address: string; readonly present: boolean }[];
  readonly machineConnected: boolean;
}

export async function ensureUnderlay(untrusted: UnderlayPlan): Promise<EnsuredUnderlay> {
  const plan = checkPlan(untrusted);
  const congestion = readCongestionControl();
  const mark = (node: UnderlayNode) => readyMark(plan, node, congestion);
  const made = await ensureNamespaces(plan);
  const ready = await ensureSwitch(plan, made, mark);
  const turnedForwardingOn = turnForwardingOn();
  const unready = plan.nodes.filter((node) => !ready.includes(node));
  await Promise.all([
    ensureMachine(plan),
    ...unready.map((node) => ipBatch(nodeLines(plan, node, congestion), { namespace: nodeNamespace(plan.installation, node.id) })),
  ]);
  await ipBatch(unready.map((node) => `link set ${switchPort(node.id)} mtu ${nodeMtu} alias "${mark(node)}"`), { namespace: switchNamespace(plan.installation) });
  return { turnedForwardingOn, made };
}

/** Of this machine's kernel. */
export function readCongestionControl(): string {
  return congestionControl(readFileSync("/proc/sys/net/ipv4/tcp_available_congestion_control", "utf8"));
}

/** Kept as the alias of a node's port once the node's own namespace is complete, so that a repetition need not look into each. */
function readyMark(plan: CheckedPlan, node: UnderlayNode, congestion: string): string {
  return `${node.address} ${plan.underlay} ${plan.publicPool} ${plan.ipv6Pool} ${nodeMtu} ${congestion}`;
}

async function ensureNamespaces(plan: CheckedPlan): Promise<readonly string[]> {
  const wanted = [switchNamespace(plan.installation), ...plan.nodes.map((node) => nodeNamespace(plan.installation, node.id))];
  const present = listNamespaces(nodeNamespace(plan.installation, ""));
  const missing = wanted.filter((name) => !present.some((found) => found.name === name && found.whole));
  await Promise.all(present.filter((found) => !found.whole).map((broken) => rm(`/run/netns/${broken.name}`, { force: true })));
  await ipBatch(missing.map((name) => `netns add ${name}`));
  return missing;
}

/** Connects what is not connected; the nodes that were complete before. */
async function ensureSwitch(plan: CheckedPlan, made: readonly string[], mark: (node: UnderlayNode) => string): Promise<readonly UnderlayNode[]> {
  const namespace = switchNamespace(plan.installation);
  const links = await ipJson(["link", "show"], namespace);
  const ports = new Map(links.map((link) => [stringField(link, "ifname") ?? "", link]));
  if (!ports.has("switch")) await makeSwitch(namespace);
  await runInNamespace(namespace, unfilteredScript);
  const isNew = (node: UnderlayNode) => made.includes(nodeNamespace(plan.installation, node.id));
  const unconnected = plan.nodes.filter((node) => isNew(node) || !ports.has(switchPort(node.id)));
  await Promise.all(unconnected.filter((node) => !isNew(node)).map((node) => dropStaleDevice(nodeNamespace(plan.installation, node.id))));
  const stalePorts = unconnected.map((node) => switchPort(node.id)).filter((port) => ports.has(port));
  await ipBatch([...stalePorts.map((port) => `link delete ${port}`), ...connectLines(plan, unconnected)], { namespace });
  if (!ports.has("machine")) await connectMachine(plan);
  const names = [...plan.nodes.map((node) => switchPort(node.id)), "machine"];
  const unjoined = names.filter((name) => stringField(ports.get(name), "master") !== "switch" || stalePorts.includes(name));
  await ipBatch(unjoined.map((name) => `link set ${name} master switch up`), { namespace });
  return plan.nodes.filter((node) => !unconnected.includes(node) && stringField(ports.get(switchPort(node.id)), "ifalias") === mark(node));
}

/** A device whose other end was in a namespace that is being destroyed; the kernel takes its time. */
async function dropStaleDevice(namespace: string): Promise<void> {
  await ipBatch([`link delete ${underlayDevice}`], { namespace, anyway: true });
}

/** Where the kernel can show bridged packets to packet filters it does so in every namespace unless told otherwise, and each packet takes longer. */
const unfilteredScript = "for call in arptables iptables ip6tables; do file=/proc/sys/net/bridge/bridge-nf-call-$call; [ ! -e $file ] || echo 0 > $file; done\n";

/** The switch forwards frames and does nothing else: no addresses, and no filter of the machine's on bridged packets. */
async function makeSwitch(namespace: string): Promise<void> {
  await runInNamespace(namespace, parameterScript({ "ipv6/conf/all/disable_ipv6": 1, "ipv6/conf/default/disable_ipv6": 1 }));
  await ipBatch(["link set lo up", "link add switch type bridge mcast_snooping 0", "link set switch up"], { namespace });
}

async function connectMachine(plan: CheckedPlan): Promise<void> {
  const device = machineDevice(plan.installation);
  const namespace = switchNamespace(plan.installation);
  await ipBatch([`link delete ${device}`], { anyway: true });
  await ipBatch([`link add ${device} type veth peer name machine netns ${namespace}`]);
}

/** The machine does not begin to forward IPv6 for it: a machine that does believes no router any more, which may be how it has its own addresses. */
async function ensureMachine(plan: CheckedPlan): Promise<void> {
  const device = machineDevice(plan.installation);
  for (const [name, value] of [["disable_ipv6", 0], ["accept_ra", 0], ["accept_dad", 0]] as const) writeFileSync(`/proc/sys/net/ipv6/conf/${device}/${name}`, String(value));
  await Promise.all([
    ipBatch([
      `address replace ${firstAddress(plan.poolBlock)} dev ${device}`,
      `address replace ${firstAddress(plan.underlayBlock)} dev ${device}`,
      `link set ${device} up`,
      `address replace ${firstIpv6(plan)} dev ${device} nodad`,
    ]),
    loadRules(machineRules(plan)),
  ]);
}

function turnForwardingOn(): boolean {
  if (readFileSync(forwardingFile, "utf8").trim() === "1") return false;
  writeFileSync(forwardingFile, "1");
  return true;
}

/**
 * Ends every process that still runs in one of the installation's namespaces and removes them all, those that no longer stand in
 * the plan and the VPCs' on each host included.
 */
export async function removeUnderlay(plan: Pick<UnderlayPlan, "installation">): Promise<void> {
  const namespaces = listNamespaces(nodeNamespace(plan.installation, ""));
  await endProcessesIn(namespaces.filter(({ whole }) => whole).map(({ name }) => name));
  await ipBatch([`link delete ${machineDevice(plan.installation)}`], { anyway: true });
  await ipBatch(namespaces.filter(({ whole }) => whole).map(({ name }) => `netns delete ${name}`), { anyway: true });
  await Promise.all(namespaces.filter(({ whole }) => !whole).map(({ name }) => rm(`/run/netns/${name}`, { force: true })));
  for (const family of ["ip", "ip6"]) await runCommand("nft", ["delete", "table", family, machineTable(plan.installation)]).catch(ignoreFailedCommand);
}

/** Connects a node to the switch or cuts it off; everything else about it stays. */
export async function setNodeLink(installation: string, node: string, link: "up" | "down"): Promise<void> {
  await ipBatch([`link set ${switchPort(node)} ${link}`], { namespace: switchNamespace(installation) });
}

/** Makes a device of this machine's one more port of the switch, if it is none yet: what is behind it reaches the underlay network. */
export async function plugIntoSwitch(installation: string, device: string): Promise<void> {
  const namespace = switchNamespace(installation);
  const present = await ipJson(["link", "show", "dev", device], namespace);
  if (present.length === 0) await ipBatch([`link set ${device} netns ${namespace}`]);
  await widen(device, nodeMtu, namespace);
  await ipBatch([`link set ${device} master switch up`], { namespace });
}

/** Gives the device back to this machine. */
export async function unplugFromSwitch(installation: string, device: string): Promise<void> {
  await ipBatch([`link set ${device} netns ${process.pid}`], { namespace: switchNamespace(installation), anyway: true });
}

/** Kills every process in the node's namespace and in those of the VPCs on it: its agent, engines, volumes' daemons. */
export async function endNode(installation: string, node: string): Promise<void> {
  await endProcessesIn(namespacesOf(installation, node).flatMap(({ name, whole }) => (whole ? name : [])));
}

/** Whether any namespace of the node is here. */
export function hasUnderlayNode(installation: string, node: string): boolean {
  return namespacesOf(installation, node).length > 0;
}

/** Ends everything that runs on a node and removes its namespaces, those of VPCs too, and its port of the switch. */
export async function removeUnderlayNode(installation: string, node: string): Promise<void> {
  await endNode(installation, node);
  const present = namespacesOf(installation, node);
  await ipBatch([`link delete ${switchPort(node)}`], { namespace: switchNamespace(installation), anyway: true });
  await ipBatch(present.flatMap(({ name, whole }) => (whole ? `netns delete ${name}` : [])), { anyway: true });
  await Promise.all(present.filter(({ whole }) => !whole).map(({ name }) => rm(`/run/netns/${name}`, { force: true })));
}

function namespacesOf(installation: string, node: string): ReturnType<typeof listNamespaces> {
  const own = nodeNamespace(installation, node);
  return listNamespaces(own).filter(({ name }) => name === own || name.startsWith(vpcNamespacePrefix(installation, node)));
}

export async function describeUnderlay(untrusted: UnderlayPlan): Promise<UnderlayDescription> {
  const plan = checkPlan(untrusted);
  const present = listNamespaces(nodeNamespace(plan.installation, ""));
  const device = machineDevice(plan.installation);
  return {
    device,
    switchNamespace: switchNamespace(plan.installation),
    machineConnected: (await ipJson(["address", "show", "dev", device, "to", formatCidr(plan.poolBlock)])).length > 0,
    nodes: plan.nodes.map(({ id, address }) => {
      const namespace = nodeNamespace(plan.installation, id);
      return { id, namespace, device: underlayDevice, address, present: present.some(({ name, whole }) => whole && name === namespace) };
    }),
  };
}
