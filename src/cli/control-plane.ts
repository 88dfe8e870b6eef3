/**
 * The control plane as one process: database, public API, the hosts' side of the exchange, and the reconcilers. Everything it knows is in the database;
 * it may be killed at any moment and started again.
 */
import { mkdirSync, rmSync, writeFileSync, renameSync, chmodSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { openAuditTrail } from "../api/audit-trail.ts";
import { openSignInLinks } from "../api/console/sign-in-links.ts";
import { openPipeline } from "../api/pipeline.ts";
import { apiListener } from "../api/server.ts";
import { systemClock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { randomHex, systemRandom } from "../base/random.ts";
import { ensureServiceAuthority } from "../compute/service-authority.ts";
import { streamProtocol } from "../host/protocol/stream.ts";
import { ensureFirstAccount } from "../iam/bootstrap.ts";
import { auditReconciler } from "../reconcile/audit-reconciler.ts";
import { blockSweepReconciler } from "../reconcile/block-sweep.ts";
import { answerUpgrade } from "../reconcile/hosts/exchange-server.ts";
import { openHostDesk, type HostDesk } from "../reconcile/hosts/host-desk.ts";
import { watchHosts } from "../reconcile/hosts/watch-hosts.ts";
import { imageTaskReconciler } from "../reconcile/image-task-reconciler.ts";
import { capacityReservationReconciler } from "../reconcile/capacity-reservation-reconciler.ts";
import { instanceReconciler } from "../reconcile/instance-reconciler.ts";
import { openBlockJobs } from "../reconcile/block-jobs.ts";
import { runLoop } from "../reconcile/loop.ts";
import { snapshotReconciler } from "../reconcile/snapshot-reconciler.ts";
import { snapshotCopyReconciler } from "../reconcile/snapshot-copy-reconciler.ts";
import { snapshotImportReconciler } from "../reconcile/snapshot-import-reconciler.ts";
import { volumeReconciler } from "../reconcile/volume-reconciler.ts";
import { natGatewayReconciler } from "../reconcile/nat-gateway-reconciler.ts";
import { vpcEndpointReconciler } from "../reconcile/vpc-endpoint-reconciler.ts";
import { connectEndpointReconciler } from "../reconcile/connect-endpoint-reconciler.ts";
import { vpcReconciler } from "../reconcile/vpc-reconciler.ts";
import { openSnapshotData, type SnapshotData } from "../storage/snapshot-data.ts";
import { openStore, type Store, type Tx } from "../store/store.ts";
import { serviceUpgrade } from "../host/protocol/service-connection.ts";
import { serveConnections } from "./connect-on-demand.ts";
import { controlListener } from "./control-listener.ts";
import { refuseLostDatabase } from "./database-guard.ts";
import { databaseFile } from "./directories.ts";
import { openHostEntrance, type HostEntranceParts } from "./join/host-entrance.ts";
import { launchImageBuild } from "./image-builds.ts";
import { refreshImages } from "./local-images.ts";
import { machineSize } from "./machine-size.ts";
import { withMetrics } from "./metrics.ts";
import { profileFile } from "./profile.ts";
import { readStatus } from "./read-status.ts";
import { openRemoteDoor } from "./remote-door.ts";
import { openServiceCertificates } from "./service-certificates.ts";
import { openServiceDoor } from "./service-door.ts";
import { ensureSecretKey } from "./secret-key.ts";
import { openSerialConsole } from "./serial-console.ts";
import { withConsole } from "./serve-console.ts";
import type { Topology } from "./topology.ts";
import { openTopologyDesk, type TopologyDesk } from "./topology-desk.ts";
import { syncTopology } from "./topology-rows.ts";
import { upgradesBy } from "./upgrades.ts";

export interface ControlPlaneOptions {
  readonly dataDirectory: string;
  readonly runDirectory: string;
  /** 0: any free port; the answer names it. */
  readonly port: number;
  /** Besides the loopback, for other machines. */
  readonly listen?: string | undefined;
  readonly openAccounts: boolean;
  /** Where VPCs have their IPv6 blocks from. */
  readonly ipv6Pool: string;
  readonly publicPool: string;
  /** As the installation's file has it, and how a changed one gets there. */
  readonly topology: Topology;
  readonly saveTopology: (topology: Topology) => void;
  /** The block of the underlay network. */
  readonly underlay: string;
  readonly simulated: boolean;
  /** Where machines join as hosts; absent: nowhere. */
  readonly joining?: Pick<HostEntranceParts, "installation" | "version">;
  readonly version: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** How long the answer to a call may wait for a host: long enough for a busy storage node to fix a snapshot's moment. */
const longestSettleMs = 5_000;

export interface ControlPlane {
  readonly url: string;
  /** Settles when the signal was seen and all is closed. */
  readonly closed: Promise<void>;
  readonly store: Store;
  readonly desk: HostDesk;
  readonly topology: TopologyDesk;
  /** The block store of a region. */
  readonly snapshots: SnapshotData["store"];
}

/** Serves until the signal aborts. Returns when requests are answered. */
export async function runControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dataDirectory, runDirectory, log, signal } = options;
  mkdirSync(join(dataDirectory, "control"), { recursive: true, mode: 0o700 });
  const database = databaseFile(dataDirectory);
  refuseLostDatabase(dataDirectory, database);
  const store = await openStore(database);
  const { pageSecret, secretKey, key } = await store.write((tx) => prepare(tx, options));
  await refreshImages(store, join(dataDirectory, "images"), options.simulated);
  buildWantedImages(store, options);

  const snapshots = openSnapshotData(join(dataDirectory, "snapshots"));
  const parts = { store, clock: systemClock, random: systemRandom, log };
  const audit = openAuditTrail(parts);
  const services = options.simulated ? undefined : await store.write((tx) => ensureServiceAuthority(tx, secretKey, systemRandom, systemClock.now()));
  const door = openServiceDoor(services === undefined ? undefined : openServiceCertificates(services.authority, systemClock, systemRandom));
  const apiParts = { ...parts, audit, openAccounts: options.openAccounts, pageSecret, secretKey, longestSettleMs, snapshots, originOf: door.originOf };
  const pipeline = openPipeline(apiParts);
  const listener = apiListener(apiParts, pipeline);
  const links = openSignInLinks(systemClock, systemRandom);
  const { underlay, saveTopology: save } = options;
  const topology = openTopologyDesk({ store, clock: systemClock, machine: machineSize(), underlay, topology: options.topology, save });
  const readReport = () => store.read((tx) => readStatus(tx, { version: options.version, url: "", topology: topology.current() }, systemClock.now()));
  const people = withConsole(listener, { ...apiParts, pipeline, links }, options);
  const api = createServer(withMetrics(people, readReport, log));
  const forGuests = createServer(listener); // what else the machine is served is not for them
  door.leadTo(forGuests);
  const desk = openHostDesk(store, systemClock, secretKey);
  const acceptUpgrade = upgradesBy({ [serviceUpgrade]: door.accept, [streamProtocol]: (request, socket, head) => answerUpgrade(desk, request, socket, head) });
  const remote = options.listen === undefined ? undefined : await openRemoteDoor({ ...parts, secretKey, dataDirectory, signal }, options.listen, people);
  const open: readonly Server[] = remote === undefined ? [api] : [api, remote.server];
  for (const server of [...open, forGuests]) server.keepAliveTimeout = 65_000;
  const endConnections = serveConnections(open, { ...apiParts, pipeline, streams: desk.streams });
  const port = await listenOnLoopback(api, options.port);
  const url = `http://127.0.0.1:${port}`;
  const remoteUrl = await remote?.listen(port);
  const entrance = options.joining && openHostEntrance({ ...parts, ...options.joining, underlay, dataDirectory, publicPool: options.publicPool, secretKey, desk, acceptUpgrade, signal });
  const makeSignInLink = () => `${url}/console/#sign-in=${links.make(key.account)}`;
  const control = createServer(controlListener({ ...options, store, desk, topology, snapshots, clock: systemClock, url, makeSignInLink, ...(entrance === undefined ? {} : { entrance }) }));
  control.on("upgrade", acceptUpgrade);
  await listenOnSocket(control, join(runDirectory, "control.sock"));
  const serialConsole = await openSerialConsole({ ...apiParts, pipeline, streams: desk.streams, dataDirectory });
  const region = options.topology.regions[0]?.name ?? "us-east-1";
  writeProfile(dataDirectory, { url, region, accessKeyId: key.accessKeyId, secretAccessKey: key.secret, account: key.account, serialConsolePort: serialConsole.port, ...(remoteUrl === undefined ? {} : { remoteUrl }) });

  const jobs = openBlockJobs(log);
  const [imagesDirectory, importDirectory, scratchDirectory] = [join(dataDirectory, "images"), join(dataDirectory, "import"), join(dataDirectory, "control", "scratch")];
  mkdirSync(importDirectory, { recursive: true, mode: 0o700 });
  const moverParts = { ...parts, blocks: snapshots.store, jobs, imagesDirectory, importDirectory, scratchDirectory, simulated: options.simulated };
  const blockMovers = [snapshotCopyReconciler(moverParts), snapshotImportReconciler(moverParts)];
  const reconcilers = [
    instanceReconciler(systemRandom, secretKey),
    volumeReconciler,
    vpcReconciler,
    natGatewayReconciler,
    vpcEndpointReconciler,
    connectEndpointReconciler,
    capacityReservationReconciler,
    snapshotReconciler(store, snapshots.store, jobs),
    blockSweepReconciler(snapshots.store, log),
    imageTaskReconciler,
    auditReconciler,
    ...blockMovers,
  ];
  watchHosts(parts, signal);
  const loop = runLoop({ ...parts, reconcilers }, signal);
  const closed = loop.finally(async () => {
    await entrance?.close();
    await endConnections();
    desk.close();
    door.close();
    await serialConsole.close();
    await jobs.close();
    for (const server of [...open, control]) server.closeAllConnections();
    await Promise.all([...open, control].map((server) => new Promise((resolve) => server.close(resolve))));
    await audit.flush();
    await forgetHosts(store);
    await snapshots.writers.close();
    await store[Symbol.asyncDispose]();
  });
  return { url, closed, store, desk, topology, snapshots: snapshots.store };
}

async function prepare(tx: Tx, { dataDirectory, topology, publicPool, ipv6Pool }: ControlPlaneOptions) {
  const now = systemClock.now();
  await syncTopology(tx, topology, now);
  for (const [name, value] of [["public_pool", publicPool], ["ipv6_pool", ipv6Pool]] as const) {
    await tx.db
      .insertInto("settings")
      .values({ name, value })
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
      .execute();
  }
  const secret = { name: "page_secret", value: randomHex(systemRandom, 32) };
  await tx.db.insertInto("settings").values(secret).onConflict((conflict) => conflict.doNothing()).execute();
  const row = await tx.db.selectFrom("settings").select("value").where("name", "=", "page_secret").executeTakeFirstOrThrow();
  const secretKey = await ensureSecretKey(tx, join(dataDirectory, "control", "secret.key"), systemRandom);
  return { pageSecret: Buffer.from(row.value, "hex"), secretKey, key: await ensureFirstAccount(tx, secretKey, systemRandom, now) };
}

/** The next start must hear every host anew before it counts as there; after a crash the hosts still run, so they count as heard. */
async function forgetHosts(store: Store): Promise<void> {
  await store.write((tx) => tx.db.updateTable("hosts").set({ heard_at: null }).execute());
}

/** An image that somebody tried to launch before it was built is built now, in a process of its own. */
function buildWantedImages(store: Store, { dataDirectory, runDirectory, simulated, log }: ControlPlaneOptions): void {
  if (simulated) return;
  const build = async (): Promise<void> => {
    const wanted = await store.read((tx) =>
      tx.db.selectFrom("images").select("local_name").distinct().where("wanted", "=", 1).where("state", "=", "pending").execute(),
    );
    for (const { local_name: name } of wanted) if (name !== null) launchImageBuild(name, { dataDirectory, runDirectory });
  };
  const start = () => build().catch((thrown: unknown) => log.error("a wanted image cannot be built", { error: thrown }));
  store.onTouched((topics) => topics.has("images") && start());
  start();
}

async function listenOnLoopback(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port; // a listening TCP server has one
}

/** A socket file that a dead control plane left behind is in nobody's use: the process's lock keeps a second one from coming here. */
async function listenOnSocket(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
}

function writeProfile(dataDirectory: string, profile: object): void {
  const file = profileFile(dataDirectory);
  writeFileSync(`${file}.new`, `${JSON.stringify(profile, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
