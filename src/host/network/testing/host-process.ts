/**
 * A host's network and metadata service in a process of its own, inside the host's namespace, for tests: what the agent will be.
 * Takes one call a line on standard input as JSON and answers each with a line. Being killed with -9 is part of its purpose.
 *
 *   nsenter --net=… node host-process.ts '{"hostId":…,"installation":…,"directory":…,"resolvers":[…],"serviceAddress":…}'
 */
import type { Socket } from "node:net";
import { join } from "node:path";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { systemClock } from "../../../base/clock.ts";
import { errorChain } from "../../../base/errors.ts";
import type { InterfaceId, VpcId } from "../../../base/ids.ts";
import { silentLog } from "../../../base/log.ts";
import { systemRandom } from "../../../base/random.ts";
import { openIdentitySigner } from "../../metadata/identity-signer.ts";
import { openMetadataService } from "../../metadata/metadata-service.ts";
import type { InterfaceSpecification, MachineSpecification, VpcSpecification } from "../../protocol/specification.ts";
import { StreamError, type TcpTarget, type TunnelTarget } from "../../protocol/stream.ts";
import { connectInNamespace } from "../../services/namespace-connection.ts";
import type { ServiceEntrance } from "../../services/service-relay.ts";
import { BandwidthKeeper } from "../bandwidth/bandwidth-keeper.ts";
import { namespacePath } from "../command.ts";
import { openHostNetwork } from "../host-network.ts";
import { connectToGuest, ensureConnectAddress } from "../guest-connection.ts";
import { applianceNamespace } from "../names.ts";

/** Only the tests start this process; both sides are of the same source tree, so what arrives is what was meant. */
const settings = JSON.parse(process.argv[2] ?? "{}") as { hostId: string; installation: string; directory: string; resolvers: string[]; serviceAddress: string };

/** In the place of a service: says how the guest came in and who it is. */
function greet(guest: Socket, { endpointInterface, secure }: ServiceEntrance): void {
  guest.on("error", () => guest.destroy());
  guest.write(`${endpointInterface ?? "public"}:${secure ? "tls" : "plain"} ${guest.remoteAddress ?? ""}\n`);
  guest.pipe(guest);
}

const network = await openHostNetwork({
  hostId: settings.hostId,
  installation: settings.installation,
  stateDirectory: join(settings.directory, "state"),
  runDirectory: join(settings.directory, "run"),
  underlayDevice: "underlay0",
  isOnSwitch: true,
  resolvers: settings.resolvers,
  services: { address: settings.serviceAddress, accept: greet },
  log: silentLog,
});
const metadata = await openMetadataService({
  clock: systemClock,
  random: systemRandom,
  secretFile: join(settings.directory, "state", "metadata.secret"),
  signer: await openIdentitySigner(join(settings.directory, "identity")),
  setHopLimit: (id, hopLimit) => network.setTokenHopLimit(id, hopLimit),
  log: silentLog,
});
const bandwidth = new BandwidthKeeper({ stateFile: join(settings.directory, "state", "bandwidth.json"), clock: systemClock, log: silentLog, everyMs: 100 });
const machines = new Map<InterfaceId, MachineSpecification>();

const tunnelNamespace = ({ endpointInterface }: TunnelTarget) => namespacePath(applianceNamespace(settings.installation, settings.hostId, "connectEndpoint", endpointInterface));

const calls = {
  /** Takes the machine's specification and does for its first interface what the agent does at a start. */
  async start(machine: MachineSpecification) {
    const [nic] = machine.interfaces;
    if (nic === undefined) throw new Error("the machine has no interface");
    machines.set(nic.id, machine);
    const began = performance.now();
    const prepared = await network.prepareInterface(nic);
    const preparedAt = performance.now();
    await metadata.serve(prepared.metadataPort, () => machines.get(nic.id), nic.id);
    const servedAt = performance.now();
    await network.connectInterface(nic);
    await bandwidth.limit(nic);
    return { ...prepared, prepareMs: preparedAt - began, connectMs: performance.now() - servedAt };
  },
  prepareFor: ({ nic, uid }: { nic: InterfaceSpecification; uid: number }) => network.prepareInterface(nic, { uid, gid: uid }),
  async remove(id: InterfaceId) {
    const began = performance.now();
    await network.removeInterface(id);
    return { removeMs: performance.now() - began };
  },
  retainOnly: (ids: InterfaceId[]) => network.retainOnly(ids),
  async applyVpc(specification: VpcSpecification) {
    const began = performance.now();
    await network.applyVpc(specification);
    return { applyMs: performance.now() - began };
  },
  forgetBandwidth: (id: InterfaceId) => bandwidth.forget(id),
  async greetingOf(target: TcpTarget | TunnelTarget) {
    await ensureConnectAddress();
    try {
      const socket = await (target.kind === "tcp" ? connectToGuest(target, AbortSignal.timeout(1_000)) : connectInNamespace(tunnelNamespace(target), target, AbortSignal.timeout(2_000)));
      const [greeting] = (await once(socket, "data")) as [Buffer]; // no encoding was set
      socket.destroy();
      return greeting.toString();
    } catch (error) {
      if (error instanceof StreamError) return error.code;
      throw error;
    }
  },
  listen: (port: number) => new Promise<void>((resolve) => void createServer((socket) => socket.end("host\n")).listen(port, "0.0.0.0", resolve)),
  removeVpc: (id: VpcId) => network.removeVpc(id),
  async close() {
    await metadata.close();
    await network.close();
    setImmediate(() => process.exit(0));
  },
} as const;

process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  const { call, argument } = JSON.parse(line) as { call: keyof typeof calls; argument: never };
  try {
    process.stdout.write(`${JSON.stringify({ value: (await calls[call](argument)) ?? null })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: errorChain(error) })}\n`);
  }
}
