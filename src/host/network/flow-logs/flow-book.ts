/**
 * Makes records of counts that only grow: what each flow of each logged interface did in each interval of its log. Pure but for what it holds, which
 * can be written down and taken up again.
 *
 * The kernel is looked at more often than an interval lasts; the first packet of a flow is known as exactly as that.
 */
import type { FlowLogSpecification, LoggedInterface } from "../../protocol/flow-log.ts";
import { interfaceDevices } from "../names.ts";
import type { Amount, Flow, FlowCount, FlowCounts } from "./flow-counts.ts";
import { flowLogLine, type FlowRecord, type RecordPlace } from "./flow-record.ts";

export interface LogLines {
  readonly log: FlowLogSpecification;
  readonly nic: LoggedInterface;
  readonly lines: readonly string[];
  /** When the interval ended. */
  readonly endMs: number;
}

/** What an earlier agent had counted; plain data. */
export interface FlowBookState {
  readonly counted: readonly (readonly [string, Counted])[];
  readonly windows: readonly (readonly [string, Window])[];
  readonly lookedAtMs?: number;
}

interface Counted {
  readonly seen: Amount;
  readonly kept: Amount;
  /** What was let through before it was found seen; that much of what is seen later was not rejected. */
  readonly debt: Amount;
}

/** What one log has of one interface in the interval that is not over. */
interface Window {
  readonly openedMs: number;
  readonly records: readonly FlowRecord[];
  readonly incomplete: boolean;
}

const none: Amount = { packets: 0, bytes: 0 };

export class FlowBook {
  /** By VPC and flow. */
  #counted: ReadonlyMap<string, Counted>;
  /** By log and interface. */
  readonly #windows: Map<string, Window>;
  #lookedAtMs: number | undefined;

  constructor(state: FlowBookState = { counted: [], windows: [] }) {
    this.#counted = new Map(state.counted);
    this.#windows = new Map(state.windows);
    this.#lookedAtMs = state.lookedAtMs;
  }

  get state(): FlowBookState {
    return { counted: [...this.#counted], windows: [...this.#windows], ...(this.#lookedAtMs === undefined ? {} : { lookedAtMs: this.#lookedAtMs }) };
  }

  /** Takes what was counted in VPCs, by their ids, and closes their intervals that are over. A VPC that is not among them is waited for. */
  look(places: readonly RecordPlace[], counts: ReadonlyMap<string, FlowCounts>, nowMs: number): readonly LogLines[] {
    const missing = new Set(places.map(({ vpc }) => vpc).filter((vpc) => !counts.has(vpc)));
    const counted = new Map([...this.#counted].filter(([key]) => missing.has(key.slice(0, key.indexOf(" ")))));
    const news = new Map([...counts].map(([vpc, found]) => [vpc, Map.groupBy(this.#changes(vpc, found, counted, nowMs), ({ flow }) => flow.device)]));
    this.#counted = counted;
    this.#lookedAtMs = nowMs;
    const open = new Set(places.map(windowKey));
    for (const key of this.#windows.keys()) if (!open.has(key)) this.#windows.delete(key);
    return places.flatMap((place) => {
      const device = interfaceDevices(place.nic.id).inner;
      const found = counts.get(place.vpc);
      return found === undefined ? [] : this.#write(place, news.get(place.vpc)?.get(device) ?? [], found.overfull.includes(device), nowMs);
    });
  }

  /** What each flow did since the last look. */
  #changes(vpc: string, { seen, kept }: FlowCounts, counted: Map<string, Counted>, nowMs: number): readonly FlowRecord[] {
    const keptByFlow = new Map(kept.map((count) => [flowKey(vpc, count.flow), count]));
    return seen.flatMap((count) => {
      const key = flowKey(vpc, count.flow);
      const before = this.#counted.get(key) ?? { seen: none, kept: none, debt: none };
      const through = keptByFlow.get(key) ?? { ...count, ...none };
      const accepted = growth(before.kept, through);
      const balance = minus(minus(growth(before.seen, count), accepted), before.debt);
      const debt = balance.packets < 0 ? minus(none, balance) : none;
      counted.set(key, { seen: amountOf(count), kept: amountOf(through), debt });
      const record = (action: FlowRecord["action"], amount: Amount, { idleSeconds }: FlowCount): FlowRecord => {
        const endMs = nowMs - idleSeconds * 1_000;
        return { flow: count.flow, action, ...amount, startMs: amount.packets === 1 ? endMs : Math.min(this.#lookedAtMs ?? endMs, endMs), endMs };
      };
      return [record("ACCEPT", accepted, through), record("REJECT", balance, count)].filter(({ packets }) => packets > 0);
    });
  }

  #write(place: RecordPlace, news: readonly FlowRecord[], overfull: boolean, nowMs: number): readonly LogLines[] {
    const { log, nic } = place;
    const key = windowKey(place);
    const window = this.#windows.get(key) ?? { openedMs: nowMs, records: [], incomplete: false };
    const records = merge(window.records, news.filter(({ action }) => log.traffic === "ALL" || log.traffic === action));
    const incomplete = window.incomplete || overfull;
    const intervalMs = log.intervalSeconds * 1_000;
    if (Math.floor(nowMs / intervalMs) === Math.floor(window.openedMs / intervalMs)) {
      this.#windows.set(key, { ...window, records, incomplete });
      return [];
    }
    this.#windows.set(key, { openedMs: nowMs, records: [], incomplete: false });
    const whole = { startMs: window.openedMs, endMs: nowMs };
    const missing = [...(records.length === 0 && !incomplete ? ["NODATA" as const] : []), ...(incomplete ? ["SKIPDATA" as const] : [])];
    const lines = [...records, ...missing.map((status) => ({ status, ...whole }))].map((record) => flowLogLine(place, record));
    return [{ log, nic, lines, endMs: nowMs }];
  }
}

function windowKey({ log, nic }: RecordPlace): string {
  return `${log.id} ${nic.id}`;
}

function flowKey(vpc: string, { direction, device, source, destination, protocol, sourcePort, destinationPort }: Flow): string {
  return [vpc, direction, device, source, destination, protocol, sourcePort, destinationPort].join(" ");
}

/** A flow that was idle for long was forgotten, and counted from nothing again. */
function growth(before: Amount, now: Amount): Amount {
  return now.packets < before.packets ? amountOf(now) : minus(now, before);
}

function minus(a: Amount, b: Amount): Amount {
  return { packets: a.packets - b.packets, bytes: a.bytes - b.bytes };
}

function amountOf({ packets, bytes }: Amount): Amount {
  return { packets, bytes };
}

/** Puts what flows did to what they did before in the interval. */
function merge(before: readonly FlowRecord[], news: readonly FlowRecord[]): readonly FlowRecord[] {
  if (news.length === 0) return before;
  const keyOf = ({ action, flow }: FlowRecord) => flowKey(action, flow);
  const records = new Map(before.map((record) => [keyOf(record), record]));
  for (const more of news) {
    const same = records.get(keyOf(more));
    const both = same === undefined ? more : { ...same, packets: same.packets + more.packets, bytes: same.bytes + more.bytes, endMs: Math.max(same.endMs, more.endMs) };
    records.set(keyOf(more), both);
  }
  return [...records.values()];
}
