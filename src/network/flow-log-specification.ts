/** A VPC's flow logs as its hosts read them. */
import type { InterfaceId, VpcId } from "../base/ids.ts";
import { zoneIdOf } from "../base/regions.ts";
import { defaultFlowLogFields, flowLogFields, type FlowLogDestination, type FlowLogField, type FlowLogSpecification, type LoggedInterface } from "../host/protocol/flow-log.ts";
import type { VpcSpecification } from "../host/protocol/specification.ts";
import type { FlowLogRow, NetworkInterfaceRow } from "../store/network-tables.ts";
import { prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { isAtHost } from "./interface-place.ts";

export const defaultFlowLogFormat = defaultFlowLogFields.map((field) => `\${${field}}`).join(" ");

/** The fields of a format: each `${field}`, one space between them. Undefined when it is no format; throws nothing. */
export function parseFlowLogFormat(format: string): readonly FlowLogField[] | undefined {
  const fields = format.trim().split(/ +/).map((word) => flowLogFields.find((field) => word === `\${${field}}`));
  return fields.every((field) => field !== undefined) ? fields : undefined;
}

/** For no host in particular; nothing without flow logs. */
export async function readFlowLogs(tx: Tx, vpcId: VpcId): Promise<Pick<VpcSpecification, "flowLogs">> {
  const rows = await selectFlowLogs(tx, { vpcId });
  if (rows.length === 0) return {};
  const nics = await selectLogged(tx, { vpcId });
  return {
    flowLogs: rows.map((row) => ({
      id: row.id,
      account: row.account,
      region: row.region,
      traffic: row.traffic,
      intervalSeconds: row.interval_seconds,
      fields: parseFlowLogFormat(row.format) ?? defaultFlowLogFields,
      destination: toDestination(row),
      interfaces: nics
        .filter((nic) => [nic.id, nic.subnet_id, vpcId].includes(row.resource_id))
        .map(toLoggedInterface),
    })),
  };
}

function toLoggedInterface(nic: Pick<NetworkInterfaceRow, "id" | "subnet_id" | "zone" | "instance_id">): LoggedInterface {
  const zoneId = zoneIdOf(nic.zone);
  return { id: nic.id, subnet: nic.subnet_id, ...(zoneId === undefined ? {} : { zoneId }), ...(nic.instance_id === null ? {} : { instance: nic.instance_id }) };
}

/** Of the flow logs only what is about interfaces of the host. */
export function narrowFlowLogs({ flowLogs, interfaces }: VpcSpecification, hostAddress: string): Pick<VpcSpecification, "flowLogs"> {
  if (flowLogs === undefined) return {};
  const here = new Set<InterfaceId>(interfaces.filter((nic) => isAtHost(nic, hostAddress)).map(({ id }) => id));
  const narrow = flowLogs.map((log): FlowLogSpecification => ({ ...log, interfaces: log.interfaces.filter(({ id }) => here.has(id)) }));
  return { flowLogs: narrow.filter(({ interfaces: logged }) => logged.length > 0) };
}

const selectFlowLogs = prepare((db, { vpcId }: { vpcId: VpcId }) => db.selectFrom("flow_logs").selectAll().where("vpc_id", "=", vpcId).orderBy("id"));
const selectLogged = prepare((db, { vpcId }: { vpcId: VpcId }) => db.selectFrom("network_interfaces").select(["id", "subnet_id", "zone", "instance_id"]).where("vpc_id", "=", vpcId).orderBy("id"));

/** `arn:aws:s3:::bucket/prefix` */
function toDestination({ destination_type: kind, destination, log_group: group }: FlowLogRow): FlowLogDestination {
  if (kind === "cloud-watch-logs") return { kind, group: group ?? "" };
  const [bucket = "", ...folders] = destination.slice(destination.lastIndexOf(":") + 1).split("/").filter((part) => part !== "");
  return { kind, bucket, prefix: folders.map((folder) => `${folder}/`).join("") };
}
