/** `host join`: makes this machine a host of a data centre that runs elsewhere, or starts the host that it is. */
import { createPublicKey } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describeMachine } from "../../host/agent/run-agent.ts";
import { listNamespaces, nodeNamespace } from "../../host/network/names.ts";
import type { Refusal } from "../../host/protocol/joining.ts";
import { CommandError, exitCodes } from "../command-error.ts";
import { findAgentStatus } from "../control-client.ts";
import { installationFile, runDirectoryFor, surroundings } from "../directories.ts";
import { endSignal, processLog } from "../process-log.ts";
import { askToJoin } from "../join/ask-to-join.ts";
import { giveDevices, requireDevices, type HostDevices } from "../join/host-devices.ts";
import { shutDownJoinedHost, superviseJoinedHost, type JoinedHost } from "../join/joined-host.ts";
import { parseJoinToken, type JoinToken } from "../join/join-token.ts";
import { ensureHostKey, writeMembership, type Membership } from "../join/membership.ts";
import { findStanding } from "../join/standing.ts";
import { launchComponent, logFile } from "../launch.ts";
import { devicesNamed } from "../named-devices.ts";
import { prepareDataDirectory } from "../prepare-installation.ts";
import { findComponents } from "../processes.ts";
import type { JoinOptions } from "../program-host.ts";
import { terminalProgress, type Progress } from "../terminal.ts";
import { protocolVersion } from "../version.ts";

const startTimeoutMs = 120_000;
const tokenUsage = { exitCode: exitCodes.usage, remedy: "On the control plane's machine: ./hostelry host token --zone ZONE" };

export async function hostJoin(url: string | undefined, options: JoinOptions): Promise<void> {
  const around = surroundings();
  if (around.uid !== 0) throw new CommandError("A host of real guests needs root.", { remedy: "Run it as root." });
  const dataDirectory = prepareDataDirectory(options.data, false, around);
  if (existsSync(installationFile(dataDirectory))) throw new CommandError(`${dataDirectory} holds a data centre of its own.`, { remedy: "Give another directory with --data DIR." });
  const progress = terminalProgress(process.stdout);
  try {
    const token = options.token === undefined ? undefined : parseToken(options.token);
    const leave = async (joined: JoinedHost) => {
      progress.note(`The data centre has the host ${joined.membership.host} no more, or another machine is it; this machine joins anew.`);
      await shutDownJoinedHost(joined);
    };
    const known = await findStanding({ dataDirectory, version: protocolVersion(), leave }, token);
    const wish = wishedDevices(options);
    const membership = known === undefined ? await join(dataDirectory, url, token, wish) : await giveDevices({ dataDirectory, known, isThere: isThere(dataDirectory, known) }, wish);
    progress.note(known === undefined ? `This machine is the host ${membership.host} in ${membership.zone} now.` : `This machine is the host ${known.host} in ${known.zone} already; no token is used.`);
    if (options.foreground === true) {
      await superviseJoinedHost({ dataDirectory, membership }, processLog("supervisor"), endSignal());
      process.exit(0); // nothing that is still open may hold it
    }
    await start(dataDirectory, membership, progress);
    progress.done(`the host ${membership.host} runs; it does so in the background`);
  } finally {
    progress.end();
  }
}

function parseToken(text: string): JoinToken {
  const token = parseJoinToken(text);
  if (token === undefined) throw new CommandError("The token is not a whole one.", tokenUsage);
  return token;
}

/** What is not named is not in it. */
function wishedDevices({ underlayDevice: device, mtu, cards, accelerators }: JoinOptions): Partial<HostDevices> {
  return {
    ...(device === undefined ? {} : { device }),
    ...(mtu === undefined ? {} : { mtu }),
    ...(cards === undefined ? {} : { cards: devicesNamed(cards) }),
    ...(accelerators === undefined ? {} : { accelerators: devicesNamed(accelerators) }),
  };
}

function isThere(dataDirectory: string, { installation, host }: Membership): boolean {
  const namespace = nodeNamespace(installation, host);
  return findComponents(dataDirectory).length > 0 || listNamespaces(namespace).some(({ name, whole }) => whole && name === namespace);
}

async function join(dataDirectory: string, url: string | undefined, token: JoinToken | undefined, { device, ...others }: Partial<HostDevices>): Promise<Membership> {
  if (url === undefined || token === undefined || device === undefined) throw new CommandError("A machine that is no host yet needs an address, --token and --underlay-device.", tokenUsage);
  if (!URL.canParse(url) || new URL(url).protocol !== "https:") throw new CommandError(`${url} is no address such as https://198.19.0.1:8774.`, tokenUsage);
  const devices: HostDevices = { device, ...others };
  await requireDevices(devices);
  const publicKey = String(createPublicKey(await ensureHostKey(dataDirectory)).export({ format: "pem", type: "spki" }));
  const { admission, authority } = await askToJoin({ url, token, publicKey, machine: describeMachine(), version: protocolVersion() });
  const { identity, ...rest } = admission;
  const membership: Membership = { ...rest, url, authority, ...devices, runDirectory: runDirectoryFor(admission.installation, surroundings()) };
  await writeMembership(dataDirectory, membership, identity);
  return membership;
}

/** Returns when the control plane has taken the host in. What was started goes on, also when it does not. */
async function start(dataDirectory: string, membership: Membership, progress: Progress): Promise<void> {
  const { runDirectory, host } = membership;
  mkdirSync(runDirectory, { recursive: true, mode: 0o755 });
  if (!findComponents(dataDirectory).some(({ component }) => component.kind === "supervisor")) launchComponent({ kind: "supervisor" }, { dataDirectory, runDirectory }).unref();
  const remedy = `It goes on trying in the background. Look at ${logFile(dataDirectory, `agent-${host}`)} and ${logFile(dataDirectory, "supervisor")}.`;
  for (const deadline = performance.now() + startTimeoutMs; performance.now() < deadline; await sleep(100)) {
    const status = await findAgentStatus(runDirectory, host);
    if (status?.known === true) return;
    if (status?.refusal !== undefined) throw new CommandError((JSON.parse(status.refusal) as Refusal).message, { remedy }); // the control plane wrote it
    progress.working(status === undefined ? "starting the agent" : "finding out what this machine can do");
  }
  throw new CommandError("The control plane has not heard of this host.", { remedy });
}
