/** One request to the control plane and its answer: HTTP/1.1 over a Unix socket, or whatever a test or a simulated host puts here. */
import { Agent, request } from "node:http";

export interface ControlPlaneRequest {
  readonly method: "GET" | "PUT" | "POST";
  readonly path: string;
  readonly body?: { readonly type: string; readonly content: string | Uint8Array };
  /** A control plane that has not answered by then is treated as gone. */
  readonly timeoutMs: number;
}

export interface ControlPlaneAnswer {
  readonly status: number;
  readonly text: string;
}

export interface ControlPlaneTransport {
  /** Rejects when no answer came: refused, cut off, too late. Whether the request was carried out is then unknown. */
  send(request: ControlPlaneRequest, signal: AbortSignal): Promise<ControlPlaneAnswer>;
  close(): void;
}

/** Many hosts of one process may share it: connections are kept and used again. */
export function unixSocketTransport(socketPath: string): ControlPlaneTransport {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 16 });
  return {
    close: () => agent.destroy(),
    send: ({ method, path, body, timeoutMs }, signal) =>
      new Promise((resolve, reject) => {
        const content = body === undefined ? undefined : Buffer.from(body.content);
        const headers = body === undefined ? {} : { "content-type": body.type, "content-length": content?.length ?? 0 };
        const call = request({ socketPath, agent, method, path, headers, signal, timeout: timeoutMs }, (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
          answer.on("error", reject);
        });
        call.on("timeout", () => call.destroy(new Error(`the control plane did not answer within ${timeoutMs} ms`)));
        call.on("error", reject);
        call.end(content);
      }),
  };
}
