/**
 * Which operation a request asks for. The service is the one that the request was signed for, because that is what the
 * caller's key vouched for; only an unsigned request is asked itself. The operation is then looked up in that service
 * alone, so a signature for one service never reaches an operation of another.
 */
import { findHeader, type HttpRequest } from "./http-message.ts";
import { formParameters } from "./request-parameters.ts";
import { matchPath } from "./rest-path.ts";
import {
  findServiceBySigningName,
  findServiceByTargetPrefix,
  findServiceByVersion,
  type Protocol,
  type ServiceFacts,
  serviceFacts,
} from "./service-facts.ts";
import { findOperation, loadService, type Operation, type Service } from "./services.ts";
import { quoteValue, WireError } from "./wire-error.ts";

/** The operation that the request names. Throws `InvalidAction`, `MissingAction`, `NoSuchVersion` and their JSON kin. */
export async function identifyOperation(request: HttpRequest, signingService: string | undefined): Promise<Operation> {
  const facts = findService(request, signingService);
  if (facts === undefined) throw unservedService(signingService ?? "");
  switch (facts.protocol) {
    case "ec2Query":
    case "awsQuery":
      return identifyAction(request, facts);
    case "awsJson1_1":
      return identifyTarget(request, await loadService(facts.id));
    case "restJson1":
      return identifyPath(request, await loadService(facts.id));
  }
}

/** The protocol to answer a request in that may never be identified. */
export function protocolOf(request: HttpRequest, signingService: string | undefined): Protocol {
  return findService(request, signingService)?.protocol ?? guessService(request).protocol;
}

/** The service of a request: the signed one, else the one its form suggests. Undefined for a service not served here. */
export function findService(request: HttpRequest, signingService: string | undefined): ServiceFacts | undefined {
  return signingService === undefined ? guessService(request) : findServiceBySigningName(signingService);
}

function guessService(request: HttpRequest): ServiceFacts {
  const target = findHeader(request, "x-amz-target");
  if (target !== undefined) return findServiceByTargetPrefix(splitTarget(target).prefix) ?? serviceFacts.ssm;
  if (request.path.startsWith("/snapshots")) return serviceFacts.ebs;
  return findServiceByVersion(findParameter(request, "Version") ?? "") ?? serviceFacts.ec2;
}

async function identifyAction(request: HttpRequest, facts: ServiceFacts): Promise<Operation> {
  const action = requireParameter(request, "Action") ?? "";
  if (action === "") throw new WireError("MissingAction", "The request is missing an action or a required parameter");
  const version = requireParameter(request, "Version");
  if (version !== undefined && version !== facts.version) {
    throw new WireError("NoSuchVersion", `The version ${quoteValue(version)} is not valid for this web service; use ${facts.version}`);
  }
  const operation = findOperation(await loadService(facts.id), action);
  if (operation !== undefined && version !== undefined) return operation;
  if (facts.protocol === "awsQuery") {
    const asked = version ?? "NO_VERSION_SPECIFIED";
    throw new WireError("InvalidAction", `Could not find operation ${quoteValue(action)} for version ${asked}`);
  }
  if (operation === undefined) {
    throw new WireError("InvalidAction", `The action ${quoteValue(action)} is not valid for this web service.`);
  }
  throw new WireError("MissingParameter", "The request must contain the parameter Version");
}

function identifyTarget(request: HttpRequest, service: Service): Operation {
  const target = findHeader(request, "x-amz-target");
  if (target === undefined) throw new WireError("UnknownOperationException", "The request has no X-Amz-Target header");
  const { prefix, name } = splitTarget(target);
  const operation = prefix === service.targetPrefix ? findOperation(service, name) : undefined;
  if (operation === undefined) {
    throw new WireError("UnknownOperationException", `The operation ${quoteValue(target)} is not known to this service`);
  }
  return operation;
}

function identifyPath(request: HttpRequest, service: Service): Operation {
  for (const operation of service.operations.values()) {
    if (operation.http !== undefined && matchPath(operation.http, request) !== undefined) return operation;
  }
  throw new WireError("UnknownOperationException", "No operation of this service has this method and path", 404);
}

function splitTarget(target: string): { prefix: string; name: string } {
  const [name = "", prefix = ""] = target.split(".").toReversed();
  return { prefix, name };
}

/** The parameter, for a guess only: a request that cannot be parsed has none. */
function findParameter(request: HttpRequest, name: string): string | undefined {
  try {
    return formParameters(request).find(([key]) => key === name)?.[1];
  } catch {
    return undefined;
  }
}

/** The parameter, given once or not at all: two actions in one request would let two readers see two requests. */
function requireParameter(request: HttpRequest, name: string): string | undefined {
  const [first, second] = formParameters(request).filter(([key]) => key === name);
  if (second !== undefined) throw new WireError("InvalidQueryParameter", `The parameter ${name} is given more than once`);
  return first?.[1];
}

function unservedService(signingService: string): WireError {
  return new WireError("UnsupportedOperation", `The service ${quoteValue(signingService)} is not served here`);
}
