/**
 * The flow logs of one host: has the packets of logged interfaces counted, looks at the counters a few times a minute, and writes the records of each
 * interval that is over.
 *
 * Promised: the kernel counts whether there is an agent or not, and what was taken over from it is on disk before records are written, so an agent's
 * end loses the records of one interval at most and repeats none. While a VPC's counters cannot be read, its logs wait.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../../../base/clock.ts";
import type { VpcId } from "../../../base/ids.ts";
import type { Log } from "../../../base/log.ts";
import type { FlowLogSpecification } from "../../protocol/flow-log.ts";
import type { VpcSpecification } from "../../protocol/specification.ts";
import { loadRules } from "../command.ts";
import { interfaceDevices, listNamespaces, vpcNamespace } from "../names.ts";
import { FlowBook, type FlowBookState } from "./flow-book.ts";
import { readFlowCounts, readWatched, type FlowCounts } from "./flow-counts.ts";
import { writeFlowLog } from "./flow-log-files.ts";
import { unwatchRules, watchRules } from "./flow-rules.ts";

export interface FlowLoggerOptions {
  readonly hostId: string;
  /** Six hexadecimal digits. */
  readonly installation: string;
  readonly stateFile: string;
  /** The installation's flow logs (`flow-log-files.ts`). */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How often the counters are looked at; 0: only when `collect` is called. */
  readonly everyMs: number;
}

export class FlowLogger {
  readonly #options: FlowLoggerOptions;
  readonly #logs = new Map<VpcId, readonly FlowLogSpecification[]>();
  /** Devices that are counted, by VPC; absent: not known. */
  readonly #watched = new Map<VpcId, readonly string[]>();
  readonly #book: FlowBook;
  readonly #timer: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: FlowLoggerOptions) {
    this.#options = options;
    this.#book = new FlowBook(loadState(options.stateFile));
    this.#timer = options.everyMs === 0 ? undefined : setInterval(() => void this.collect().catch((error: unknown) => options.log.error("flow logs could not be written", { error })), options.everyMs).unref();
  }

  /** Takes the VPC's flow logs; its namespace may be made later, which `watch` is to be told. */
  follow({ id, flowLogs = [] }: VpcSpecification): Promise<void> {
    this.#logs.set(id, flowLogs);
    return this.watch(id);
  }

  async forget(id: VpcId): Promise<void> {
    this.#logs.set(id, []);
    await this.watch(id);
    this.#logs.delete(id);
    this.#watched.delete(id);
  }

  /** Counts in the VPC's namespace, if it has one, what is to be counted; may be repeated. */
  watch(id: VpcId): Promise<void> {
    return this.#inTurn(async () => {
      const namespace = this.#namespace(id);
      if (namespace === undefined) return void this.#watched.delete(id);
      const wanted = devicesOf(this.#logs.get(id) ?? []);
      const before = this.#watched.get(id) ?? (await readWatched(namespace));
      this.#watched.delete(id);
      if (wanted.length > 0) await loadRules(watchRules(before, wanted), namespace);
      else if (before.length > 0) await loadRules(unwatchRules(), namespace);
      this.#watched.set(id, wanted);
    });
  }

  /** Looks at the counters now. */
  collect(): Promise<void> {
    return this.#inTurn(async () => {
      const vpcs = [...this.#logs.keys()].filter((id) => (this.#watched.get(id) ?? []).length > 0);
      if (vpcs.length === 0) return;
      const counts = new Map<VpcId, FlowCounts>();
      for (const id of vpcs) {
        const found = await this.#read(id);
        if (found !== undefined) counts.set(id, found);
      }
      const places = vpcs.flatMap((vpc) => (this.#logs.get(vpc) ?? []).flatMap((log) => log.interfaces.map((nic) => ({ log, nic, vpc }))));
      const written = this.#book.look(places, counts, this.#options.clock.now());
      saveState(this.#options.stateFile, this.#book.state);
      for (const lines of written) await writeFlowLog(this.#options.directory, this.#options.hostId, lines);
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#last;
  }

  /** Undefined when it cannot be read now. */
  async #read(id: VpcId): Promise<FlowCounts | undefined> {
    const namespace = this.#namespace(id);
    if (namespace === undefined) return undefined;
    return readFlowCounts(namespace).catch((error: unknown) => {
      this.#options.log.error("a VPC's flows could not be read", { vpc: id, error });
      return undefined;
    });
  }

  #namespace(id: VpcId): string | undefined {
    const name = vpcNamespace(this.#options.installation, this.#options.hostId, id);
    return listNamespaces(name).find((found) => found.name === name && found.whole)?.name;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

function devicesOf(logs: readonly FlowLogSpecification[]): readonly string[] {
  return [...new Set(logs.flatMap(({ interfaces }) => interfaces.map(({ id }) => interfaceDevices(id).inner)))].toSorted();
}

function loadState(file: string): FlowBookState | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as FlowBookState; // `saveState` wrote it
  } catch {
    return undefined;
  }
}

function saveState(file: string, state: FlowBookState): void {
  mkdirSync(dirname(file), { recursive: true });
  const fresh = openSync(`${file}.new`, "w", 0o600);
  writeSync(fresh, JSON.stringify(state));
  fsyncSync(fresh);
  closeSync(fresh);
  renameSync(`${file}.new`, file);
}
