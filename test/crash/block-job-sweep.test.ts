/**
 * Copies and imports of snapshots, swept: the control plane dies before and after every read and commit of its database and every effect on the block stores, and what
 * the user does meanwhile comes at each of those moments too. In the end rows and files must tell the same, and no block may be kept that nobody has.
 */
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import type { SnapshotId } from "../../src/base/ids.ts";
import { systemRandom } from "../../src/base/random.ts";
import { blockSize, openBlockStore, type BlockStore } from "../../src/block-store/block-store.ts";
import { blockOf, closingStore, readSnapshot, sealSnapshot } from "../../src/block-store/testing/scratch-store.ts";
import { openBlockJobs, type BlockJobs } from "../../src/reconcile/block-jobs.ts";
import { runRound, type LoopParts } from "../../src/reconcile/loop.ts";
import { snapshotCopyReconciler } from "../../src/reconcile/snapshot-copy-reconciler.ts";
import { snapshotImportReconciler } from "../../src/reconcile/snapshot-import-reconciler.ts";
import { snapshotReconciler } from "../../src/reconcile/snapshot-reconciler.ts";
import { readSnapshotKey } from "../../src/storage/direct-snapshot.ts";
import { copySnapshot, planCopy } from "../../src/storage/snapshot-copies.ts";
import { cancelImport, createImportTask, planImport } from "../../src/storage/snapshot-import.ts";
import { deleteSnapshot } from "../../src/storage/snapshot-removal.ts";
import { createSnapshotRow } from "../../src/storage/snapshot.ts";
import { nextDueAt } from "../../src/store/due.ts";
import type { Store } from "../../src/store/store.ts";
import { openPatientStore } from "./patient-store.ts";

const [near, far] = ["us-east-1", "eu-west-1"] as const;
const account = "111122223333";
const content = { 0: "one;", 1: "two;", 3: "three;", 4: "one;", 9: "four;", 200: "five;" };

const clock = manualClock();
const store = await openPatientStore();
const folder = mkdtempSync(join(tmpdir(), "hostelry-block-jobs-"));
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
writeFileSync(join(folder, "disk.raw"), "");
truncateSync(join(folder, "disk.raw"), 2 ** 30);
for (const [index, text] of Object.entries(content)) writeAt(join(folder, "disk.raw"), Number(index) * blockSize, blockOf(text));
writeFileSync(join(folder, "text.vmdk"), "this is no disk");
// A disk that looks whole until its content is read.
const damaged = join(folder, "damaged.vmdk");
execFileSync("qemu-img", ["convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", join(folder, "disk.raw"), damaged]);
writeAt(damaged, 200_000, Buffer.alloc(statSync(damaged).size - 200_000, 0xff));

function writeAt(file: string, position: number, data: Buffer): void {
  const handle = openSync(file, "r+");
  writeSync(handle, data, 0, data.length, position);
  closeSync(handle);
}

/** What a play works on: empty block stores of both regions, which outlive every kill. */
interface Play {
  readonly blocks: (region: string) => BlockStore;
  /** The same, told of every effect. */
  readonly witnessed: (witness: () => Promise<void>) => (region: string) => BlockStore;
  /** Lets go of what processes had open that died. */
  close(): Promise<unknown>;
}

interface Script {
  /** What is asked for at first. */
  readonly begin: (play: Play) => Promise<void>;
  /** What the user does at some moment; false: it was too late and has no effect. */
  readonly act?: () => Promise<boolean>;
  /** Without the act, and with it. */
  readonly ends: readonly [unknown, unknown?];
}

let plays = 0;

function newPlay(): Play {
  const directory = join(folder, String(plays++));
  const opened: ReturnType<typeof closingStore>[] = [];
  return {
    blocks: (region) => openBlockStore(join(directory, region)),
    witnessed: (witness) => (region) => {
      const closing = closingStore(openBlockStore(join(directory, region), { witness }));
      opened.push(closing);
      return closing.store;
    },
    close: () => Promise.all(opened.map((closing) => closing.closeWriters())),
  };
}

interface Moments {
  readonly killAt: number | undefined;
  readonly actAt: number | undefined;
}

/** Plays the script to its end, and returns that and how many moments there were. */
async function play(script: Script, { killAt, actAt }: Moments): Promise<{ readonly end: unknown; readonly acted: boolean; readonly ticks: number }> {
  const scene = newPlay();
  let [ticks, acted] = [0, false];
  await script.begin(scene);
  for (let life = 0, goesOn = true; goesOn; life++) {
    if (life > 2) throw new Error("the play does not end");
    const killed = Promise.withResolvers<"killed">();
    let isDead = false;
    const tick = async (): Promise<void> => {
      if (isDead) return forEver();
      ticks++;
      if (ticks === actAt && !acted) {
        acted = (await script.act?.()) ?? false;
        await looks();
      }
      if (ticks !== killAt) return;
      isDead = true;
      killed.resolve("killed");
      return forEver();
    };
    const { work, looks } = openLife(killable(store, tick), scene.witnessed(tick));
    goesOn = (await Promise.race([work(), killed.promise])) === "killed";
    if (goesOn) await stillness();
  }
  if (!acted && script.act !== undefined) {
    acted = await script.act();
    await openLife(store, scene.blocks).work();
  }
  const end = await look(scene);
  await Promise.all([forget(), scene.close()]);
  return { end, acted, ticks };
}

function forEver(): Promise<never> {
  return new Promise(() => undefined);
}

/** A dead process does nothing more; this one has yet to end what it has in the hands of the system. */
async function stillness(): Promise<void> {
  do await setImmediate();
  while (process.getActiveResourcesInfo().some((resource) => /^(FS|CloseReq|ProcessWrap)/.test(resource)));
}

/** A store whose process dies where `tick` says so: before or after it has read or written something. */
function killable(real: Store, tick: () => Promise<void>): Store {
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    await tick();
    const result = await work();
    await tick();
    return result;
  };
  return { ...real, read: (fn) => around(() => real.read(fn)), write: (fn, urgency) => around(() => real.write(fn, urgency)) };
}

/**
 * A control plane: `work` goes on until nothing is due and no blocks are moved, `looks` looks once at what is due now. It never scans: what is due must be enough.
 */
function openLife(through: Store, blocks: (region: string) => BlockStore): { work(): Promise<"done">; looks(): Promise<number> } {
  const underWay = new Set<Promise<void>>();
  const real = openBlockJobs(silentLog);
  const jobs: BlockJobs = {
    ...real,
    start: (key, job) =>
      real.start(key, (signal) => {
        const end = job(signal).finally(() => underWay.delete(end));
        underWay.add(end);
        return end;
      }),
  };
  const movers = { store: through, blocks, jobs, clock, random: systemRandom, imagesDirectory: folder, importDirectory: folder, scratchDirectory: join(folder, "scratch"), simulated: false };
  const reconcilers = [snapshotCopyReconciler(movers), snapshotImportReconciler(movers), snapshotReconciler(through, blocks, jobs)];
  const parts: LoopParts = { store: through, clock, log: silentLog, reconcilers };
  const work = async (): Promise<"done"> => {
    for (let rounds = 0; rounds < 100; rounds++) {
      if ((await runRound(parts)) > 0) continue;
      if (underWay.size > 0) await Promise.race([...underWay].map((end) => end.catch(() => undefined)));
      else if ((await store.read(nextDueAt)) === undefined) return "done";
      else clock.advance(61_000);
    }
    throw new Error("the control plane does not come to rest");
  };
  return { work, looks: () => runRound({ ...parts, store }) };
}

/** Every snapshot and import with its state; of both regions the content of what is complete, what is unfinished, and blocks that nobody has after a sweep. */
async function look({ blocks }: Play): Promise<unknown> {
  const { rows, tasks, keys } = await store.read(async (tx) => {
    const all = await tx.db.selectFrom("snapshots").selectAll().execute();
    const found = await tx.db.selectFrom("import_tasks").select(["state", "snapshot_id"]).execute();
    return { rows: all, tasks: found, keys: new Map(await Promise.all(all.map(async (row) => [row.id, await readSnapshotKey(tx, row)] as const))) };
  });
  const name = (id: string) => rows.find((row) => row.id === id)?.origin ?? "nobody's";
  const files = await Promise.all(
    [near, far].map(async (region) => {
      const there = blocks(region);
      await there.sweep(clock.now());
      const whole: Record<string, unknown> = {};
      for (const id of await there.listSnapshots()) whole[name(id)] = await readSnapshot(there, id, keys.get(id as SnapshotId)); // keys are ids
      let unnamed = 0;
      for await (const block of there.listBlocks()) if (!block.named) unnamed++;
      // A journal beside its manifest names the same blocks, and goes with it.
      const unfinished = (await there.listJournals()).map(name).filter((origin) => !(origin in whole));
      return { whole, unfinished, unnamed };
    }),
  );
  return { rows: rows.map((row) => `${row.origin} ${row.want} ${row.observed_state}`).toSorted(), tasks: tasks.map((task) => task.state), files };
}

async function forget(): Promise<void> {
  await store.write(async (tx) => {
    for (const table of ["snapshots", "import_tasks", "due", "kms_keys"] as const) await tx.db.deleteFrom(table).execute();
  });
}

/** A completed snapshot in the near region. */
async function seedSource({ blocks }: Play): Promise<SnapshotId> {
  const columns = { account, region: near, origin: "direct", volume_size_gib: 1, observed_state: "completed", observed_percent: 100 } as const; // keeps the literals
  const { id } = await store.write((tx) => createSnapshotRow(tx, columns, systemRandom, clock.now()));
  await sealSnapshot(blocks(near), id, content);
  return id;
}

const copyTo = (region: string, encrypted: boolean) => async (scene: Play): Promise<void> => {
  const source = await seedSource(scene);
  await orderCopy(source, region, encrypted);
};

function orderCopy(source: SnapshotId, region: string, encrypted: boolean): Promise<unknown> {
  return store.write(async (tx) => {
    const plan = await planCopy(tx, { account, region }, { account, region: near }, source, { encrypted, kmsKey: undefined });
    return copySnapshot(tx, plan, { description: "" }, systemRandom, clock.now());
  });
}

async function copyOfFile(): Promise<void> {
  const columns = { account, region: near, origin: "file", source_file: "disk.raw", volume_size_gib: 1, observed_state: "completed" } as const; // as above
  const { id } = await store.write((tx) => createSnapshotRow(tx, columns, systemRandom, clock.now()));
  await orderCopy(id, near, false);
}

const importOf = (Url: string, Format: string) => async (): Promise<void> => {
  await store.write(async (tx) => {
    const plan = await planImport(tx, { account, region: near }, { Format, Url }, { description: "", encrypted: undefined, kmsKey: undefined });
    await createImportTask(tx, plan, systemRandom, clock.now());
  });
};

const remove = (origin: "copy" | "direct") => (): Promise<boolean> =>
  store.write(async (tx) => {
    const row = await tx.db.selectFrom("snapshots").selectAll().where("origin", "=", origin).executeTakeFirstOrThrow();
    await deleteSnapshot(tx, row, clock.now());
    return true;
  });

const cancel = (): Promise<boolean> =>
  store.write(async (tx) => {
    const task = await tx.db.selectFrom("import_tasks").selectAll().executeTakeFirstOrThrow();
    if (task.state === "active") await cancelImport(tx, task, "no more", clock.now());
    return task.state === "active";
  });

const nothing = { whole: {}, unfinished: [], unnamed: 0 };
const source = { ...nothing, whole: { direct: content } };
const onlySource = { rows: ["direct present completed"], tasks: [], files: [source, nothing] };
const both = ["copy present completed", "direct present completed"];
const copied = { rows: both, tasks: [], files: [source, { ...nothing, whole: { copy: content } }] };
const copiedNear = { ...copied, files: [{ ...nothing, whole: { copy: content, direct: content } }, nothing] };
const imported = { rows: ["import present completed"], tasks: ["completed"], files: [{ ...nothing, whole: { import: content } }, nothing] };
const notImported = { rows: [], tasks: ["deleted"], files: [nothing, nothing] };

const scripts: Readonly<Record<string, Script>> = {
  "a copy in the region": { begin: copyTo(near, false), ends: [copiedNear] },
  "a copy in another region": { begin: copyTo(far, false), ends: [copied] },
  "a copy under another key": { begin: copyTo(near, true), ends: [copiedNear] },
  "a copy of an image's file": {
    begin: copyOfFile,
    ends: [{ rows: ["copy present completed", "file present completed"], tasks: [], files: [{ ...nothing, whole: { copy: content } }, nothing] }],
  },
  "a copy in the region that is deleted": { begin: copyTo(near, false), act: remove("copy"), ends: [copiedNear, onlySource] },
  "a copy in another region that is deleted": { begin: copyTo(far, false), act: remove("copy"), ends: [copied, onlySource] },
  "a copy whose source is deleted": {
    begin: copyTo(far, false),
    act: remove("direct"),
    ends: [copied, { rows: ["copy present completed"], tasks: [], files: [nothing, { ...nothing, whole: { copy: content } }] }],
  },
  "an import": { begin: importOf("file:///disk.raw", "RAW"), ends: [imported] },
  "an import that is cancelled": { begin: importOf("file:///disk.raw", "RAW"), act: cancel, ends: [imported, notImported] },
  "an import of what is no disk": { begin: importOf("file:///text.vmdk", "VMDK"), ends: [notImported] },
  "an import of a damaged disk": { begin: importOf("file:///damaged.vmdk", "VMDK"), ends: [notImported] },
};

describe.each(Object.entries(scripts))("%s", (_name, script) => {
  test("converges wherever it is killed, and whenever the user acts", async () => {
    const { ticks } = await play(script, { killAt: undefined, actAt: undefined });
    expect(ticks).toBeGreaterThan(10);
    for (let moment = 1; moment <= ticks + 4; moment++) {
      const acts = script.act === undefined ? [] : [{ killAt: undefined, actAt: moment }, { killAt: moment, actAt: moment }];
      for (const moments of [{ killAt: moment, actAt: undefined }, ...acts]) {
        const { end, acted } = await play(script, moments);
        expect(end, JSON.stringify(moments)).toEqual(script.ends[acted ? 1 : 0]);
      }
    }
  });
});
