/** The record of one call, or of one who signed in: who, what, when, from where, with what end. Rows are written once and never changed. */
import { isApiError } from "../../base/api-error.ts";
import { randomUuid, type Random } from "../../base/random.ts";
import { insertRow } from "../../store/prepared.ts";
import type { Tx } from "../../store/store.ts";
import type { AuditEventRow } from "../../store/tables.ts";
import type { ServiceId } from "../../wire/service-facts.ts";
import { entityArn } from "../entity.ts";
import type { Principal } from "../identity.ts";
import type { Person } from "../person.ts";
import { toDetailText, toEventParameters } from "./event-parameters.ts";

/** Of what a client says of itself. */
const longestText = 256;
/** All events of signing in are there. */
const signInRegion = "us-east-1";
const hiddenName = "HIDDEN_DUE_TO_SECURITY_REASONS";

/** A call that has ended. */
export interface AuditedCall {
  readonly service: ServiceId;
  readonly action: string;
  readonly readOnly: boolean;
  readonly caller: Principal & { readonly region: string; readonly accessKeyId: string };
  readonly requestId: string;
  readonly sourceAddress: string;
  readonly userAgent: string;
  /** The VPC endpoint that it came by. */
  readonly endpoint: { readonly id: string } | undefined;
  readonly input: unknown;
  /** What was answered, or thrown. */
  readonly end: { readonly output: unknown } | { readonly thrown: unknown };
  readonly now: number;
}

/** Somebody who signed in with a browser, or failed to. */
export interface AuditedSignIn {
  readonly signIn: {
    readonly account: string;
    /** Undefined: nobody whom the account has, and names that were made up, or are passwords in the wrong field, are not kept. */
    readonly person: Person | undefined;
    readonly withMfa: boolean;
    readonly failed: boolean;
    /** Of the page. */
    readonly url: string;
  };
  readonly sourceAddress: string;
  readonly userAgent: string;
  readonly now: number;
}

/** What an event holds besides its columns. */
export interface AuditDetail {
  readonly requestId: string;
  readonly principalId: string;
  readonly session: { readonly issuedAt: number; readonly withMfa?: boolean; readonly issuerArn: string; readonly issuerId: string } | null;
  readonly request: unknown;
  /** Of calls that change something; null for the others, as in CloudTrail's events. */
  readonly response: unknown;
  readonly errorMessage: string | null;
  readonly serverFault: boolean;
  readonly endpoint?: string;
  readonly signIn?: { readonly url: string; readonly withMfa: boolean };
}

export function toAuditEvent(happened: AuditedCall | AuditedSignIn, random: Random): AuditEventRow {
  return "signIn" in happened ? toSignInEvent(happened, random) : toCallEvent(happened, random);
}

function toCallEvent(call: AuditedCall, random: Random): AuditEventRow {
  const { service, action, caller, end } = call;
  const detail: AuditDetail = {
    requestId: call.requestId,
    principalId: caller.userId,
    session: toSessionIssuer(caller),
    request: toEventParameters(service, call.input),
    response: call.readOnly || !("output" in end) ? null : toEventParameters(service, end.output),
    errorMessage: "thrown" in end && isApiError(end.thrown) ? end.thrown.message : null,
    serverFault: "thrown" in end && (!isApiError(end.thrown) || end.thrown.fault === "server"),
    ...(call.endpoint === undefined ? {} : { endpoint: call.endpoint.id }),
  };
  return {
    id: randomUuid(random),
    at: call.now,
    account: caller.account,
    region: caller.region,
    service,
    action,
    principal_arn: caller.arn,
    access_key_id: caller.accessKeyId,
    source_address: call.sourceAddress,
    user_agent: call.userAgent.slice(0, longestText),
    error_code: "thrown" in end ? (isApiError(end.thrown) ? end.thrown.code : "InternalError") : null,
    username: caller.session?.kind === "role" || caller.session?.kind === "federated" ? caller.session.name : (caller.entity?.name ?? "root"),
    read_only: Number(call.readOnly),
    detail: toDetailText(detail),
  };
}

function toSignInEvent({ signIn, sourceAddress, userAgent, now }: AuditedSignIn, random: Random): AuditEventRow {
  const { account, person, withMfa, failed, url } = signIn;
  const detail: AuditDetail = {
    requestId: "",
    principalId: person?.userId ?? "",
    session: null,
    request: null,
    response: { ConsoleLogin: failed ? "Failure" : "Success" },
    errorMessage: !failed ? null : person === undefined ? "No username found in supplied account" : "Failed authentication",
    serverFault: false,
    signIn: { url: url.slice(0, longestText), withMfa },
  };
  return {
    id: randomUuid(random),
    at: now,
    account,
    region: signInRegion,
    service: "signin",
    action: "ConsoleLogin",
    principal_arn: person?.arn ?? "",
    access_key_id: "",
    source_address: sourceAddress,
    user_agent: userAgent.slice(0, longestText),
    error_code: null,
    username: person?.name ?? hiddenName,
    read_only: 0,
    detail: toDetailText(detail),
  };
}

export function writeAuditEvent(tx: Tx, event: AuditEventRow): Promise<unknown> {
  return insertRow(tx, "audit_events", event);
}

function toSessionIssuer({ session, signedIn, entity, arn, userId }: Principal): AuditDetail["session"] {
  const issue = session ?? signedIn;
  if (issue === undefined) return null;
  return { issuedAt: issue.issuedAt, withMfa: issue.mfaAt !== undefined, issuerArn: entity === undefined ? arn : entityArn(entity), issuerId: entity?.id ?? userId };
}
