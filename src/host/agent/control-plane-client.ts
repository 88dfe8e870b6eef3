/**
 * The agent's side of the conversation with the control plane (`protocol/exchange.ts`): arrival, long poll, reports, consoles.
 *
 * A control plane that is away, for a second or for a week, has no effect but waiting: pages and reports go on where they were.
 * 404 (it does not know this host yet) is waiting too. 409 (a newer agent speaks for this host) ends the client for good.
 */
import type { Duplex } from "node:stream";
import type { InstanceId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { longPollMs, type Incarnation, type SpecificationPage } from "../protocol/exchange.ts";
import type { HostDescription, Report } from "../protocol/report.ts";
import { frameStream } from "../protocol/framed-stream.ts";
import { streamProtocol, type StreamErrorCode } from "../protocol/stream.ts";
import { backOff, pause } from "./back-off.ts";
import type { ControlPlaneAnswer, ControlPlaneRequest, ControlPlaneTransport } from "./control-plane-transport.ts";
import { parsePage } from "./parse-page.ts";
import { ReportQueue } from "./report-queue.ts";

export interface ControlPlaneClientOptions {
  readonly hostId: string;
  readonly incarnation: Incarnation;
  readonly description: HostDescription;
  readonly transport: ControlPlaneTransport;
  readonly log: Log;
  readonly random: Random;
  /** The control plane took the arrival: everything known should be reported anew. */
  readonly arrived: () => void;
  /** Makes a page durable; only afterwards is a newer one asked for. */
  readonly take: (page: SpecificationPage) => Promise<void>;
  /** The longest wait between attempts. */
  readonly longestPauseMs?: number;
}

/** `superseded`: another agent speaks for the host. */
export type ClientEnd = "superseded" | "aborted";

/** A long poll with nothing new takes longer than this. */
const unhurriedMs = 50;

type Outcome = "done" | "unknown-host" | "superseded" | "refused" | "away";

export class ControlPlaneClient {
  readonly #options: ControlPlaneClientOptions;
  readonly #reports = new ReportQueue();
  readonly #end = new AbortController();
  #known = Promise.withResolvers<void>();
  #description: HostDescription;
  #describing: Promise<boolean> | undefined;
  #superseded = false;
  #wasAway = false;
  #arrived = false;
  #refusal: string | undefined;

  constructor(options: ControlPlaneClientOptions) {
    this.#options = options;
    this.#description = options.description;
  }

  /** Keeps the conversation up until the signal aborts or another agent takes over. */
  async run(signal: AbortSignal): Promise<ClientEnd> {
    const end = () => this.#end.abort();
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
    try {
      await Promise.all([this.#pollLoop(), this.#reportLoop()]);
    } finally {
      signal.removeEventListener("abort", end);
    }
    return this.#superseded ? "superseded" : "aborted";
  }

  report(report: Report): void {
    this.#reports.put(report);
  }

  /** Says anew what the host can do, now and at every later arrival. */
  async describe(description: HostDescription): Promise<void> {
    this.#description = description;
    await this.#describe();
  }

  /** Reports that the control plane has not yet confirmed. */
  get unsentReports(): number {
    return this.#reports.size;
  }

  /** One attempt; false when it should be made again later. */
  async uploadConsole(instance: InstanceId, run: number, settled: boolean, output: Uint8Array): Promise<boolean> {
    const path = this.#path(`consoles/${instance}?run=${run}&settled=${settled ? 1 : 0}`);
    const { outcome } = await this.#send({ method: "PUT", path, body: { type: "application/octet-stream", content: output }, timeoutMs: 10_000 });
    return outcome === "done" || outcome === "refused" || outcome === "superseded";
  }

  /** The control plane's end of the stream. Rejects when nobody waits for it any more. */
  async dialStream(id: string): Promise<Duplex> {
    return frameStream(await this.#options.transport.dial(this.#path(`streams/${id}`), streamProtocol));
  }

  /** One attempt: without it the control plane waits until it gives up. */
  async refuseStream(id: string, code: StreamErrorCode): Promise<void> {
    await this.#send({ method: "POST", path: this.#path(`streams/${id}`), body: { type: "application/json", content: JSON.stringify({ code }) }, timeoutMs: 5_000 });
  }

  async #pollLoop(): Promise<void> {
    const wait = backOff(100, this.#options.longestPauseMs ?? 2_000, this.#options.random);
    let since: number | undefined;
    let previous: number | undefined;
    while (!this.#end.signal.aborted) {
      since ??= await this.#arrive();
      if (since === undefined) return;
      const askedAt = performance.now();
      const next = await this.#poll(since);
      if (next === "unknown-host") since = undefined;
      else if (next !== "away") since = next.revision;
      if (typeof next === "string") await pause(wait.next(), this.#end.signal);
      else if (performance.now() - askedAt >= unhurriedMs || next.revision !== previous || next.streams !== undefined) wait.reset();
      else await pause(wait.next(), this.#end.signal); // an answer at once with nothing new: a control plane that does not wait
      previous = typeof next === "string" ? undefined : next.revision;
    }
  }

  /** Returns the revision to begin with, or undefined when the conversation is over. */
  async #arrive(): Promise<number | undefined> {
    if (!(await this.#describe())) return undefined;
    this.#arrived = true;
    this.#options.arrived();
    this.#known.resolve();
    return 0;
  }

  /** Returns whether the control plane has the newest description; false when the conversation is over. All who wait for that wait together. */
  #describe(): Promise<boolean> {
    this.#describing ??= this.#sendDescription().finally(() => (this.#describing = undefined));
    return this.#describing;
  }

  async #sendDescription(): Promise<boolean> {
    const wait = backOff(100, this.#options.longestPauseMs ?? 2_000, this.#options.random);
    while (!this.#end.signal.aborted) {
      const description = this.#description;
      const body = { type: "application/json", content: JSON.stringify({ incarnation: this.#options.incarnation, description }) };
      const { outcome } = await this.#send({ method: "PUT", path: this.#path("description"), body, timeoutMs: 10_000 });
      if (outcome === "done" && description === this.#description) return true; // else a newer one came meanwhile
      if (outcome !== "done") await pause(wait.next(), this.#end.signal);
    }
    return false;
  }

  async #poll(since: number): Promise<SpecificationPage | "unknown-host" | "away"> {
    const path = this.#path(`specifications?since=${since}&waitMs=${longPollMs}&incarnation=${this.#options.incarnation}`);
    const { outcome, answer } = await this.#send({ method: "GET", path, timeoutMs: longPollMs + 10_000 });
    if (outcome === "unknown-host") return "unknown-host";
    if (outcome !== "done" || answer === undefined) return "away";
    try {
      const page = parsePage(answer.text);
      await this.#options.take(page);
      return page;
    } catch (error) {
      this.#options.log.error("A page of specifications could not be taken; it is asked for again", { error });
      return "away";
    }
  }

  async #reportLoop(): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      if (this.#end.signal.aborted) resolve();
      this.#end.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    const wait = backOff(50, this.#options.longestPauseMs ?? 2_000, this.#options.random);
    await Promise.race([this.#known.promise, aborted]);
    while (!this.#end.signal.aborted) {
      await Promise.race([this.#reports.filled(), aborted]);
      if (this.#end.signal.aborted) return;
      if (await this.#sendReports(this.#reports.batch())) wait.reset();
      else await pause(wait.next(), this.#end.signal);
    }
  }

  /** A batch that is refused is sent one by one, so that one bad report does not hold up the others. */
  async #sendReports(reports: readonly Report[]): Promise<boolean> {
    const body = { type: "application/json", content: JSON.stringify({ incarnation: this.#options.incarnation, reports }) };
    const { outcome } = await this.#send({ method: "POST", path: this.#path("reports"), body, timeoutMs: 10_000 });
    if (outcome === "done") this.#reports.taken(reports);
    if (outcome !== "refused") return outcome === "done";
    if (reports.length > 1) {
      for (const report of reports) if (!(await this.#sendReports([report]))) return false;
      return true;
    }
    this.#options.log.error("The control plane refused a report; it is dropped", { report: reports[0] });
    this.#reports.taken(reports);
    return true;
  }

  async #send(request: ControlPlaneRequest): Promise<{ outcome: Outcome; answer?: ControlPlaneAnswer }> {
    try {
      const answer = await this.#options.transport.send(request, this.#end.signal);
      const outcome = outcomeOf(answer.status);
      if (outcome === "superseded") this.#giveWay();
      this.#noteRefusal(answer);
      this.#noteAway(outcome === "away" && this.#refusal === undefined, answer.status);
      return { outcome, answer };
    } catch (error) {
      if (!this.#end.signal.aborted) this.#noteAway(true, error);
      return { outcome: "away" };
    }
  }

  /** The control plane will not have this host or its version; said once, and tried again, since either may be set right. */
  #noteRefusal({ status, text }: ControlPlaneAnswer): void {
    const refusal = status === 403 || status === 426 ? text : undefined;
    if (refusal !== undefined && refusal !== this.#refusal) this.#options.log.error("The control plane turns this host away; guests go on, and it keeps trying", { answer: refusal });
    this.#refusal = refusal;
  }

  /** What the control plane has against this host, as it said last; undefined: nothing. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** Whether the control plane has taken this host in since this agent began. */
  get isKnown(): boolean {
    return this.#arrived;
  }

  #giveWay(): void {
    this.#superseded = true;
    this.#end.abort();
  }

  /** Logs once when the control plane goes away and once when it is back. */
  #noteAway(away: boolean, reason: unknown): void {
    if (away === this.#wasAway) return;
    this.#wasAway = away;
    if (away) this.#options.log.warn("The control plane does not answer; guests go on, and this host keeps trying", { reason });
    else this.#options.log.info("The control plane answers again");
  }

  #path(rest: string): string {
    return `/v1/hosts/${encodeURIComponent(this.#options.hostId)}/${rest}`;
  }
}

/** What the same message may not meet the next time: too slow, too often, not (or no longer) this host, another version. */
const passing: readonly number[] = [408, 429, 403, 426];

function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return "done";
  if (status === 404) return "unknown-host";
  if (status === 409) return "superseded";
  return status >= 400 && status < 500 && !passing.includes(status) ? "refused" : "away";
}
