/** The control plane's socket: hosts' agents talk to it, and the commands of this machine. Not reachable from any network. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { putImageAlias } from "../compute/image-registration.ts";
import { wakeReservationsOn } from "../placement/capacity-reservation.ts";
import { answerHost } from "../reconcile/hosts/exchange-server.ts";
import type { HostDesk } from "../reconcile/hosts/host-desk.ts";
import type { SnapshotData } from "../storage/snapshot-data.ts";
import type { Store } from "../store/store.ts";
import { askHost } from "./ask-host.ts";
import { CommandError } from "./command-error.ts";
import { inspectGuest } from "./inspect/inspect-guest.ts";
import { refreshImages } from "./local-images.ts";
import type { HostEntrance } from "./join/host-entrance.ts";
import { JoinRefusedError } from "./join/join-desk.ts";
import { findJourney } from "./reach/find-journey.ts";
import { parseQuestion } from "./reach/question.ts";
import { reportJourney } from "./reach/reach-report.ts";
import { readStatus } from "./read-status.ts";
import { checkStorage } from "./storage/check-storage.ts";
import { showSnapshot } from "./storage/show-snapshot.ts";
import { showVolume } from "./storage/show-volume.ts";
import type { TopologyDesk } from "./topology-desk.ts";
import { parseTopologyEdit } from "./topology-edit.ts";

const workloadLimitMs = 600_000;

export interface ControlParts {
  readonly store: Store;
  readonly desk: HostDesk;
  readonly clock: Clock;
  readonly log: Log;
  readonly url: string;
  readonly version: string;
  readonly topology: TopologyDesk;
  readonly dataDirectory: string;
  readonly simulated: boolean;
  readonly snapshots: SnapshotData;
  /** Where other machines join; a simulated installation has none. */
  readonly entrance?: HostEntrance;
  /** A page's address that signs the first account's root in, once. */
  readonly makeSignInLink: () => string;
}

export function controlListener(parts: ControlParts): RequestListener {
  return (request, response) => {
    answer(parts, request, response).catch((thrown: unknown) => {
      parts.log.error("a request on the control socket failed", { path: request.url, error: thrown });
      if (response.headersSent) response.destroy();
      else end(response, 500, { message: "The control plane failed.", remedy: "See ./hostelry logs control-plane" });
    });
  };
}

async function answer(parts: ControlParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (await answerHost(parts.desk, request, response, parts.log)) return;
  switch (`${request.method} ${request.url}`) {
    case "GET /v1/status":
      end(response, 200, await parts.store.read((tx) => readStatus(tx, { ...parts, topology: parts.topology.current() }, parts.clock.now())));
      return;
    case "POST /v1/images/refresh":
      await refreshImages(parts.store, join(parts.dataDirectory, "images"), parts.simulated);
      end(response, 204);
      return;
    case "PUT /v1/images/aliases":
      await putAlias(parts, await readJson(request), response);
      return;
    case "POST /v1/console/links":
      end(response, 200, { url: parts.makeSignInLink() });
      return;
    case "PUT /v1/draining":
      await setDraining(parts, await readJson(request), response);
      return;
    case "POST /v1/topology":
      await edit(parts, await readJson(request), response);
      return;
    case "POST /v1/join-tokens":
      await issueToken(parts, await readJson(request), response);
      return;
    case "POST /v1/workloads":
      await runWorkload(parts, await readJson(request), response);
      return;
    case "POST /v1/storage/check":
    case "POST /v1/storage/check?repair":
      end(response, 200, await checkStorage(parts, request.url?.endsWith("?repair") === true));
      return;
    default:
      if (await answerStored(parts, request, response)) return;
      if (await answerReach(parts, request, response)) return;
      if (await answerInspection(parts, request, response)) return;
      end(response, 404, { message: "no such path" });
  }
}

/** `GET /v1/snapshots/ID`, `GET /v1/volumes/ID`. */
async function answerStored(parts: ControlParts, { method, url = "" }: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const [, kind, encoded] = (method === "GET" && /^\/v1\/(snapshot|volume)s\/([^/]+)$/.exec(url)) || [];
  if (encoded === undefined) return false;
  const id = decodeURIComponent(encoded);
  const facts = await (kind === "snapshot" ? showSnapshot(parts, id) : parts.store.read((tx) => showVolume(tx, id)));
  end(response, facts === undefined ? 404 : 200, facts ?? { message: `There is no ${kind} ${id}.`, remedy: `See aws ec2 describe-${kind}s` });
  return true;
}

/** `GET /v1/reach?from=…&to=…&protocol=…&ipv6=`, as the command line has them; what cannot be asked is refused with 400 and a remedy. */
async function answerReach({ store, clock }: ControlParts, { method, url = "" }: IncomingMessage, response: ServerResponse): Promise<boolean> {
  if (method !== "GET" || !url.startsWith("/v1/reach?")) return false;
  const words = new URLSearchParams(url.slice(url.indexOf("?")));
  await endWith(response, async () => {
    const question = parseQuestion({ from: words.get("from") ?? "", to: words.get("to") ?? "", protocol: words.get("protocol") ?? undefined, ipv6: words.has("ipv6") });
    return store.read(async (tx) => reportJourney(await findJourney(tx, question, clock.now())));
  });
  return true;
}

/** `GET /v1/machines/ID/inspection?sampleMs=…`: a `GuestInspection`. */
async function answerInspection(parts: ControlParts, { method, url = "" }: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const [, id, sampleMs] = (method === "GET" && /^\/v1\/machines\/([\w-]+)\/inspection\?sampleMs=(\d{1,5})$/.exec(url)) || [];
  if (id === undefined) return false;
  await endWith(response, () => inspectGuest(parts, id, Number(sampleMs)));
  return true;
}

/** What is refused by a `CommandError` is refused with 400, in its words. */
async function endWith(response: ServerResponse, work: () => Promise<unknown>): Promise<void> {
  try {
    end(response, 200, await work());
  } catch (thrown) {
    if (!(thrown instanceof CommandError)) throw thrown;
    const { message, remedy, exitCode } = thrown;
    end(response, 400, { message, remedy, exitCode });
  }
}

async function putAlias({ store }: ControlParts, body: unknown, response: ServerResponse): Promise<void> {
  const { alias, image } = body as { alias?: unknown; image?: unknown }; // checked next
  if (typeof alias !== "string" || typeof image !== "string" || alias === "") {
    end(response, 400, { message: "alias and image must be texts" });
    return;
  }
  const id = await store.write((tx) => putImageAlias(tx, alias, image));
  if (id === undefined) end(response, 404, { message: `There is no image ${image}.`, remedy: "See: ./hostelry image list" });
  else end(response, 200, { alias, image: id });
}

async function issueToken({ entrance }: ControlParts, body: unknown, response: ServerResponse): Promise<void> {
  const { zone, host, lifeMs } = body as { zone?: unknown; host?: unknown; lifeMs?: unknown }; // checked next
  if (typeof zone !== "string" || typeof lifeMs !== "number" || (host !== undefined && typeof host !== "string")) {
    end(response, 400, { message: "zone must be a text, lifeMs a number, and host a text if it is given" });
    return;
  }
  try {
    if (entrance === undefined) throw new JoinRefusedError("Machines cannot join a simulated installation.", "./hostelry up without --simulated makes a real one.");
    end(response, 200, await entrance.issueToken({ zone, lifeMs, ...(host === undefined ? {} : { host }) }));
  } catch (thrown) {
    if (!(thrown instanceof JoinRefusedError)) throw thrown;
    end(response, 400, { message: thrown.message, remedy: thrown.remedy });
  }
}

/** What cannot be is refused with the reason and what to do. */
async function edit({ topology }: ControlParts, body: unknown, response: ServerResponse): Promise<void> {
  await endWith(response, async () => topology.edit(parseTopologyEdit(body)));
}

/** The workload of the benchmarks on a host itself. */
async function runWorkload({ desk }: ControlParts, body: unknown, response: ServerResponse): Promise<void> {
  const { host, seconds } = body as { host?: unknown; seconds?: unknown }; // the one only compared, the other checked next
  if (typeof seconds !== "number") return end(response, 400, { message: "seconds must be a number" });
  await endWith(response, () => askHost<string>(desk.streams, String(host), { kind: "workload", seconds }, workloadLimitMs));
}

async function setDraining({ store, clock }: ControlParts, body: unknown, response: ServerResponse): Promise<void> {
  const { hosts, draining } = body as { hosts?: unknown; draining?: unknown }; // checked next
  if (!Array.isArray(hosts) || typeof draining !== "boolean") {
    end(response, 400, { message: "hosts must be a list and draining true or false" });
    return;
  }
  await store.write(async (tx) => {
    await tx.db.updateTable("hosts").set({ draining: draining ? 1 : 0 }).where("id", "in", hosts.map(String)).execute();
    for (const host of hosts) await wakeReservationsOn(tx, String(host), clock.now());
  });
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
