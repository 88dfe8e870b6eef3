/** An event of the audit in CloudTrail's form (CloudTrail User Guide, "CloudTrail record contents"). */
import type { AuditEventRow } from "../../store/tables.ts";
import type { AuditDetail } from "./audit-event.ts";

export interface EventResource {
  readonly ResourceType: string;
  readonly ResourceName: string;
}

/** Kinds of resources by the prefix of their ids. */
const typesByPrefix: Readonly<Record<string, string>> = {
  i: "AWS::EC2::Instance", vol: "AWS::EC2::Volume", snap: "AWS::EC2::Snapshot", ami: "AWS::EC2::Ami", sg: "AWS::EC2::SecurityGroup", vpc: "AWS::EC2::VPC",
  subnet: "AWS::EC2::Subnet", eni: "AWS::EC2::NetworkInterface", eipalloc: "AWS::EC2::EIP", rtb: "AWS::EC2::RouteTable", acl: "AWS::EC2::NetworkAcl",
  igw: "AWS::EC2::InternetGateway", nat: "AWS::EC2::NatGateway", pcx: "AWS::EC2::VPCPeeringConnection", dopt: "AWS::EC2::DHCPOptions",
  key: "AWS::EC2::KeyPair", lt: "AWS::EC2::LaunchTemplate", vpce: "AWS::EC2::VPCEndpoint", eice: "AWS::EC2::InstanceConnectEndpoint", fl: "AWS::EC2::FlowLog", pl: "AWS::EC2::PrefixList",
};

/** The prefix of the ids of a resource type, or undefined for one that has none here. */
export function findIdPrefix(resourceType: string): string | undefined {
  return Object.entries(typesByPrefix).find(([, type]) => type === resourceType)?.[0];
}

/** Every id in the request and the answer, once. */
export function listEventResources({ detail }: AuditEventRow): EventResource[] {
  const names = new Set(detail.match(/(?<=")[a-z]+-[0-9a-f]{8,17}(?=")/g) ?? []);
  return [...names].flatMap((name) => {
    const prefix = name.slice(0, name.indexOf("-"));
    const type = Object.hasOwn(typesByPrefix, prefix) ? typesByPrefix[prefix] : undefined;
    return type === undefined ? [] : [{ ResourceType: type, ResourceName: name }];
  });
}

export function eventSource(service: string): string {
  return `${service}.amazonaws.com`;
}

export function toCloudTrailEvent(row: AuditEventRow): string {
  const detail = readDetail(row);
  return JSON.stringify({
    eventVersion: "1.11",
    userIdentity: toUserIdentity(row, detail),
    eventTime: toSeconds(row.at),
    eventSource: eventSource(row.service),
    eventName: row.action,
    awsRegion: row.region,
    sourceIPAddress: row.source_address.replace(/^::ffff:/, ""),
    userAgent: row.user_agent,
    ...(row.error_code === null ? {} : { errorCode: toErrorCode(row, detail) }),
    ...(detail?.errorMessage === null || detail === undefined ? {} : { errorMessage: detail.errorMessage }),
    requestParameters: detail?.request ?? null,
    responseElements: detail?.response ?? null,
    ...(detail?.signIn === undefined
      ? { requestID: detail?.requestId ?? "" }
      : { additionalEventData: { LoginTo: detail.signIn.url, MobileVersion: "No", MFAUsed: detail.signIn.withMfa ? "Yes" : "No" } }),
    eventID: row.id,
    readOnly: row.read_only === 1,
    eventType: detail?.signIn === undefined ? "AwsApiCall" : "AwsConsoleSignIn",
    managementEvent: true,
    recipientAccountId: row.account,
    ...(detail?.endpoint === undefined ? {} : { vpcEndpointId: detail.endpoint }),
    eventCategory: "Management",
  });
}

function readDetail({ detail }: AuditEventRow): AuditDetail | undefined {
  return detail === "" ? undefined : (JSON.parse(detail) as AuditDetail); // written by `toAuditEvent`
}

/** EC2's codes say whose fault it was (facts §13). */
function toErrorCode({ service, error_code: code }: AuditEventRow, detail: AuditDetail | undefined): string | null {
  return service === "ec2" ? `${detail?.serverFault === true ? "Server" : "Client"}.${code ?? ""}` : code;
}

function toUserIdentity(row: AuditEventRow, detail: AuditDetail | undefined): object {
  const common = { principalId: detail?.principalId ?? "", arn: row.principal_arn, accountId: row.account, accessKeyId: row.access_key_id };
  if (row.principal_arn === "") return { type: "IAMUser", principalId: "", accountId: row.account, accessKeyId: "", userName: row.username };
  const resource = row.principal_arn.split(":").at(-1) ?? "";
  const attributes = detail?.session === undefined || detail.session === null ? undefined : { creationDate: toSeconds(detail.session.issuedAt), mfaAuthenticated: String(detail.session.withMfa === true) };
  if (resource === "root") return { type: "Root", ...common, ...(attributes && { sessionContext: { attributes } }) };
  if (resource.startsWith("user/")) return { type: "IAMUser", ...common, userName: row.username, ...(attributes && { sessionContext: { attributes } }) };
  const issuerArn = detail?.session?.issuerArn ?? "";
  const sessionIssuer = { type: issuerArn.includes(":role/") ? "Role" : "IAMUser", principalId: detail?.session?.issuerId ?? "", arn: issuerArn, accountId: row.account, userName: issuerArn.split("/").at(-1) ?? "" };
  return { type: resource.startsWith("assumed-role/") ? "AssumedRole" : "FederatedUser", ...common, sessionContext: { sessionIssuer, attributes } };
}

function toSeconds(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+/, "");
}
