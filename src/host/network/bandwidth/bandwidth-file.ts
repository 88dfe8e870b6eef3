/**
 * What an agent leaves to the next one of the credits of its host's instances: one small file, replaced as a whole. It is written only when a later
 * agent would come to other credits from what it says than this one has, so a host whose guests keep to their baseline writes nothing.
 */
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { InstanceId, InterfaceId } from "../../../base/ids.ts";
import type { BandwidthSpecification } from "../../protocol/specification.ts";
import { settleCredits, type Credits } from "./credits.ts";

/** An instance. Plain data. */
export interface Limited {
  readonly specification: BandwidthSpecification;
  readonly interfaces: readonly InterfaceId[];
  /** For what its interfaces send. */
  readonly leaving: Credits;
  /** For what they get. */
  readonly arriving: Credits;
}

export type LimitedInstances = ReadonlyMap<InstanceId, Limited>;

export class BandwidthFile {
  readonly #path: string;
  #written: LimitedInstances = new Map();

  constructor(path: string) {
    this.#path = path;
  }

  /** Nothing if there is no file, and of entries of an earlier form, which were interfaces'. */
  load(): LimitedInstances {
    try {
      const entries = JSON.parse(readFileSync(this.#path, "utf8")) as [InstanceId, Limited][]; // `save` wrote it
      this.#written = new Map(entries.filter(([id]) => id.startsWith("i-")));
    } catch {
      this.#written = new Map();
    }
    return this.#written;
  }

  save(instances: LimitedInstances): void {
    if (tellsTheSame(this.#written, instances)) return;
    mkdirSync(dirname(this.#path), { recursive: true });
    const fresh = openSync(`${this.#path}.new`, "w", 0o600);
    writeSync(fresh, JSON.stringify([...instances]));
    closeSync(fresh);
    renameSync(`${this.#path}.new`, this.#path);
    this.#written = new Map(instances);
  }
}

/** Whether whoever knows only `written` finds now what `now` says. */
export function tellsTheSame(written: LimitedInstances, now: LimitedInstances): boolean {
  return written.size === now.size && [...now].every(([id, limited]) => leadsTo(written.get(id), limited));
}

function leadsTo(written: Limited | undefined, now: Limited): boolean {
  if (written === undefined || JSON.stringify([written.specification, written.interfaces]) !== JSON.stringify([now.specification, now.interfaces])) return false;
  return creditsLeadTo(written.leaving, now.leaving, now.specification) && creditsLeadTo(written.arriving, now.arriving, now.specification);
}

function creditsLeadTo(written: Credits, now: Credits, specification: BandwidthSpecification): boolean {
  const known = Object.keys(now.sent).every((device) => device in written.sent);
  return known && Math.abs(settleCredits(written, specification, now.sent, now.atMs).bytes - now.bytes) <= 1;
}
