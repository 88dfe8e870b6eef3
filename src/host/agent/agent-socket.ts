/**
 * The agent's own door on its machine, for `hostelry status` and `hostelry down`: HTTP on a Unix socket that only root, or whoever
 * runs the agent, can open.
 *
 *   GET  /v1/status   AgentStatus, as JSON
 *   GET  /v1/volumes/ID   VolumeDescription, as JSON, or 404
 *   GET  /v1/vpcs/ID/counters   RuleCounter[], as JSON, or 404 when no interface of the VPC is here
 *   POST /v1/park     → 204 when every guest is down (30 s to shut down, then powered off), or every export ended
 */
import { chmod, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { errorChain } from "../../base/errors.ts";
import { isId } from "../../base/ids.ts";
import type { Agent } from "./agent.ts";

export interface AgentSocket extends AsyncDisposable {
  readonly path: string;
}

const volumeCall = "GET /v1/volumes/";
const countersCall = /^GET \/v1\/vpcs\/([\w-]+)\/counters$/;

type Door = Pick<Agent, "status" | "park" | "describeVolume" | "readCounters">;

export async function openAgentSocket(path: string, agent: Door): Promise<AgentSocket> {
  const server = createServer((request, response) => {
    answer(request, response, agent).catch((error: unknown) => {
      response.writeHead(500, { "content-type": "text/plain" }).end(errorChain(error));
    });
  });
  await rm(path, { force: true }); // an earlier agent of this host left it; the control plane decides which of two agents stays
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
  await chmod(path, 0o600);
  return {
    path,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, agent: Door): Promise<void> {
  const call = `${request.method} ${request.url}`;
  const vpc = countersCall.exec(call)?.[1];
  if (call === "GET /v1/status") {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(agent.status()));
  } else if (call.startsWith(volumeCall)) {
    const id = call.slice(volumeCall.length);
    const volume = isId("volume", id) ? await agent.describeVolume(id) : undefined;
    response.writeHead(volume === undefined ? 404 : 200, { "content-type": "application/json" }).end(JSON.stringify(volume ?? {}));
  } else if (vpc !== undefined) {
    const counters = isId("vpc", vpc) ? await agent.readCounters(vpc) : undefined;
    response.writeHead(counters === undefined ? 404 : 200, { "content-type": "application/json" }).end(JSON.stringify(counters ?? {}));
  } else if (call === "POST /v1/park") {
    await agent.park();
    response.writeHead(204).end();
  } else {
    response.writeHead(404).end();
  }
}
