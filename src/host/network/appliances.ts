/**
 * Interfaces that no guest has: a NAT gateway's and those of endpoints. Behind the tap of each is a namespace in a guest's place, so that routes, ACLs, groups and
 * public addresses need nothing new for it.
 *
 * Promised: what is whole stays as it is, also through a new agent. Only those who listen for an endpoint end with their agent, and a new one listens anew.
 */
import type { InterfaceId } from "../../base/ids.ts";
import { servicePorts } from "../protocol/service-connection.ts";
import type { InterfaceSpecification } from "../protocol/specification.ts";
import { listenInNamespace } from "../services/namespace-listener.ts";
import { ignoreFailedCommand, ipBatch, namespacePath, runCommand, runInNamespace } from "./command.ts";
import { connectEndpointScript, endpointScript } from "./endpoint.ts";
import type { HostLinks } from "./host-links.ts";
import type { HostNetworkOptions } from "./host-network-options.ts";
import { applianceDevice, applianceNamespace, interfaceDevices, listNamespaces, type ApplianceKind } from "./names.ts";
import { natGatewayScript } from "./nat-gateway.ts";

export interface Appliance {
  readonly kind: ApplianceKind;
  readonly nic: InterfaceSpecification;
}

export interface ApplianceOptions {
  readonly installation: string;
  readonly hostId: string;
  /** Listens in an endpoint's namespace until it is disposed of. Absent: nobody does. */
  readonly listen?: (namespace: string, id: InterfaceId) => Promise<Disposable>;
}

const kinds: readonly ApplianceKind[] = ["natGateway", "endpoint", "connectEndpoint"];
const scripts: Readonly<Record<ApplianceKind, (nic: InterfaceSpecification, addresses: readonly string[]) => string>> = { natGateway: natGatewayScript, endpoint: endpointScript, connectEndpoint: connectEndpointScript };

export class Appliances {
  readonly #options: ApplianceOptions;
  /** What this process has made, as the script that made it. */
  readonly #made = new Map<InterfaceId, string>();
  readonly #listeners = new Map<InterfaceId, Disposable>();

  constructor(options: ApplianceOptions) {
    this.#options = options;
  }

  /** Makes what is missing of it; true when its tap is new. Connections of one that is whole go on. `addresses`: all that it has. */
  async ensure({ kind, nic }: Appliance, addresses: readonly string[], mtu: number, links: HostLinks): Promise<boolean> {
    const { tap } = interfaceDevices(nic.id);
    const namespace = this.#namespace(kind, nic.id);
    const isWhole = links.has(tap) && listNamespaces(namespace).some(({ name, whole }) => name === namespace && whole);
    const script = scripts[kind](nic, addresses);
    if (isWhole && this.#made.get(nic.id) === script) return false;
    if (!isWhole) {
      await this.remove([nic.id]);
      await ipBatch([`netns add ${namespace}`]);
      await ipBatch([`link add ${tap} mtu ${mtu} type veth peer name ${applianceDevice} address ${nic.mac} mtu ${mtu} netns ${namespace}`, `link set ${tap} up`]);
    }
    await runInNamespace(namespace, script);
    if (kind === "endpoint" && !this.#listeners.has(nic.id)) {
      const listener = await this.#options.listen?.(namespace, nic.id);
      if (listener !== undefined) this.#listeners.set(nic.id, listener);
    }
    this.#made.set(nic.id, script);
    return !isWhole;
  }

  /** Removes those of these interfaces, also when they are gone in part. */
  async remove(ids: readonly InterfaceId[]): Promise<void> {
    for (const id of ids) {
      this.#made.delete(id);
      this.#listeners.get(id)?.[Symbol.dispose]();
      this.#listeners.delete(id);
      for (const namespace of kinds.map((kind) => this.#namespace(kind, id))) {
        if (!listNamespaces(namespace).some(({ name }) => name === namespace)) continue;
        await ipBatch([`link delete ${interfaceDevices(id).tap}`], { anyway: true }); // the kernel takes its time with a namespace's devices
        await runCommand("ip", ["netns", "delete", namespace]).catch(ignoreFailedCommand);
      }
    }
  }

  /** Removes every appliance of this host but those of the interfaces. */
  async retainOnly(ids: readonly InterfaceId[]): Promise<void> {
    for (const kind of kinds) {
      const kept = new Set(ids.map((id) => this.#namespace(kind, id)));
      for (const { name } of listNamespaces(this.#namespace(kind, ""))) {
        if (!kept.has(name)) await runCommand("ip", ["netns", "delete", name]).catch(ignoreFailedCommand);
      }
    }
  }

  /** Nobody listens any more; all else stays. */
  close(): void {
    for (const listener of this.#listeners.values()) listener[Symbol.dispose]();
    this.#listeners.clear();
  }

  #namespace(kind: ApplianceKind, id: InterfaceId | ""): string {
    return applianceNamespace(this.#options.installation, this.#options.hostId, kind, id);
  }
}

/** For endpoints, as for the services' public address. */
export function listenWith({ services }: Pick<HostNetworkOptions, "services">): Pick<ApplianceOptions, "listen"> {
  if (services === undefined) return {};
  const { plain, secure } = servicePorts;
  return { listen: (namespace, id) => listenInNamespace(namespacePath(namespace), [plain, secure], (guest, port) => services.accept(guest, { endpointInterface: id, secure: port === secure })) };
}
