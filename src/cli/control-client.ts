/** Calls on the Unix sockets of an installation's processes: JSON over HTTP/1.1. */
import { request } from "node:http";
import { join } from "node:path";
import type { AgentStatus } from "../host/agent/agent.ts";
import { CommandError, notRunning } from "./command-error.ts";
import type { CurrentInstallation } from "./current-installation.ts";
import type { Installation } from "./installation.ts";
import type { StatusReport } from "./status-report.ts";

export interface SocketAnswer {
  readonly status: number;
  readonly body: string;
}

export interface SocketCall {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly body?: unknown;
  readonly timeoutMs: number;
}

/** Makes the call; rejects when nobody listens or no answer comes in time. */
export function callSocket(socketPath: string, call: SocketCall): Promise<SocketAnswer> {
  return new Promise((resolve, reject) => {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers = body === undefined ? { "content-length": 0 } : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const outgoing = request({ socketPath, method: call.method, path: call.path, headers, signal: AbortSignal.timeout(call.timeoutMs) }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

export function controlSocket(runDirectory: string): string {
  return join(runDirectory, "control.sock");
}

export function agentSocket(runDirectory: string, node: string): string {
  return join(runDirectory, "hosts", node, "agent.sock");
}

/** What the control plane answers. Fails with what it says against the call, or that it does not run. */
export async function askControlPlane<Answer>({ dataDirectory, installation }: CurrentInstallation, call: SocketCall): Promise<Answer> {
  const answer = await callSocket(controlSocket(installation.runDirectory), call).catch((thrown: unknown) => {
    throw isRefused(thrown) ? notRunning(dataDirectory) : thrown;
  });
  if (answer.status < 300) return (answer.body === "" ? undefined : JSON.parse(answer.body)) as Answer; // our own process wrote it
  const { message, ...rest } = JSON.parse(answer.body) as { message: string; remedy?: string; exitCode?: number }; // likewise
  throw new CommandError(message, rest);
}

/** The control plane's view of the data centre, or undefined when it does not answer. */
export async function findStatus({ runDirectory }: Installation): Promise<StatusReport | undefined> {
  try {
    const answer = await callSocket(controlSocket(runDirectory), { method: "GET", path: "/v1/status", timeoutMs: 5_000 });
    return answer.status === 200 ? (JSON.parse(answer.body) as StatusReport) : undefined; // our own process wrote it
  } catch (thrown) {
    if (isRefused(thrown)) return undefined;
    throw thrown;
  }
}

/** What the agent of a host on this machine says of itself, or undefined when it does not answer. */
export async function findAgentStatus(runDirectory: string, node: string): Promise<AgentStatus | undefined> {
  try {
    return JSON.parse((await callSocket(agentSocket(runDirectory, node), { method: "GET", path: "/v1/status", timeoutMs: 10_000 })).body) as AgentStatus; // our own process wrote it
  } catch (thrown) {
    if (isRefused(thrown)) return undefined;
    throw thrown;
  }
}

/** Nobody listens there, or nobody any more. */
export function isRefused(thrown: unknown): boolean {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  return code === "ENOENT" || code === "ECONNREFUSED" || code === "ECONNRESET" || code === "EPIPE" || code === "ABORT_ERR";
}

/** Tells the control plane, if one runs, that the folder of images has changed. */
export async function refreshImages(runDirectory: string): Promise<void> {
  try {
    await callSocket(controlSocket(runDirectory), { method: "POST", path: "/v1/images/refresh", timeoutMs: 10_000 });
  } catch (thrown) {
    if (!isRefused(thrown)) throw thrown; // it reads the folder when it starts
  }
}
