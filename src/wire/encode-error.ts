/** An error as the HTTP response that a service of the protocol would give. */
import { jsonContentType, xmlContentType, xmlDeclaration } from "./encode-output.ts";
import type { HttpResponse } from "./http-message.ts";
import type { Protocol } from "./service-facts.ts";
import type { ErrorFacts } from "./services.ts";
import { escapeXml } from "./xml-text.ts";

/** What the client is told: a `WireError`, or an error of the layers above, and the request that it answers. */
export interface ErrorAnswer {
  readonly code: string;
  readonly message: string;
  readonly status: number;
  readonly requestId: string;
  readonly fault: "client" | "server";
  /** Further members of the error in its JSON form, such as EBS's `Reason`. */
  readonly members?: Readonly<Record<string, string | number | boolean>>;
}

/** The response with this error; `facts`, when the service's model knows the error, gives its JSON form the right spelling. */
export function encodeError(protocol: Protocol, error: ErrorAnswer, facts?: ErrorFacts): HttpResponse {
  switch (protocol) {
    case "ec2Query":
      return respond(error, xmlContentType, ec2Body(error));
    case "awsQuery":
      return respond(error, xmlContentType, awsQueryBody(error));
    case "awsJson1_1":
      return respondJson(error, jsonContentType, facts);
    case "restJson1":
      return respondJson(error, "application/json", facts);
  }
}

function ec2Body({ code, message, requestId }: ErrorAnswer): string {
  const error = `<Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error>`;
  return `${xmlDeclaration}<Response><Errors>${error}</Errors><RequestID>${escapeXml(requestId)}</RequestID></Response>`;
}

function awsQueryBody({ code, message, requestId, fault }: ErrorAnswer): string {
  const type = fault === "client" ? "Sender" : "Receiver";
  const error = `<Error><Type>${type}</Type><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error>`;
  return `${xmlDeclaration}<ErrorResponse>${error}<RequestId>${escapeXml(requestId)}</RequestId></ErrorResponse>`;
}

function respondJson(error: ErrorAnswer, contentType: string, facts: ErrorFacts | undefined): HttpResponse {
  const body = JSON.stringify({ __type: error.code, [facts?.messageMember ?? "message"]: error.message, ...error.members });
  const response = respond(error, contentType, body);
  return { ...response, headers: { ...response.headers, "x-amzn-errortype": headerSafe(error.code) } };
}

function respond(error: ErrorAnswer, contentType: string, body: string): HttpResponse {
  return { status: error.status, headers: { "x-amzn-requestid": headerSafe(error.requestId), "content-type": contentType }, body };
}

function headerSafe(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, "");
}
