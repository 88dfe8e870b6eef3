/** An action's output as the HTTP response that the service itself would give. */
import type { HttpResponse } from "./http-message.ts";
import { compileJsonEncoder } from "./json-encoder.ts";
import { compileRestEncoder } from "./rest-encoder.ts";
import type { Operation, Service } from "./services.ts";
import type { StructureShape } from "./shape.ts";
import { compileXmlEncoder, type XmlEncoder } from "./xml-encoder.ts";
import { escapeXml } from "./xml-text.ts";

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
  const encode = shape === undefined ? () => "<return>true</return>" : compileXmlEncoder(shape, "milliseconds");
  const open = `${xmlDeclaration}<${name}Response${namespaceOf(service)}><requestId>`;
  const close = `</${name}Response>`;
  return (output, requestId) => xml(`${open}${escapeXml(requestId)}</requestId>${encode(output)}${close}`);
}

function compileAwsQueryEncoder({ service, name, output: shape }: Operation): Encode {
  const result = shape === undefined ? () => "" : resultElement(name, shape);
  const open = `${xmlDeclaration}<${name}Response${namespaceOf(service)}>`;
  const close = `</${name}Response>`;
  return (output, requestId) => {
    const metadata = `<ResponseMetadata><RequestId>${escapeXml(requestId)}</RequestId></ResponseMetadata>`;
    return xml(open + result(output) + metadata + close);
  };
}

function resultElement(name: string, shape: StructureShape): XmlEncoder {
  const encode = compileXmlEncoder(shape, "shortest");
  return (output) => `<${name}Result>${encode(output)}</${name}Result>`;
}

function namespaceOf(service: Service): string {
  return service.xmlNamespace === undefined ? "" : ` xmlns="${escapeXml(service.xmlNamespace)}"`;
}

function xml(body: string): HttpResponse {
  return { status: 200, headers: { "content-type": xmlContentType }, body };
}
