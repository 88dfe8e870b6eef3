/**
 * The database as the rest of the control plane sees it: transactions over typed rows, and word of what they touched.
 *
 * A write is alone and may share its commit with others; a read sees one committed state. What `fn` throws rolls back all that it did. Topics touched in a
 * write reach the listeners after its commit and never otherwise. They are hints within one process: whoever relies on
 * them also looks at the rows from time to time.
 */
import { Kysely, Migrator, type Transaction } from "kysely";
import * as first from "./migrations/0001-first.ts";
import * as storage from "./migrations/0002-storage.ts";
import * as network from "./migrations/0003-network.ts";
import * as volumes from "./migrations/0004-volumes.ts";
import * as natGateways from "./migrations/0005-nat-gateways.ts";
import * as hostFailure from "./migrations/0006-host-failure.ts";
import * as sums from "./migrations/0007-sums.ts";
import * as launchTemplates from "./migrations/0008-launch-templates.ts";
import * as flowLogs from "./migrations/0009-flow-logs.ts";
import * as peering from "./migrations/0010-peering.ts";
import * as prefixes from "./migrations/0011-prefixes.ts";
import * as identity from "./migrations/0012-identity.ts";
import * as ipv6 from "./migrations/0013-ipv6.ts";
import * as ramdisks from "./migrations/0014-ramdisks.ts";
import * as vpcEndpoints from "./migrations/0016-vpc-endpoints.ts";
import * as joinedHosts from "./migrations/0018-joined-hosts.ts";
import * as pushedKeys from "./migrations/0019-pushed-keys.ts";
import * as signIn from "./migrations/0020-sign-in.ts";
import * as placement from "./migrations/0021-placement.ts";
import * as audit from "./migrations/0022-audit.ts";
import * as cpuCredits from "./migrations/0023-cpu-credits.ts";
import * as connectEndpoints from "./migrations/0024-instance-connect-endpoints.ts";
import * as virtualFunctions from "./migrations/0025-virtual-functions.ts";
import * as reverseNames from "./migrations/0028-prefixes-and-reverse-names.ts";
import * as serialKeyCallers from "./migrations/0029-serial-key-callers.ts";
import * as mfa from "./migrations/0030-mfa.ts";
import * as silentGuests from "./migrations/0031-silent-guests.ts";
import * as hostSizes from "./migrations/0039-host-sizes.ts";
import * as hostResources from "./migrations/0040-host-resources.ts";
import * as emulatedCards from "./migrations/0041-emulated-cards.ts";
import * as bootModes from "./migrations/0042-boot-modes.ts";
import { openGroupCommit } from "./group-commit.ts";
import { openRecollection } from "./recollection.ts";
import { openConnection, type Connection } from "./sqlite.ts";
import type { Tables } from "./tables.ts";
import type { Urgency } from "./turns.ts";

export interface Tx {
  readonly db: Transaction<Tables>;
  /** Says that rows of this topic changed: `due`, `host:ID`. */
  touch(topic: string): void;
  /**
   * What `make` made from rows, or an earlier call of this key while no table that it had read was written since. It must depend on nothing else, and nobody may
   * change it. `make` gets what was kept last, if anything: tables changed since, but parts of it may still be as they would be made. In a write, which sees
   * its own rows, it is made anew.
   */
  recall<T>(key: string, make: (former: T | undefined) => Promise<T>, isWorthKeeping: (made: T) => boolean): Promise<T>;
}

export interface Store {
  read<T>(fn: (tx: Tx) => Promise<T>): Promise<T>;
  /** `soon` lets clients that wait for an answer go first. */
  write<T>(fn: (tx: Tx) => Promise<T>, urgency?: Urgency): Promise<T>;
  /** Calls back with each commit's topics until the returned function is called. */
  onTouched(listener: (topics: ReadonlySet<string>) => void): () => void;
  [Symbol.asyncDispose](): Promise<void>;
}

const migrations = {
  "0001-first": first,
  "0002-storage": storage,
  "0003-network": network,
  "0004-volumes": volumes,
  "0005-nat-gateways": natGateways,
  "0006-host-failure": hostFailure,
  "0007-sums": sums,
  "0008-launch-templates": launchTemplates,
  "0009-flow-logs": flowLogs,
  "0010-peering": peering,
  "0011-prefixes": prefixes,
  "0012-identity": identity,
  "0013-ipv6": ipv6,
  "0014-ramdisks": ramdisks,
  "0016-vpc-endpoints": vpcEndpoints,
  "0018-joined-hosts": joinedHosts,
  "0019-pushed-keys": pushedKeys,
  "0020-sign-in": signIn,
  "0021-placement": placement,
  "0022-audit": audit,
  "0023-cpu-credits": cpuCredits,
  "0024-instance-connect-endpoints": connectEndpoints,
  "0025-virtual-functions": virtualFunctions,
  "0028-prefixes-and-reverse-names": reverseNames,
  "0029-serial-key-callers": serialKeyCallers,
  "0030-mfa": mfa,
  "0031-silent-guests": silentGuests,
  "0039-host-sizes": hostSizes,
  "0040-host-resources": hostResources,
  "0041-emulated-cards": emulatedCards,
  "0042-boot-modes": bootModes,
};

/** Opens the database file, bringing its schema up to date. */
export async function openStore(file: string): Promise<Store> {
  const writer = openConnection(file);
  await migrate(writer);
  const reader = file === ":memory:" ? undefined : openConnection(file, { readOnly: true });
  const commits = openGroupCommit(writer, () => performance.now(), ({ written }) => reader?.changes.note(written));
  const reads = reader && openReads(reader);
  const listeners = new Set<(topics: ReadonlySet<string>) => void>();
  const write: Store["write"] = async (fn, urgency = "now") => {
    const topics = new Set<string>();
    const result = await commits.write(({ db }) => fn({ db, touch: (topic) => void topics.add(topic), recall: (_key, make) => make(undefined) }), urgency);
    if (topics.size > 0) for (const listener of listeners) listener(topics);
    return result;
  };
  return {
    read: reads?.read ?? ((fn) => write((tx) => fn({ ...tx, touch() {} }), "soon")),
    write,
    onTouched: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async [Symbol.asyncDispose]() {
      await commits.idle();
      await reads?.close();
      writer.close();
    },
  };
}

/** One read after the other, each of the state that is committed when its turn comes. */
function openReads(connection: Connection): { readonly read: Store["read"]; close(): Promise<void> } {
  let last: Promise<unknown> = Promise.resolve();
  const recollection = openRecollection(connection.changes);
  const perform = async <T>(fn: (tx: Tx) => Promise<T>): Promise<T> => {
    const session = connection.openSession(() => connection.run("begin"));
    try {
      return await fn({ db: session.db, touch() {}, recall: (...thing) => recollection.recall(session, ...thing) });
    } finally {
      session.end();
      if (connection.inTransaction) connection.run("commit");
    }
  };
  return {
    read: (fn) => {
      const mine = last.then(() => perform(fn));
      last = mine.catch(() => undefined);
      return mine;
    },
    close: async () => {
      await last;
      connection.close();
    },
  };
}

async function migrate({ dialect }: Connection): Promise<void> {
  // Versions that were made side by side bring migrations between those that a database has had.
  const migrator = new Migrator({ db: new Kysely<Tables>({ dialect }), provider: { getMigrations: async () => migrations }, allowUnorderedMigrations: true });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw new Error("migrating the database", { cause: error });
}
