/** The interfaces that a host's network was asked for, with the numbers it gave them; every change is on disk before it is used. */
import type { InterfaceId, VpcId } from "../../base/ids.ts";
import type { InterfaceSpecification } from "../protocol/specification.ts";
import type { CardFunction } from "../virtual-function/choose-function.ts";
import type { HeldFunction } from "../virtual-function/card-mender.ts";
import type { TapUser } from "./interface-link.ts";
import type { ApplianceKind } from "./names.ts";
import { freeLinkNumber, freeMetadataPort, loadNetworkState, saveNetworkState, type KnownInterface, type NetworkState } from "./network-state.ts";

export class KnownInterfaces {
  readonly #directory: string;
  readonly #state: NetworkState;

  constructor(directory: string) {
    this.#directory = directory;
    this.#state = loadNetworkState(directory);
  }

  get(id: InterfaceId): KnownInterface | undefined {
    return this.#state.interfaces.get(id);
  }

  all(): readonly KnownInterface[] {
    return [...this.#state.interfaces.values()];
  }

  connectedIn(vpc: VpcId): readonly KnownInterface[] {
    return this.all().filter((known) => known.nic.vpc.id === vpc && known.connected);
  }

  /** The virtual functions that interfaces have, of all or of these. */
  cardFunctions(ids?: readonly InterfaceId[]): readonly CardFunction[] {
    return this.all().flatMap(({ nic, cardFunction }) => (cardFunction === undefined || ids?.includes(nic.id) === false ? [] : cardFunction));
  }

  heldFunctions(): readonly HeldFunction[] {
    return this.all().flatMap(({ nic: { mac }, cardFunction }) => (cardFunction === undefined ? [] : { cardFunction, mac }));
  }

  appliances(): readonly KnownInterface[] {
    return this.all().filter(({ appliance }) => appliance !== undefined);
  }

  usesVpc(vpc: VpcId): boolean {
    return this.all().some((known) => known.nic.vpc.id === vpc);
  }

  /** The number that the VPC's link address comes from. */
  linkNumber(vpc: VpcId): number {
    const number = this.#state.links.get(vpc);
    if (number === undefined) throw new Error(`no interface of ${vpc} is known on this host`);
    return number;
  }

  /** Takes a new specification. What was given out before stays. */
  remember(nic: InterfaceSpecification, change: { readonly user?: TapUser; readonly connected?: boolean; readonly appliance?: ApplianceKind; readonly cardFunction?: CardFunction } = {}): KnownInterface {
    const before = this.get(nic.id);
    const tapUser = change.user ?? before?.tapUser;
    const appliance = change.appliance ?? before?.appliance;
    const cardFunction = change.cardFunction ?? before?.cardFunction;
    const known: KnownInterface = {
      nic,
      metadataPort: before?.metadataPort ?? freeMetadataPort(this.#state),
      hopLimit: before?.hopLimit ?? 1,
      connected: change.connected ?? before?.connected ?? false,
      ...(tapUser === undefined ? {} : { tapUser }),
      ...(appliance === undefined ? {} : { appliance }),
      ...(cardFunction === undefined ? {} : { cardFunction }),
    };
    this.#state.interfaces.set(nic.id, known);
    if (!this.#state.links.has(nic.vpc.id)) this.#state.links.set(nic.vpc.id, freeLinkNumber(this.#state));
    this.#save();
    return known;
  }

  setHopLimit(id: InterfaceId, hopLimit: number): void {
    const known = this.get(id);
    if (known === undefined) return;
    this.#state.interfaces.set(id, { ...known, hopLimit });
    this.#save();
  }

  /** Forgets interfaces, and the VPCs that have none left. */
  forget(ids: readonly InterfaceId[]): void {
    for (const id of ids) this.#state.interfaces.delete(id);
    for (const vpc of this.#state.links.keys()) if (!this.usesVpc(vpc)) this.#state.links.delete(vpc);
    this.#save();
  }

  #save(): void {
    saveNetworkState(this.#directory, this.#state);
  }
}
