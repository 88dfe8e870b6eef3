/** Inputs of the REST protocol: path labels, query parameters, headers, and either a payload of bytes or a JSON body. */
import { findHeader, type HttpRequest } from "./http-message.ts";
import { compileJsonDecoder } from "./json-decoder.ts";
import { nullValuesMessage } from "./query-dialect.ts";
import { queryParameters } from "./request-parameters.ts";
import { matchPath } from "./rest-path.ts";
import { parseScalar, scalarDescriptions } from "./scalar-text.ts";
import type { HttpBinding } from "./services.ts";
import type { Member, StructureShape } from "./shape.ts";
import { quoteValue, WireError } from "./wire-error.ts";

export type RestDecoder = (request: HttpRequest) => Readonly<Record<string, unknown>>;

/** Where a member's text is in a request. */
type FindText = (request: HttpRequest, labels: ReadonlyMap<string, string>) => string | undefined;

/** The decoder of one operation's input; `undefined` is an operation that takes nothing. */
export function compileRestDecoder(input: StructureShape | undefined, http: HttpBinding): RestDecoder {
  const members = input?.members ?? [];
  const bound = members.flatMap((member) => {
    const find = textFinder(member);
    return find === undefined ? [] : [{ member, find }];
  });
  const payload = members.find((member) => member.httpPayload);
  const inBody = members.filter((member) => textFinder(member) === undefined && !member.httpPayload);
  const decodeBody = inBody.length === 0 ? undefined : compileJsonDecoder(inBody, true);
  return (request) => {
    const decoded: Record<string, unknown> = { ...decodeBody?.(request.body) };
    const labels = matchPath(http, request) ?? new Map();
    for (const { member, find } of bound) {
      const text = find(request, labels);
      if (text !== undefined) decoded[member.name] = parseText(member, text);
    }
    if (payload !== undefined) decoded[payload.name] = request.body;
    const missing = bound.filter(({ member }) => member.required && decoded[member.name] === undefined);
    if (missing.length === 0) return decoded;
    throw new WireError("ValidationException", nullValuesMessage(missing.map(({ member }) => member.name)));
  };
}

function textFinder(member: Member): FindText | undefined {
  const { httpHeader, httpQuery } = member;
  if (member.httpLabel) return (_request, labels) => labels.get(member.name);
  if (httpHeader !== undefined) return (request) => findHeader(request, httpHeader.toLowerCase());
  if (httpQuery === undefined) return undefined;
  return (request) => {
    const values = queryParameters(request).filter(([name]) => name === httpQuery);
    if (values.length > 1) throw new WireError("ValidationException", `The parameter ${httpQuery} is given more than once`);
    return values[0]?.[1];
  };
}

function parseText(member: Member, text: string): unknown {
  const { kind } = member.shape;
  if (kind === "structure" || kind === "list" || kind === "map") throw new Error(`${member.name} is a ${kind} outside the body`);
  const value = parseScalar(kind, text);
  if (value !== undefined) return value;
  const message = `Value '${quoteValue(text)}' for '${member.name}' is invalid: expected ${scalarDescriptions[kind]}`;
  throw new WireError("ValidationException", message);
}
