/** Snapshots and images of a running instance, swept: taken, deleted, and made of a guest that goes down for it. */
import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { createImage, planCreation } from "../../src/compute/create-image.ts";
import { deleteAssociatedSnapshots, deregisterImage } from "../../src/compute/deregister-image.ts";
import { requireSnapshotable, snapshotVolumes } from "../../src/storage/snapshot-creation.ts";
import { deleteSnapshot } from "../../src/storage/snapshot-removal.ts";
import { listAttachedVolumes } from "../../src/storage/volume-attachment.ts";
import { stop } from "./acts.ts";
import { change, clock, ignoreWrongState, store, sweep, up, type Act, type Script } from "./sweep.ts";

const takeSnapshot: Act = (id) =>
  ignoreWrongState(
    change(id, async (tx, row) => {
      const volumes = (await listAttachedVolumes(tx, row.id)).map(({ volume }) => volume);
      await requireSnapshotable(tx, volumes, clock.now());
      await snapshotVolumes(tx, volumes, { description: "" }, systemRandom, clock.now());
    }),
  );
const dropSnapshots: Act = () =>
  store.write(async (tx) => {
    const rows = await tx.db.selectFrom("snapshots").selectAll().where("origin", "=", "volume").where("want", "=", "present").execute();
    for (const row of rows) await deleteSnapshot(tx, row, clock.now());
  });
const makeImage = (noReboot: boolean): Act => (id) =>
  ignoreWrongState(
    change(id, async (tx, row) => {
      const input = { InstanceId: row.id, Name: "made", NoReboot: noReboot };
      await createImage(tx, await planCreation(tx, row, input, clock.now()), systemRandom, clock.now());
    }),
  );
const dropImage: Act = () =>
  store.write(async (tx) => {
    const made = tx.db.selectFrom("images").selectAll().where("local_name", "is", null).where("image_type", "=", "machine");
    for (const image of await made.where("deregistered_at", "is", null).execute()) {
      await deregisterImage(tx, image, clock.now());
      await deleteAssociatedSnapshots(tx, image, clock.now());
    }
  });

/** The launch is swept elsewhere: here everything begins with an instance that runs. */
const rest: Act = () => undefined;

const withImage = { ...up, made: "image available, snapshot present completed" };
const scripts: Readonly<Record<string, Script>> = {
  "a snapshot": { before: [rest], act: takeSnapshot, end: { ...up, made: "snapshot present completed" } },
  "a snapshot that is deleted while it is taken": { before: [rest, takeSnapshot], act: dropSnapshots, end: up },
  "an image": { before: [rest], act: makeImage(true), end: withImage },
  "an image of a guest that goes down for it": { before: [rest], act: makeImage(false), end: withImage },
  "a stop while an image is made": { before: [rest, makeImage(false)], act: stop, end: { ...withImage, state: "stopped", running: 0, reserved: 0, plugged: 0 } },
  "an image that is deregistered with its snapshots": { before: [rest], act: makeImage(false), then: [dropImage], end: { ...up, made: "image available" } },
};

/** How many of a script's two or three hundred moments are played. */
const moments = 48;

describe.each(Object.entries(scripts))("%s", (_name, script) => {
  test("converges wherever it is killed, at moments spread over all of it", async () => {
    expect(await sweep(script, moments)).toBeGreaterThan(50);
  });
});
