/**
 * The control plane's side of the exchange with hosts (`host/protocol/exchange.ts`), without its HTTP: who has arrived, what is asked of
 * them, what they report. A host with a lower incarnation than the highest known is turned away: two agents never speak for one host.
 * One that was declared dead is unknown until it asks for everything anew: so it hears of what it should have no more before anything else.
 */
import type { Clock } from "../../base/clock.ts";
import { isId } from "../../base/ids.ts";
import { openDocument } from "../../compute/role-credentials.ts";
import type { HostArrival, Incarnation, ReportBatch, SpecificationPage } from "../../host/protocol/exchange.ts";
import type { ProfileSpecification } from "../../host/protocol/metadata.ts";
import type { Specification } from "../../host/protocol/specification.ts";
import type { SecretKey } from "../../iam/secret.ts";
import { touchVpc } from "../../network/vpc-specification.ts";
import { syncRooms } from "../../placement/sync-rooms.ts";
import { prepare, prepareKept } from "../../store/prepared.ts";
import type { Store, Tx } from "../../store/store.ts";
import type { SpecificationRow } from "../../store/tables.ts";
import { recordReport } from "./record-report.ts";
import { openStreamDesk, type StreamDesk } from "./stream-desk.ts";
import { wakeInstancesOf } from "./watch-hosts.ts";

/** `unknown`: no such host in the topology, or it was declared dead and must arrive and ask for everything anew. `superseded`: a newer agent speaks for it. */
export type Standing = "welcome" | "unknown" | "superseded";

export interface HostDesk {
  readonly streams: StreamDesk;
  arrive(hostId: string, arrival: HostArrival): Promise<Standing>;
  /** Waits up to `waitMs` for something newer than revision `since`. */
  poll(hostId: string, incarnation: Incarnation, since: number, waitMs: number, signal: AbortSignal): Promise<SpecificationPage | Exclude<Standing, "welcome">>;
  report(hostId: string, batch: ReportBatch): Promise<Standing>;
  recordConsole(hostId: string, instanceId: string, run: number, output: Uint8Array, settled: boolean): Promise<void>;
  close(): void;
}

/** `heard_at` is written at most this often for each host. */
const heardEveryMs = 3_000;

export function openHostDesk(store: Store, clock: Clock, secretKey: SecretKey): HostDesk {
  const heard = new Map<string, number>();
  const waiters = new Map<string, Set<() => void>>();
  const wakeHost = (hostId: string): void => {
    for (const wakeUp of waiters.get(hostId) ?? []) wakeUp();
  };
  const stop = store.onTouched((topics) => {
    for (const topic of topics) if (topic.startsWith("host:")) wakeHost(topic.slice(5));
  });
  const streams = openStreamDesk(wakeHost);
  const withStreams = (page: SpecificationPage, hostId: string, signal: AbortSignal): SpecificationPage =>
    streams.isAwaited(hostId) && !signal.aborted ? { ...page, streams: streams.tell(hostId) } : page;

  const hear = async (hostId: string): Promise<void> => {
    const now = clock.now();
    if (now - (heard.get(hostId) ?? 0) < heardEveryMs) return;
    heard.set(hostId, now);
    await store.write((tx) => tx.db.updateTable("hosts").set({ heard_at: now }).where("id", "=", hostId).execute(), "soon");
  };

  return {
    streams,
    arrive: (hostId, arrival) => {
      heard.set(hostId, clock.now());
      return store.write((tx) => recordArrival(tx, hostId, arrival, clock.now()), "soon");
    },
    poll: async (hostId, incarnation, since, waitMs, signal) => {
      // Listening begins before the look: what is published in between would else be slept through.
      const touch = listenForTouch(waiters, hostId, waitMs, signal);
      try {
        const look = () => store.read((tx) => readPageFor(tx, hostId, incarnation, since, secretKey));
        let page = await look();
        if (page === "dead" && since === 0) {
          await store.write((tx) => readmit(tx, hostId, clock.now()), "soon");
          page = await look();
        }
        if (typeof page === "string") return page === "dead" ? "unknown" : page;
        await hear(hostId);
        if (page.specifications.length > 0 || since === 0 || waitMs === 0 || streams.isAwaited(hostId)) return withStreams(page, hostId, signal);
        await touch.over;
        if (!signal.aborted) await hear(hostId);
        return withStreams(await store.read((tx) => readPage(tx, hostId, since, secretKey)), hostId, signal);
      } finally {
        touch.end();
      }
    },
    report: (hostId, batch) =>
      store.write(async (tx) => {
        const standing = await standingOf(tx, hostId, batch.incarnation);
        if (standing === "dead") return "unknown";
        if (standing === "welcome") for (const report of batch.reports) await recordReport(tx, hostId, report, clock.now());
        return standing;
      }, "soon"),
    recordConsole: (hostId, instanceId, run, output, settled) =>
      store.write((tx) => recordConsole(tx, hostId, instanceId, run, output, settled, clock.now()), "soon"),
    close: () => {
      stop();
      streams.close();
    },
  };
}

async function standingOf(tx: Tx, hostId: string, incarnation: Incarnation): Promise<Standing | "dead"> {
  const [row] = await selectStanding(tx, { hostId });
  if (row === undefined) return "unknown";
  if (incarnation < row.incarnation) return "superseded";
  return row.failed_at === null ? "welcome" : "dead";
}

const selectStanding = prepareKept((db, { hostId }: { hostId: string }) => db.selectFrom("hosts").select(["incarnation", "failed_at"]).where("id", "=", hostId));

async function recordArrival(tx: Tx, hostId: string, { incarnation, description }: HostArrival, now: number): Promise<Standing> {
  const standing = await standingOf(tx, hostId, incarnation);
  if (standing === "unknown" || standing === "superseded") return standing;
  const row = { incarnation, description: JSON.stringify(description), heard_at: now };
  const before = await tx.db.selectFrom("hosts").select("description").where("id", "=", hostId).executeTakeFirstOrThrow();
  await tx.db.updateTable("hosts").set(row).where("id", "=", hostId).execute();
  const { mtu, isOnSwitch } = JSON.parse(before.description ?? "{}") as Partial<HostArrival["description"]>; // an earlier arrival's
  if (mtu !== description.mtu || isOnSwitch !== description.isOnSwitch) await touchVpcsOn(tx, hostId, now);
  await syncRooms(tx, hostId);
  return "welcome";
}

/** Other hosts must know by which way this one is reached, and how large packets to it may be. */
async function touchVpcsOn(tx: Tx, hostId: string, now: number): Promise<void> {
  const told = await tx.db.selectFrom("specifications").select("id").where("host_id", "=", hostId).where("kind", "=", "vpc").execute();
  for (const { id } of told) if (isId("vpc", id)) await touchVpc(tx, id, now);
}

async function readPageFor(tx: Tx, hostId: string, incarnation: Incarnation, since: number, secretKey: SecretKey): Promise<SpecificationPage | Exclude<Standing, "welcome"> | "dead"> {
  const standing = await standingOf(tx, hostId, incarnation);
  return standing === "welcome" ? readPage(tx, hostId, since, secretKey) : standing;
}

async function readmit(tx: Tx, hostId: string, now: number): Promise<void> {
  await tx.db.updateTable("hosts").set({ failed_at: null }).where("id", "=", hostId).execute();
  await wakeInstancesOf(tx, hostId, now);
}

/** With `since` 0, or beyond what this database ever counted to, everything; else what is newer. */
async function readPage(tx: Tx, hostId: string, since: number, secretKey: SecretKey): Promise<SpecificationPage> {
  const [counter] = await selectRevision(tx, {});
  const revision = counter?.value ?? 0;
  const complete = since === 0 || since > revision;
  const rows = await selectNewer(tx, { hostId, since: complete ? 0 : since });
  return { revision, complete, specifications: rows.map((row) => toSpecification(row, secretKey)) };
}

const selectRevision = prepare((db) => db.selectFrom("counters").select("value").where("name", "=", "revision"));

const selectNewer = prepare((db, { hostId, since }: { hostId: string; since: number }) =>
  db.selectFrom("specifications").selectAll().where("host_id", "=", hostId).where("revision", ">", since).orderBy("revision"),
);

function toSpecification(row: SpecificationRow, secretKey: SecretKey): Specification {
  const specification = { ...(JSON.parse(row.body) as Specification), generation: row.generation }; // written by publish
  const role = specification.kind === "machine" ? specification.metadata.profile?.role : undefined;
  if (specification.kind !== "machine" || role === undefined) return specification;
  const profile = { ...specification.metadata.profile, role: { ...role, credentials: openDocument(secretKey, specification.id, role.credentials) } } as ProfileSpecification; // its role was there
  return { ...specification, metadata: { ...specification.metadata, profile } };
}

/** `over` settles when the host's specifications were touched, after `waitMs`, when the caller hung up, or with `end`. */
function listenForTouch(waiters: Map<string, Set<() => void>>, hostId: string, waitMs: number, signal: AbortSignal): { over: Promise<void>; end(): void } {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const mine = waiters.get(hostId) ?? new Set();
  waiters.set(hostId, mine);
  const end = (): void => {
    clearTimeout(timer);
    mine.delete(end);
    signal.removeEventListener("abort", end);
    resolve();
  };
  const timer = setTimeout(end, waitMs);
  signal.addEventListener("abort", end);
  mine.add(end);
  return { over, end };
}

async function recordConsole(
  tx: Tx,
  hostId: string,
  instanceId: string,
  run: number,
  latest: Uint8Array,
  settled: boolean,
  now: number,
): Promise<void> {
  const instance = await tx.db
    .selectFrom("instances")
    .select("id")
    .where(({ eb, and }) => and([eb(eb.ref("id"), "=", instanceId as never), eb("host_id", "=", hostId)])) // a text from outside, only compared
    .executeTakeFirst();
  if (instance === undefined) return;
  const posted = settled ? { posted: latest, posted_at: now } : {};
  await tx.db
    .insertInto("consoles")
    .values({ instance_id: instance.id, run, posted: null, posted_at: null, latest, latest_at: now, ...posted })
    .onConflict((conflict) => conflict.column("instance_id").doUpdateSet({ run, latest, latest_at: now, ...posted }))
    .execute();
}
