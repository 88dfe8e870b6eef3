/** An action's output as the HTTP response that the service itself would give. */
import type { HttpResponse } from "./http-message.ts";
import { compileJsonEncoder, type JsonEncoder } from "./json-encoder.ts";
import { compileRestEncoder } from "./rest-encoder.ts";
import type { Operation, Service } from "./services.ts";
import { compileXmlEncoder, type XmlEncoder } from "./xml-encoder.ts";
import { escapeXml } from "./xml-text.ts";
import { toMarkup, XmlWriter } from "./xml-writer.ts";

type Output = Readonly<Record<string, unknown>>;
type Encode = (output: Output, requestId: string) => HttpResponse;

export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>';
export const xmlContentType = "text/xml;charset=UTF-8";
export const jsonContentType = "application/x-amz-json-1.1";

const encoders = new WeakMap<Operation, Encode>();

/** The response with this output, an `ActionOutput` of the operation. Throws a TypeError when the output does not fit the model. */
export function encodeOutput(operation: Operation, output: object, requestId: string): HttpResponse {
  let encode = encoders.get(operation);
  if (encode === undefined) encoders.set(operation, (encode = compileEncoder(operation)));
  const response = encode(output as Output, requestId); // any object may be read by member name
  return { ...response, headers: { "x-amzn-requestid": requestId, ...response.headers } };
}

const jsonEncoders = new WeakMap<Operation, JsonEncoder>();

/** The output as JSON beside the service's own protocol, members named as in the model. */
export function encodeJsonOutput(operation: Operation, output: object): string {
  let encode = jsonEncoders.get(operation);
  if (encode === undefined) jsonEncoders.set(operation, (encode = compileJsonEncoder(operation.output?.members ?? [], false)));
  return encode(output);
}

function compileEncoder(operation: Operation): Encode {
  switch (operation.service.protocol) {
    case "ec2Query":
      return compileEc2Encoder(operation);
    case "awsQuery":
      return compileAwsQueryEncoder(operation);
    case "awsJson1_1": {
      const encode = compileJsonEncoder(operation.output?.members ?? [], false);
      return (output) => ({ status: 200, headers: { "content-type": jsonContentType }, body: encode(output) });
    }
    case "restJson1":
      if (operation.http === undefined) throw new Error(`${operation.name} has no path`);
      return compileRestEncoder(operation.output, operation.http);
  }
}

function compileEc2Encoder({ service, name, output: shape }: Operation): Encode {
  const nothing = toMarkup("<return>true</return>");
  const encode: XmlEncoder = shape === undefined ? (_output, writer) => writer.markup(nothing) : compileXmlEncoder(shape, "milliseconds");
  const open = toMarkup(`${xmlDeclaration}<${name}Response${namespaceOf(service)}><requestId>`);
  const afterId = toMarkup("</requestId>");
  const close = toMarkup(`</${name}Response>`);
  return (output, requestId) =>
    xml((writer) => {
      writer.markup(open);
      writer.text(requestId);
      writer.markup(afterId);
      encode(output, writer);
      writer.markup(close);
    });
}

function compileAwsQueryEncoder({ service, name, output: shape }: Operation): Encode {
  const [openResult, closeResult] = shape === undefined ? ["", ""] : [`<${name}Result>`, `</${name}Result>`];
  const encode: XmlEncoder = shape === undefined ? () => {} : compileXmlEncoder(shape, "shortest");
  const open = toMarkup(`${xmlDeclaration}<${name}Response${namespaceOf(service)}>${openResult}`);
  const beforeId = toMarkup(`${closeResult}<ResponseMetadata><RequestId>`);
  const close = toMarkup(`</RequestId></ResponseMetadata></${name}Response>`);
  return (output, requestId) =>
    xml((writer) => {
      writer.markup(open);
      encode(output, writer);
      writer.markup(beforeId);
      writer.text(requestId);
      writer.markup(close);
    });
}

function namespaceOf(service: Service): string {
  return service.xmlNamespace === undefined ? "" : ` xmlns="${escapeXml(service.xmlNamespace)}"`;
}

/** Serves all answers: nothing waits while one is written. */
const writer = new XmlWriter();

function xml(write: (writer: XmlWriter) => void): HttpResponse {
  writer.backTo(0); // an answer that failed may have left something
  write(writer);
  return { status: 200, headers: { "content-type": xmlContentType }, body: writer.finish() };
}
