/** Outputs of the REST protocol: the operation's own status, headers, and either a payload of bytes or a JSON body. */
import type { HttpResponse } from "./http-message.ts";
import { compileJsonEncoder } from "./json-encoder.ts";
import type { HttpBinding } from "./services.ts";
import type { StructureShape } from "./shape.ts";

export type RestEncoder = (output: Readonly<Record<string, unknown>>) => HttpResponse;

/** The encoder of one operation's output; `undefined` is an operation that answers nothing but its status. */
export function compileRestEncoder(shape: StructureShape | undefined, http: HttpBinding): RestEncoder {
  const members = shape?.members ?? [];
  const inHeaders = members.flatMap(({ name, httpHeader }) => (httpHeader === undefined ? [] : [{ name, header: httpHeader.toLowerCase() }]));
  const payload = members.find((member) => member.httpPayload);
  const inBody = members.filter((member) => member.httpHeader === undefined && !member.httpPayload);
  const encodeBody = inBody.length === 0 ? undefined : compileJsonEncoder(inBody, true);
  return (output) => {
    const headers: Record<string, string> = {};
    for (const { name, header } of inHeaders) {
      const value = output[name];
      if (value !== undefined && value !== null) headers[header] = headerText(name, value);
    }
    if (payload !== undefined) {
      headers["content-type"] = "application/octet-stream";
      return { status: http.status, headers, body: payloadBytes(payload.name, output[payload.name]) };
    }
    headers["content-type"] = "application/json";
    return { status: http.status, headers, body: encodeBody === undefined ? "{}" : encodeBody(output) };
  };
}

function headerText(name: string, value: unknown): string {
  // A line break in a header value would let a value write headers of its own.
  if (typeof value === "string" && !/[\r\n\0]/.test(value)) return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new TypeError(`cannot write ${name} as a header`);
}

function payloadBytes(name: string, value: unknown): Uint8Array {
  if (value === undefined) return new Uint8Array();
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`cannot write ${name} as the body: it is not bytes`);
}
