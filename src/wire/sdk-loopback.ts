/**
 * For tests: a server on the loopback interface that runs this layer whole, so that unmodified SDK clients can be the
 * judges of it. It answers every request with what `answer` returns, and keeps what it understood.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type DecodedInput, decodeInput } from "./decode-input.ts";
import { encodeError } from "./encode-error.ts";
import { encodeOutput } from "./encode-output.ts";
import type { HttpRequest, HttpResponse } from "./http-message.ts";
import { identifyOperation, protocolOf } from "./identify-operation.ts";
import type { Operation } from "./services.ts";
import { verifySignature } from "./signature.ts";
import { WireError } from "./wire-error.ts";

export const testCredentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
export const testRequestId = "8a4a1b5c-6f1e-4b8e-9a44-0f1d3a5b7c9e";

export interface Understood {
  readonly service: string;
  readonly action: string;
  readonly input: DecodedInput;
}

export interface Loopback {
  readonly endpoint: string;
  readonly understood: readonly Understood[];
  readonly requests: readonly HttpRequest[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** `answer` gives the output, or throws the WireError that the client shall see. */
export async function openLoopback(answer: (understood: Understood) => object, now = Date.now): Promise<Loopback> {
  const understood: Understood[] = [];
  const requests: HttpRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const request = await readRequest(incoming);
    requests.push(request);
    const response = await respond(request, now, (call) => {
      understood.push(call);
      return answer(call);
    });
    outgoing.writeHead(response.status, { ...response.headers }).end(response.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has an address of this form
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return {
    endpoint: `http://127.0.0.1:${port}`,
    understood,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await close();
    },
  };
}

async function respond(request: HttpRequest, now: () => number, answer: (understood: Understood) => object): Promise<HttpResponse> {
  let service: string | undefined;
  let operation: Operation | undefined;
  try {
    const findSecret = (id: string) => (id === testCredentials.accessKeyId ? testCredentials.secretAccessKey : undefined);
    ({ service } = await verifySignature(request, { findSecret, now }));
    operation = await identifyOperation(request, service);
    const input = decodeInput(operation, request);
    return encodeOutput(operation, answer({ service, action: operation.name, input }), testRequestId);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const { code, message, status, fault } = error;
    const protocol = protocolOf(request, service);
    return encodeError(protocol, { code, message, status, fault, requestId: testRequestId }, operation?.service.errors.get(code));
  }
}

async function readRequest(incoming: IncomingMessage): Promise<HttpRequest> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const [path = "/", query = ""] = (incoming.url ?? "/").split("?", 2);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = Array.isArray(value) ? value.join(",") : (value ?? "");
  return { method: incoming.method ?? "GET", path, query, headers, body: new Uint8Array(Buffer.concat(chunks)) };
}
