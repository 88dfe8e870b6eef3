/** The control plane's socket: hosts' agents talk to it, and the commands of this machine. Not reachable from any network. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { putImageAlias } from "../compute/image-registration.ts";
import { answerHost } from "../reconcile/hosts/exchange-server.ts";
import type { HostDesk } from "../reconcile/hosts/host-desk.ts";
import type { SnapshotData } from "../storage/snapshot-data.ts";
import type { Store } from "../store/store.ts";
import { CommandError } from "./command-error.ts";
import { refreshImages } from "./local-images.ts";
import { findJourney } from "./reach/find-journey.ts";
import { parseQuestion } from "./reach/question.ts";
import { reportJourney } from "./reach/reach-report.ts";
import { readStatus } from "./read-status.ts";
import { checkStorage } from "./storage/check-storage.ts";
import { showSnapshot } from "./storage/show-snapshot.ts";

export interface ControlParts {
  readonly store: Store;
  readonly desk: HostDesk;
  readonly clock: Clock;
  readonly log: Log;
  readonly url: string;
  readonly version: string;
  readonly dataDirectory: string;
  readonly simulated: boolean;
  readonly snapshots: SnapshotData;
}

export function controlListener(parts: ControlParts): RequestListener {
  return (request, response) => {
    answer(parts, request, response).catch((thrown: unknown) => {
      parts.log.error("a request on the control socket failed", { path: request.url, error: thrown });
      if (response.headersSent) response.destroy();
      else end(response, 500, { message: "the control plane failed; see its log" });
    });
  };
}

async function answer(parts: ControlParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (await answerHost(parts.desk, request, response, parts.log)) return;
  switch (`${request.method} ${request.url}`) {
    case "GET /v1/status":
      end(response, 200, await parts.store.read((tx) => readStatus(tx, parts, parts.clock.now())));
      return;
    case "POST /v1/images/refresh":
      await refreshImages(parts.store, join(parts.dataDirectory, "images"), parts.simulated);
      end(response, 204);
      return;
    case "PUT /v1/images/aliases":
      await putAlias(parts, await readJson(request), response);
      return;
    case "PUT /v1/draining":
      await setDraining(parts, await readJson(request), response);
      return;
    case "POST /v1/storage/check":
    case "POST /v1/storage/check?repair":
      end(response, 200, await checkStorage(parts, request.url?.endsWith("?repair") === true));
      return;
    default:
      if (await answerSnapshot(parts, request, response)) return;
      if (await answerReach(parts, request, response)) return;
      end(response, 404, { message: "no such path" });
  }
}

/** `GET /v1/snapshots/ID`. */
async function answerSnapshot(parts: ControlParts, { method, url = "" }: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const id = method === "GET" ? /^\/v1\/snapshots\/([\w-]+)$/.exec(url)?.[1] : undefined;
  if (id === undefined) return false;
  const facts = await showSnapshot(parts, id);
  end(response, facts === undefined ? 404 : 200, facts ?? { message: "no such snapshot" });
  return true;
}

/** `GET /v1/reach?from=…&to=…&protocol=…`, as the command line has them; what cannot be asked is refused with 400 and a remedy. */
async function answerReach({ store, clock }: ControlParts, { method, url = "" }: IncomingMessage, response: ServerResponse): Promise<boolean> {
  if (method !== "GET" || !url.startsWith("/v1/reach?")) return false;
  const words = new URLSearchParams(url.slice(url.indexOf("?")));
  try {
    const question = parseQuestion(words.get("from") ?? "", words.get("to") ?? "", words.get("protocol") ?? undefined);
    end(response, 200, await store.read(async (tx) => reportJourney(await findJourney(tx, question, clock.now()))));
  } catch (thrown) {
    if (!(thrown instanceof CommandError)) throw thrown;
    end(response, 400, { message: thrown.message, remedy: thrown.remedy });
  }
  return true;
}

async function putAlias({ store }: ControlParts, body: unknown, response: ServerResponse): Promise<void> {
  const { alias, image } = body as { alias?: unknown; image?: unknown }; // checked next
  if (typeof alias !== "string" || typeof image !== "string" || alias === "") {
    end(response, 400, { message: "alias and image must be texts" });
    return;
  }
  const id = await store.write((tx) => putImageAlias(tx, alias, image));
  if (id === undefined) end(response, 404, { message: `there is no image '${image}'` });
  else end(response, 200, { alias, image: id });
}

async function setDraining({ store }: ControlParts, body: unknown, response: ServerResponse): Promise<void> {
  const { hosts, draining } = body as { hosts?: unknown; draining?: unknown }; // checked next
  if (!Array.isArray(hosts) || typeof draining !== "boolean") {
    end(response, 400, { message: "hosts must be a list and draining true or false" });
    return;
  }
  await store.write((tx) => tx.db.updateTable("hosts").set({ draining: draining ? 1 : 0 }).where("id", "in", hosts.map(String)).execute());
  end(response, 204);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer); // no encoding was set
  return JSON.parse(Buffer.concat(parts).toString("utf8"));
}

function end(response: ServerResponse, status: number, body?: unknown): void {
  response.writeHead(status, body === undefined ? {} : { "content-type": "application/json" });
  response.end(body === undefined ? "" : JSON.stringify(body));
}
