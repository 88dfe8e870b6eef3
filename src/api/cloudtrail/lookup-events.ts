import type { Event, LookupAttribute } from "@aws-sdk/client-cloudtrail";
import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import { invalidEventCategory, invalidEventsToken, invalidLookupAttributes, invalidLookupMaximum, invalidTimeRange, isApiError } from "../../base/api-error.ts";
import { eventSource, findIdPrefix, listEventResources, toCloudTrailEvent } from "../../iam/audit/cloudtrail-event.ts";
import { shownForMs } from "../../iam/audit/retention.ts";
import type { AuditEventRow, Tables } from "../../store/tables.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineServiceAction, type Call } from "../action.ts";
import { openToken, sealToken, type PageScope } from "../describe/paging.ts";

type Input = ActionInput<"cloudtrail", "LookupEvents">;

const largestPage = 50;

/** The events of the caller's account in its region, the newest first. */
export const LookupEvents = defineServiceAction("cloudtrail", {
  name: "LookupEvents",
  supported: "events of management of 90 days, one attribute; no Insights",
  readOnly: true,
  load: (call) => {
    const { EventCategory: category, MaxResults: limit = largestPage, LookupAttributes: attributes = [] } = call.input;
    if (category !== undefined) throw invalidEventCategory(category);
    if (limit < 1 || limit > largestPage) throw invalidLookupMaximum(largestPage);
    if (attributes.length > 1) throw invalidLookupAttributes("You can specify only one attribute.");
    return { limit, attribute: attributes[0], ...parseTimes(call), after: parseAfter(call) };
  },
  authorize: () => [{ action: "cloudtrail:LookupEvents", resource: "*" }],
  apply: async ({ limit, attribute, from, to, after }, call) => {
    const { tx, caller, now, pageSecret: secret } = call;
    let query = tx.db.selectFrom("audit_events").selectAll().where("account", "=", caller.account).where("region", "=", caller.region).where("at", ">=", from).where("at", "<=", to);
    if (attribute !== undefined) query = query.where((where) => holds(where, attribute));
    if (after !== undefined) query = query.where(({ eb, and, or }) => or([eb("at", "<", after.at), and([eb("at", "=", after.at), eb("id", "<", after.id)])]));
    const rows = await query.orderBy("at", "desc").orderBy("id", "desc").limit(limit + 1).execute();
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return { Events: rows.slice(0, limit).map(toEvent), ...(last && { NextToken: sealToken(`${last.at} ${last.id}`, toScope(call), { secret, clock: { now: () => now } }) }) };
  },
});

function parseTimes({ input: { StartTime: start, EndTime: end }, now }: Call<Input>): { from: number; to: number } {
  const [from, to] = [start?.getTime() ?? 0, end?.getTime() ?? now];
  if (from > to) throw invalidTimeRange();
  return { from: Math.max(from, now - shownForMs), to };
}

function parseAfter(call: Call<Input>): { at: number; id: string } | undefined {
  const token = call.input.NextToken;
  if (token === undefined) return undefined;
  try {
    const [at = "", id = ""] = openToken(token, toScope(call), { secret: call.pageSecret, clock: { now: () => call.now } }).split(" ");
    return { at: Number(at), id };
  } catch (thrown) {
    throw isApiError(thrown) ? invalidEventsToken() : thrown;
  }
}

function toScope({ caller, input: { NextToken: _token, MaxResults: _limit, ...filters } }: Call<Input>): PageScope {
  return { action: "LookupEvents", account: caller.account, region: caller.region, filters };
}

/** What the attribute says of the rows. Names of resources stand in quotation marks in an event, their types in the prefixes of ids. */
function holds(where: ExpressionBuilder<Tables, "audit_events">, { AttributeKey: key, AttributeValue: value = "" }: LookupAttribute): Expression<SqlBool> {
  switch (key) {
    case "EventId":
      return where("id", "=", value);
    case "EventName":
      return where("action", "=", value);
    case "ReadOnly":
      return where("read_only", "=", Number(value === "true"));
    case "Username":
      return where("username", "=", value);
    case "AccessKeyId":
      return where("access_key_id", "=", value);
    case "EventSource":
      return where("service", "=", value.replace(/\.amazonaws\.com$/, ""));
    case "ResourceName":
      return contains(where, `"${value}"`);
    case "ResourceType":
      return contains(where, `"${findIdPrefix(value) ?? value}-`);
    default:
      throw invalidLookupAttributes(`The attribute ${key ?? ""} is not one that events can be looked up by.`);
  }
}

function contains(where: ExpressionBuilder<Tables, "audit_events">, text: string): Expression<SqlBool> {
  return where(where.fn<number>("instr", ["detail", where.val(text)]), ">", 0);
}

function toEvent(row: AuditEventRow): Event {
  return {
    EventId: row.id,
    EventName: row.action,
    ReadOnly: String(row.read_only === 1),
    AccessKeyId: row.access_key_id,
    EventTime: new Date(row.at),
    EventSource: eventSource(row.service),
    Username: row.username,
    Resources: listEventResources(row),
    CloudTrailEvent: toCloudTrailEvent(row),
  };
}
