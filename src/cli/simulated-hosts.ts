/**
 * The hosts and storage nodes of a simulated installation, in the control plane's process: one in every zone of the world.
 *
 * A host that has anything to do is a real agent with simulated parts, which exchanges the same messages with the control plane as any other, only without
 * a socket between them. Of the others only the rows say that they are there: hundreds of agents that ask for work and get none would cost more than all
 * else. Agents know nothing after a restart; the specifications that they are given make their records again.
 */
import { systemClock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import type { ControlPlaneTransport } from "../host/agent/control-plane-transport.ts";
import { describeMachine } from "../host/agent/run-agent.ts";
import { playedAccelerators, startSimulatedAgent } from "../host/agent/run-simulated-agent.ts";
import { linkedPair, simulatedEngines, simulatedHost, simulatedStorage, type SnapshotStores } from "../host/agent/simulated-parts.ts";
import { MachineRoom } from "../host/engine/simulated.ts";
import { silentAfterMs } from "../host/protocol/exchange.ts";
import { frameStream } from "../host/protocol/framed-stream.ts";
import type { EngineAvailability, HostDescription } from "../host/protocol/report.ts";
import { answerMessage } from "../reconcile/hosts/exchange-server.ts";
import type { HostDesk } from "../reconcile/hosts/host-desk.ts";
import type { Store } from "../store/store.ts";
import { listNodes } from "./topology.ts";
import type { TopologyDesk } from "./topology-desk.ts";
import { topologyTopic } from "./topology-rows.ts";
import { programVersion } from "./version.ts";

export interface SimulatedHosts {
  /** Six hexadecimal digits. */
  readonly installation: string;
  readonly topology: TopologyDesk;
  readonly store: Store;
  readonly desk: HostDesk;
  /** Where snapshots of volumes without content get their empty lists of blocks. */
  readonly snapshots: SnapshotStores;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Returns when every host counts as arrived. They go on until the signal aborts. */
export async function startSimulatedHosts(hosts: SimulatedHosts): Promise<void> {
  const { store, log, signal } = hosts;
  await announceAll(store);
  const { start, endUnlisted } = agents(hosts);
  const announce = () => void announceAll(store).catch((thrown: unknown) => log.error("the simulated hosts could not be announced", { error: thrown }));
  const stopListening = store.onTouched((topics) => {
    for (const topic of topics) if (topic.startsWith("host:")) start(topic.slice("host:".length));
    if (!topics.has(topologyTopic)) return;
    endUnlisted();
    announce();
  });
  const busy = await store.read((tx) => tx.db.selectFrom("specifications").select("host_id").distinct().execute());
  for (const { host_id: node } of busy) start(node);
  const heartbeat = setInterval(announce, silentAfterMs / 2);
  signal.addEventListener("abort", () => {
    clearInterval(heartbeat);
    stopListening();
  });
}

/** All hosts are there, as their own arrival and polls would say. An agent that has arrived keeps its higher incarnation. */
async function announceAll(store: Store): Promise<void> {
  const host = JSON.stringify(describeSimulated({ works: true, engine: "simulated" }));
  await store.write(async ({ db }) => {
    await db.updateTable("hosts").set({ incarnation: 1, description: host }).where("incarnation", "=", 0).execute();
    await db.updateTable("hosts").set({ heard_at: systemClock.now() }).execute();
  });
}

function describeSimulated(availability: EngineAvailability): HostDescription {
  return { version: programVersion(), machine: describeMachine(), accelerators: playedAccelerators, engines: { emulated: availability, paravirtual: availability, hardware: availability }, arm64: availability };
}

/** Starts a node's agent when it is first called for, and ends those of nodes that have gone. */
function agents({ installation, topology, desk, snapshots, log, signal }: SimulatedHosts): { start(node: string): void; endUnlisted(): void } {
  const transport = deskTransport(desk, log);
  const started = new Map<string, AbortController>();
  const shared = { installation, transport, version: programVersion(), machine: describeMachine(), clock: systemClock, random: systemRandom };
  return {
    start(node) {
      if (started.has(node) || signal.aborted) return;
      const role = listNodes(topology.current()).find(({ id }) => id === node)?.role;
      if (role === undefined) return;
      const leave = new AbortController();
      started.set(node, leave);
      const parts = role === "storage" ? simulatedStorage(snapshots) : simulatedHost(simulatedEngines(new MachineRoom(), () => ({ isSilent: true })));
      const own = log.with({ host: node });
      const agent = startSimulatedAgent({ ...shared, hostId: node, parts, log: own, signal: AbortSignal.any([signal, leave.signal]) });
      agent.catch((error: unknown) => own.error("a simulated agent could not start", { error }));
    },
    endUnlisted() {
      const listed = new Set(listNodes(topology.current()).map(({ id }) => id));
      for (const [node, leave] of started) if (!listed.has(node) && started.delete(node)) leave.abort();
    },
  };
}

/** Messages to the control plane of this very process. */
function deskTransport(desk: HostDesk, log: Log): ControlPlaneTransport {
  return {
    close() {},
    dial: async (path) => {
      const [, , , host = "", , id = ""] = path.split("/");
      if (!desk.streams.isOrdered(host, id)) throw new Error("nobody waits for the stream any more");
      const [near, far] = linkedPair();
      desk.streams.join(host, id, frameStream(near));
      return far;
    },
    send: async ({ method, path, body }, signal) => {
      const answer = await answerMessage(desk, { method, target: path, readBody: async () => Buffer.from(body?.content ?? ""), gone: signal }, log);
      signal.throwIfAborted();
      return { status: answer?.status ?? 404, text: answer?.body ?? "" };
    },
  };
}
