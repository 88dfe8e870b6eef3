/** Elastic IP addresses as requests name them, and what they are to stand for (facts §7.5). */
import {
  addressNotFound,
  addressNotOwned,
  elasticIpAssociated,
  instanceNotValid,
  invalidParameterCombination,
  invalidParameterValue,
  malformedAddress,
  missingParameter,
  multipleInterfaces,
  notFound,
  parametersExclude,
  vpcHasNoGateway,
} from "../base/api-error.ts";
import { parseIpv4 } from "../base/ipv4.ts";
import type { AssociationTarget } from "../network/elastic-ip.ts";
import { listSecondaryAddresses } from "../network/interface-addresses.ts";
import { hasInternetGateway } from "../network/internet-gateway.ts";
import { listInterfacesOf, requireManageable } from "../network/network-interface.ts";
import type { ElasticIpRow, NetworkInterfaceRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { toInstanceState } from "./instance-state.ts";
import { requireInstances } from "./instance.ts";
import { requireOwnedRow, type Owner } from "./owned-rows.ts";

interface AddressRequest {
  readonly AllocationId?: string | undefined;
  readonly PublicIp?: string | undefined;
}

/** Fails for a text that is no address. */
export function requireAddressText(text: string): string {
  if (parseIpv4(text) === undefined) throw malformedAddress(text);
  return text;
}

/** The owner's address of the allocation id, or of the address itself. */
export async function requireElasticIp(tx: Tx, owner: Owner, { AllocationId: id, PublicIp: address }: AddressRequest): Promise<ElasticIpRow> {
  if (id !== undefined && address !== undefined) throw parametersExclude("publicIp", "allocationId");
  if (id !== undefined) return requireOwnedRow(tx, "elastic_ips", owner, id);
  if (address === undefined) throw missingParameter("allocationId");
  const row = await tx.db.selectFrom("elastic_ips").selectAll().where("public_address", "=", requireAddressText(address)).executeTakeFirst();
  if (row === undefined) throw addressNotFound(address);
  if (row.account !== owner.account || row.region !== owner.region) throw addressNotOwned(address);
  return row;
}

/** The owner's address of the association, or of the address itself. */
export async function requireAssociated(tx: Tx, owner: Owner, request: { readonly AssociationId?: string | undefined; readonly PublicIp?: string | undefined }): Promise<ElasticIpRow> {
  const { AssociationId: id, PublicIp: address } = request;
  if (id !== undefined && address !== undefined) throw parametersExclude("publicIp", "associationId");
  if (id === undefined && address === undefined) throw missingParameter("associationId");
  if (id === undefined) return requireElasticIp(tx, owner, { PublicIp: address });
  const mine = tx.db.selectFrom("elastic_ips").selectAll().where("account", "=", owner.account).where("region", "=", owner.region);
  const row = await mine.where("association_id", "=", id).executeTakeFirst();
  if (row === undefined) throw notFound("elasticIpAssociation", id);
  return row;
}

interface TargetRequest {
  readonly InstanceId?: string | undefined;
  readonly NetworkInterfaceId?: string | undefined;
  readonly PrivateIpAddress?: string | undefined;
}

/** The private address that is meant, of an interface in a VPC with a way to the internet. */
export async function requireAssociationTarget(tx: Tx, owner: Owner, request: TargetRequest): Promise<AssociationTarget> {
  const nic = await requireInterface(tx, owner, request);
  requireManageable(nic);
  const privateAddress = request.PrivateIpAddress ?? nic.private_address;
  if (privateAddress !== nic.private_address && !(await listSecondaryAddresses(tx, nic.id)).includes(privateAddress)) {
    throw invalidParameterValue(`The private IP address ${privateAddress} is not assigned to the network interface '${nic.id}'`);
  }
  if (!(await hasInternetGateway(tx, nic.vpc_id))) throw vpcHasNoGateway(nic.vpc_id);
  return { nic, privateAddress };
}

async function requireInterface(tx: Tx, owner: Owner, { InstanceId: instanceId, NetworkInterfaceId: nicId }: TargetRequest): Promise<NetworkInterfaceRow> {
  if (instanceId !== undefined && nicId !== undefined) throw invalidParameterCombination("You may specify either an instance ID or a network interface ID, but not both.");
  if (nicId !== undefined) return requireOwnedRow(tx, "network_interfaces", owner, nicId);
  if (instanceId === undefined) throw missingParameter("instanceId");
  const [instance] = await requireInstances(tx, owner, [instanceId]);
  if (instance === undefined) throw new Error("rows of ids are there or fail");
  const state = toInstanceState(instance);
  if (state !== "running" && state !== "stopping" && state !== "stopped") throw instanceNotValid(instance.id, state);
  const [nic, ...more] = await listInterfacesOf(tx, instance.id);
  if (nic === undefined || more.length > 0) throw multipleInterfaces(instance.id);
  return nic;
}

/** Fails for an address that stands for something else already, when the request does not want it moved. */
export function requireMovable(row: ElasticIpRow, { nic, privateAddress }: AssociationTarget, mayMove: boolean): void {
  const isThere = row.interface_id === nic.id && row.private_address === privateAddress;
  if (row.association_id !== null && !isThere && !mayMove) throw elasticIpAssociated(row.public_address, row.association_id);
}
