/**
 * Brings guests' connections to the services of the installation: each over a connection of the agent's own to the control plane, byte by byte, with what the
 * host knows of the guest said beside. Nothing that a guest sends is looked at here.
 *
 * A guest cannot hold the agent up: connections are counted, for each of the addresses that they come from and in all, and one that is silent for long is
 * ended. When the control plane is away a connection is hung up on, and clients try again.
 */
import type { Socket } from "node:net";
import { pipeline } from "node:stream";
import type { InterfaceId } from "../../base/ids.ts";
import type { DialControlPlane } from "../agent/control-plane-transport.ts";
import { serviceConnectionPath, serviceUpgrade } from "../protocol/service-connection.ts";

/** How a connection came in. */
export interface ServiceEntrance {
  /** At the endpoint's interface; undefined: at the services' public address. */
  readonly endpointInterface: InterfaceId | undefined;
  readonly secure: boolean;
}

export type AcceptServiceConnection = (guest: Socket, entrance: ServiceEntrance) => void;

const [perAddressLimit, limit] = [64, 1_024];
/** Longer than the API's server keeps an idle connection. */
const idleMs = 120_000;

export class ServiceRelay {
  readonly #dial: DialControlPlane;
  readonly #hostId: string;
  readonly #open = new Map<string, number>();

  constructor({ dial, hostId }: { readonly dial: DialControlPlane; readonly hostId: string }) {
    this.#dial = dial;
    this.#hostId = hostId;
  }

  readonly accept: AcceptServiceConnection = (guest, { endpointInterface, secure }) => {
    const address = (guest.remoteAddress ?? "").replace(/^::ffff:/, "");
    guest.on("error", () => guest.destroy());
    const key = `${endpointInterface ?? ""} ${address}`;
    const [mine, all] = [this.#open.get(key) ?? 0, [...this.#open.values()].reduce((sum, count) => sum + count, 0)];
    if (mine >= perAddressLimit || all >= limit) return void guest.destroy();
    this.#open.set(key, mine + 1);
    guest.once("close", () => this.#forget(key));
    guest.setTimeout(idleMs, () => guest.destroy());
    this.#dial(serviceConnectionPath(this.#hostId, { address, endpointInterface, secure }), serviceUpgrade).then(
      (service) => {
        // An error is an end; each side is told of it by the other's.
        pipeline(guest, service, () => undefined);
        pipeline(service, guest, () => undefined);
      },
      () => guest.destroy(),
    );
  };

  #forget(key: string): void {
    const left = (this.#open.get(key) ?? 1) - 1;
    if (left === 0) this.#open.delete(key);
    else this.#open.set(key, left);
  }
}
