/** The processes and the network of a machine that has joined: a supervisor and its one agent, in the host's namespace. */
import type { Log } from "../../base/log.ts";
import { ensureJoinedUnderlay, removeJoinedUnderlay, type JoinedUnderlay } from "../../host/network/joined-underlay.ts";
import { namespacePath } from "../../host/network/command.ts";
import { nodeNamespace } from "../../host/network/names.ts";
import { agentSocket, callSocket, isRefused } from "../control-client.ts";
import { existingDataDirectory, surroundings } from "../directories.ts";
import { launchComponent } from "../launch.ts";
import { endProcesses, findComponents } from "../processes.ts";
import { superviseComponents } from "../supervisor.ts";
import { findMembership, type Membership } from "./membership.ts";

export interface JoinedHost {
  readonly dataDirectory: string;
  readonly membership: Membership;
}

/** The host of a data centre elsewhere that this machine is. */
export function findJoinedHost(data: string | undefined): JoinedHost | undefined {
  const dataDirectory = existingDataDirectory(data, surroundings());
  const membership = findMembership(dataDirectory);
  return membership && { dataDirectory, membership };
}

/** Guests have 30 seconds to shut down; then they are powered off, which needs a moment too. */
const parkTimeoutMs = 45_000;
const graceMs = 10_000;

/** Runs until the signal aborts; what was started stays. */
export async function superviseJoinedHost({ dataDirectory, membership }: JoinedHost, log: Log, signal: AbortSignal): Promise<void> {
  await ensureJoinedUnderlay(underlayOf(membership));
  const { host, installation, runDirectory } = membership;
  await superviseComponents({
    wanted: async () => [{ kind: "agent", node: host }],
    launch: (component) => launchComponent(component, { dataDirectory, runDirectory, networkNamespace: namespacePath(nodeNamespace(installation, host)) }),
    isHeld: () => false,
    findRunning: () => findComponents(dataDirectory),
    now: () => performance.now(),
    log,
    signal,
  });
}

/** Shuts the guests down and ends everything here; the next `host join` starts it again. Returns whether anything ran. */
export async function shutDownJoinedHost({ dataDirectory, membership }: JoinedHost): Promise<boolean> {
  const running = findComponents(dataDirectory);
  await endProcesses(running.filter(({ component }) => component.kind === "supervisor"), graceMs);
  await callSocket(agentSocket(membership.runDirectory, membership.host), { method: "POST", path: "/v1/park", timeoutMs: parkTimeoutMs }).catch((thrown: unknown) => {
    if (!isRefused(thrown)) throw thrown;
  });
  await endProcesses(findComponents(dataDirectory), graceMs);
  await removeJoinedUnderlay(underlayOf(membership));
  return running.length > 0;
}

function underlayOf({ installation, host, underlay, device, mtu, cards = [] }: Membership): JoinedUnderlay {
  return { installation, underlay: underlay.block, publicPool: underlay.publicPool, node: { id: host, address: underlay.address }, device, cards, ...(mtu === undefined ? {} : { mtu }) };
}

