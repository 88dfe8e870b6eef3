/**
 * A whole API server for a test: a database of its own, two hosts and a storage node in two zones of us-east-1, the images that an installation
 * brings along, and clients of the unmodified SDK over HTTP. No agents speak: `report…` write what a host would have reported.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudTrail } from "@aws-sdk/client-cloudtrail";
import { EBS } from "@aws-sdk/client-ebs";
import { EC2 } from "@aws-sdk/client-ec2";
import { EC2InstanceConnect } from "@aws-sdk/client-ec2-instance-connect";
import { SSM } from "@aws-sdk/client-ssm";
import { IAM } from "@aws-sdk/client-iam";
import { STS } from "@aws-sdk/client-sts";
import { sql } from "kysely";
import { expect } from "vitest";
import { openAuditTrail, type AuditTrail } from "../../src/api/audit-trail.ts";
import { apiListener, type ServerParts } from "../../src/api/server.ts";
import { systemClock } from "../../src/base/clock.ts";
import { jsonLog } from "../../src/base/log.ts";
import type { InstanceId } from "../../src/base/ids.ts";
import { createAccessKey } from "../../src/iam/access-key.ts";
import { createEntity, entityArn } from "../../src/iam/entity.ts";
import { seal } from "../../src/iam/secret.ts";
import { releaseReservation } from "../../src/placement/reservation.ts";
import { openServiceDoor } from "../../src/cli/service-door.ts";
import { openSnapshotData, type SnapshotData } from "../../src/storage/snapshot-data.ts";
import { openStore, type Store, type Tx } from "../../src/store/store.ts";
import { seedImages, seedTopology } from "./seed.ts";
import { seededRandom } from "./seeded-random.ts";
import { expectTrueSums } from "./true-sums.ts";

export const region = "us-east-1";
export const account = "111111111111";
export const otherAccount = "222222222222";
/** The installation's key for sealing secrets. */
export const secretKey = new Uint8Array(32).fill(9);
/** A user of `account`, whom no policy allows anything. */
export const powerlessKey = "AKIAPOWERLESSUSER000";

/** A key whose secret is `test`, or credentials as IAM and STS give them out. */
export type Key = string | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };

export interface TestServer {
  readonly store: Store;
  readonly snapshots: SnapshotData;
  readonly audit: AuditTrail;
  readonly url: string;
  /** What answers there, and what it is made of. */
  readonly http: Server;
  readonly parts: ServerParts;
  /** The installation's data, as far as the test makes any. */
  readonly folder: string;
  /** Lets agents' connections come in by the server of a control socket. */
  joinControl(control: Server): void;
  /** Of `account` unless said otherwise. */
  ec2(key?: Key, inRegion?: string): EC2;
  ebs(key?: Key): EBS;
  ssm(key?: Key): SSM;
  sts(key?: Key): STS;
  iam(key?: Key): IAM;
  cloudTrail(key?: Key): CloudTrail;
  connect(key?: Key): EC2InstanceConnect;
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Every row but the audit's, as text. */
  dump(): Promise<string>;
  /** A host says that the instances run. */
  reportRunning(...ids: readonly string[]): Promise<void>;
  /** A host has heard the guest of the instance, which runs. */
  reportReached(id: string): Promise<void>;
  /** The instances were stopped and their hosts have let them go. */
  reportStopped(...ids: readonly string[]): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** `longestSettleMs`: how long answers wait for hosts, of which there are none unless the test plays them. `logged` gets the log's lines. */
export async function openTestServer({ longestSettleMs = 50, clock = systemClock, logged = (line: string) => void process.stderr.write(line) } = {}): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "hostelry-api-"));
  writeFileSync(join(folder, databaseFile), await (seededDatabase ??= seedDatabase()));
  const store = await openStore(join(folder, databaseFile));
  const log = jsonLog(logged, Date.now);
  const snapshots = openSnapshotData(join(folder, "snapshots"));
  const door = openServiceDoor(undefined);
  const random = seededRandom(expect.getState().currentTestName);
  const parts = { store, clock, random, log, openAccounts: true, pageSecret: new Uint8Array(32).fill(7), longestSettleMs, snapshots, secretKey, audit: openAuditTrail({ store, random, log }), originOf: door.originOf };
  const server = createServer(apiListener(parts));
  door.leadTo(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has an address of this form
  const clients: { destroy(): void }[] = [];
  const settings = (key: Key, inRegion: string) => ({
    endpoint: `http://127.0.0.1:${port}`,
    region: inRegion,
    maxAttempts: 1,
    credentials: typeof key === "string" ? { accessKeyId: key, secretAccessKey: "test" } : key,
  });
  const kept = <Client extends { destroy(): void }>(client: Client): Client => {
    clients.push(client);
    return client;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    http: server,
    parts,
    folder,
    joinControl: (control) => void control.on("upgrade", door.accept),
    store,
    snapshots,
    audit: parts.audit,
    ec2: (key: Key = account, inRegion = region) => kept(new EC2(settings(key, inRegion))),
    ebs: (key: Key = account) => kept(new EBS(settings(key, region))),
    ssm: (key: Key = account) => kept(new SSM(settings(key, region))),
    sts: (key: Key = account) => kept(new STS(settings(key, region))),
    iam: (key: Key = account) => kept(new IAM(settings(key, region))),
    cloudTrail: (key: Key = account) => kept(new CloudTrail(settings(key, region))),
    connect: (key: Key = account) => kept(new EC2InstanceConnect(settings(key, region))),
    read: (work) => store.read(work),
    write: (work) => store.write(work),
    dump: () => store.read(dumpRows),
    reportRunning: (...ids) => store.write((tx) => reportRunning(tx, ids as InstanceId[])), // ids from answers of this server
    reportReached: (id) => store.write(async (tx) => void (await tx.db.updateTable("instances").set({ observed_reached: 1 }).where("id", "=", id as InstanceId).execute())), // as above
    reportStopped: (...ids) => store.write((tx) => reportStopped(tx, ids as InstanceId[])), // as above
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await snapshots.writers.close();
      await parts.audit.flush();
      await store.read(expectTrueSums);
      await store[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const databaseFile = "test.sqlite";
/** What every test's database begins as. Made once, since its schema takes longer than most tests, and never changed. */
let seededDatabase: Promise<Buffer> | undefined;

async function seedDatabase(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "hostelry-api-"));
  try {
    const store = await openStore(join(folder, databaseFile));
    await store.write(async (tx) => {
      await seedTopology(tx, Date.now());
      await seedImages(tx);
      await seedUser(tx, "powerless", powerlessKey);
    });
    await store[Symbol.asyncDispose](); // which brings everything into the one file
    return readFileSync(join(folder, databaseFile));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A user of `account` whose key has the secret that all clients here have. */
async function seedUser(tx: Tx, name: string, keyId: string): Promise<void> {
  const random = seededRandom();
  const user = await createEntity(tx, { account, kind: "user", name, path: "/" }, {}, random, 0);
  const { row } = await createAccessKey(tx, secretKey, { account, arn: entityArn(user), userId: user.id }, random, 0);
  await tx.db.updateTable("access_keys").set({ id: keyId, secret: seal(secretKey, `access key ${keyId}`, "test", random) }).where("id", "=", row.id).execute();
}

/** The error that the call ends with, as the caller sees it. */
export async function refusal(call: Promise<unknown>): Promise<{ code: string; message: string; status: number | undefined }> {
  try {
    await call;
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    const status = "$metadata" in thrown ? (thrown.$metadata as { httpStatusCode?: number }).httpStatusCode : undefined; // the SDK's errors have it
    // The SDK's names of modelled errors are not always the codes on the wire, which it keeps beside.
    const code = "Code" in thrown && typeof thrown.Code === "string" ? thrown.Code : thrown.name;
    return { code, message: thrown.message, status };
  }
  throw new Error("the call was not refused");
}

/** Only the code of `refusal`. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  return (await refusal(call)).code;
}

async function reportRunning(tx: Tx, ids: readonly InstanceId[]): Promise<void> {
  for (const id of ids) {
    const row = await tx.db.selectFrom("instances").select("run").where("id", "=", id).executeTakeFirstOrThrow();
    await tx.db.updateTable("instances").set({ observed_run: row.run, observed_state: "running", observed_at: Date.now() }).where("id", "=", id).execute();
    const volumes = tx.db.selectFrom("volume_attachments").select("volume_id").where("instance_id", "=", id);
    await tx.db.updateTable("volumes").set({ observed_state: "available" }).where("id", "in", volumes).execute();
  }
}

async function reportStopped(tx: Tx, ids: readonly InstanceId[]): Promise<void> {
  const stopped = tx.db.updateTable("instances").set({ want: "stopped", host_id: null, observed_state: "absent" }).where("id", "in", ids);
  for (const row of await stopped.returning(["id", "capacity_reservation_id"]).execute()) await releaseReservation(tx, row);
}

async function dumpRows(tx: Tx): Promise<string> {
  const tables = await sql<{ name: string }>`select name from sqlite_master where type = 'table' order by name`.execute(tx.db);
  const parts: string[] = [];
  for (const { name } of tables.rows) {
    if (name === "audit_events" || name.startsWith("sqlite_")) continue;
    const { rows } = await sql`select * from ${sql.table(name)}`.execute(tx.db);
    parts.push(name, ...rows.map((row) => JSON.stringify(row)).toSorted());
  }
  return parts.join("\n");
}
