/**
 * A request's input as the SDK's own input type of the operation, checked against the model: nothing undecoded, unknown
 * or of a wrong type gets past here. Rules beyond the model (lengths, patterns, what exists) are the action's.
 */
import type { HttpRequest } from "./http-message.ts";
import { compileJsonDecoder } from "./json-decoder.ts";
import { growParameterTree } from "./parameter-tree.ts";
import { compileQueryDecoder } from "./query-decoder.ts";
import { awsDialect, ec2Dialect } from "./query-dialect.ts";
import { formParameters } from "./request-parameters.ts";
import { compileRestDecoder } from "./rest-decoder.ts";
import type { Operation } from "./services.ts";

export type DecodedInput = Readonly<Record<string, unknown>>;

type Decode = (request: HttpRequest) => DecodedInput;

const decoders = new WeakMap<Operation, Decode>();

/** The operation's input, an `ActionInput` of it. Throws a WireError that names the parameter at fault. */
export function decodeInput(operation: Operation, request: HttpRequest): DecodedInput {
  let decode = decoders.get(operation);
  if (decode === undefined) decoders.set(operation, (decode = compileDecoder(operation)));
  return decode(request);
}

const jsonDecoders = new WeakMap<Operation, (input: unknown) => DecodedInput>();

/** The same of an input that came as JSON beside the service's own protocol, members named as in the model. */
export function decodeJsonInput(operation: Operation, input: unknown): DecodedInput {
  let decode = jsonDecoders.get(operation);
  if (decode === undefined) {
    const ofBody = compileJsonDecoder(operation.input?.members ?? [], false);
    jsonDecoders.set(operation, (decode = (value) => ofBody(Buffer.from(JSON.stringify(value)))));
  }
  return decode(input);
}

function compileDecoder(operation: Operation): Decode {
  const { service, input } = operation;
  switch (service.protocol) {
    case "ec2Query":
    case "awsQuery": {
      const decode = compileQueryDecoder(input, service.protocol === "ec2Query" ? ec2Dialect : awsDialect);
      return (request) => decode(growParameterTree(formParameters(request), isInputParameter));
    }
    case "awsJson1_1": {
      const decode = compileJsonDecoder(input?.members ?? [], false);
      return (request) => decode(request.body);
    }
    case "restJson1":
      if (operation.http === undefined) throw new Error(`${operation.name} has no path`);
      return compileRestDecoder(input, operation.http);
  }
}

/** Parameters of every query request that are about the request, not about the action. No input has members of these names. */
const requestParameters: ReadonlySet<string> = new Set([
  "Action",
  "Version",
  "AWSAccessKeyId",
  "Expires",
  "SecurityToken",
  "Signature",
  "SignatureMethod",
  "SignatureVersion",
  "Timestamp",
]);

function isInputParameter(name: string): boolean {
  return !requestParameters.has(name) && !name.startsWith("X-Amz-");
}
