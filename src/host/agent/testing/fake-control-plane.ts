/**
 * The control plane's side of `protocol/exchange.ts` without a database: newest specifications, newest reports, consoles.
 * Speaks through a transport in memory, or over HTTP on a Unix socket (`serveFakeControlPlane`).
 */
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { HostArrival, ReportBatch } from "../../protocol/exchange.ts";
import type { StateReport } from "../../protocol/report.ts";
import type { Specification } from "../../protocol/specification.ts";
import type { ControlPlaneAnswer, ControlPlaneRequest, ControlPlaneTransport } from "../control-plane-transport.ts";

export class FakeControlPlane {
  readonly arrivals: HostArrival[] = [];
  readonly reports = new Map<string, StateReport>();
  readonly reportLog: StateReport[] = [];
  readonly consoles = new Map<string, { readonly query: string; readonly text: string }>();
  /** What is asked of the control plane is answered with this status instead, while it is set. */
  outage: number | undefined;
  /** How many requests were answered so. */
  refused = 0;
  readonly #specifications = new Map<string, { readonly revision: number; readonly specification: Specification }>();
  #revision = 1;
  #changed = Promise.withResolvers<void>();
  #watchers = new Set<() => void>();

  set(...specifications: readonly Specification[]): void {
    for (const specification of specifications) this.#specifications.set(specification.id, { revision: ++this.#revision, specification });
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** As if the rows were gone: later complete pages do not name it. */
  forget(id: string): void {
    this.#specifications.delete(id);
  }

  /** Settles once the newest reports fulfil the condition. */
  async until(condition: (reports: ReadonlyMap<string, StateReport>) => boolean, timeoutMs = 60_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!condition(this.reports)) {
      if (performance.now() > deadline) throw new Error(`this did not happen; the newest reports are ${JSON.stringify([...this.reports.values()])}`);
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve);
        setTimeout(resolve, 50);
      });
    }
  }

  transport(): ControlPlaneTransport {
    return { send: (request, signal) => this.answer(request, signal), dial: () => Promise.reject(new Error("this control plane orders no streams")), close: () => undefined };
  }

  async answer({ method, path, body }: Pick<ControlPlaneRequest, "method" | "path" | "body">, signal: AbortSignal): Promise<ControlPlaneAnswer> {
    if (this.outage !== undefined) {
      this.refused += 1;
      return { status: this.outage, text: "" };
    }
    const url = new URL(path, "http://control");
    const [, , , , kind, name] = url.pathname.split("/");
    const text = Buffer.from(body?.content ?? "").toString();
    switch (`${method} ${kind}`) {
      case "PUT description":
        this.arrivals.push(JSON.parse(text));
        return { status: 204, text: "" };
      case "POST reports":
        this.#note(JSON.parse(text));
        return { status: 204, text: "" };
      case "PUT consoles":
        this.consoles.set(name ?? "", { query: url.search, text });
        return { status: 204, text: "" };
      case "GET specifications":
        return { status: 200, text: await this.#page(Number(url.searchParams.get("since")), Number(url.searchParams.get("waitMs")), signal) };
      default:
        return { status: 400, text: "" };
    }
  }

  async #page(since: number, waitMs: number, signal: AbortSignal): Promise<string> {
    if (since >= this.#revision) {
      let timer: NodeJS.Timeout | undefined;
      const over = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, waitMs);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      await Promise.race([this.#changed.promise, over]);
      clearTimeout(timer);
    }
    const specifications = [...this.#specifications.values()].filter(({ revision }) => revision > since).map(({ specification }) => specification);
    return JSON.stringify({ revision: this.#revision, complete: since === 0, specifications });
  }

  #note({ reports }: ReportBatch): void {
    for (const report of reports.filter((each) => each.kind !== "credits")) {
      this.reports.set(report.id, report);
      this.reportLog.push(report);
    }
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }
}

export interface ServedControlPlane extends AsyncDisposable {
  readonly socket: string;
}

/** Ends with all its connections cut, as when the process is killed. */
export async function serveFakeControlPlane(plane: FakeControlPlane, socket: string): Promise<ServedControlPlane> {
  const leaving = new AbortController();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const method = request.method === "PUT" ? "PUT" : request.method === "POST" ? "POST" : "GET";
    const body = { type: request.headers["content-type"] ?? "", content: Buffer.concat(chunks) };
    const answer = await plane.answer({ method, path: request.url ?? "", body }, leaving.signal);
    if (!leaving.signal.aborted) response.writeHead(answer.status).end(answer.text);
  });
  await rm(socket, { force: true });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    socket,
    async [Symbol.asyncDispose]() {
      leaving.abort();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
