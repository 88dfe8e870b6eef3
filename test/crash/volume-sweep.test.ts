/** A volume's life, swept: made, attached, grown, taken away, forced away from one guest and given to another, removed. */
import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { applyAttachment, planAttachment } from "../../src/compute/attach-volume.ts";
import { applyDetachment, planDetachment } from "../../src/compute/detach-volume.ts";
import { listAttachments } from "../../src/storage/volume-attachment.ts";
import { planVolume } from "../../src/storage/volume-creation.ts";
import { planModification, startModification } from "../../src/storage/volume-modification.ts";
import { createVolume, deleteVolume } from "../../src/storage/volume.ts";
import type { Tx } from "../../src/store/store.ts";
import type { VolumeRow } from "../../src/store/storage-tables.ts";
import { start, stop, terminate } from "./acts.ts";
import { clock, ignoreWrongState, launchOne, owner, store, sweep, up, type Act, type Script } from "./sweep.ts";

const create: Act = () =>
  store.write(async (tx) => {
    await createVolume(tx, await planVolume(tx, owner, { Size: 1, AvailabilityZone: "us-east-1a" }), systemRandom, clock.now());
  });

/** What the script does with its one volume that no launch made. */
function withData(act: (tx: Tx, volume: VolumeRow) => Promise<unknown>): Promise<void> {
  return ignoreWrongState(
    store.write(async (tx) => {
      const volume = await tx.db.selectFrom("volumes").selectAll().where("source_file", "is", null).executeTakeFirst();
      if (volume !== undefined) await act(tx, volume);
    }),
  );
}

const attachTo = (instance: string) =>
  withData(async (tx, volume) => applyAttachment(tx, await planAttachment(tx, owner, { VolumeId: volume.id, InstanceId: instance, Device: "/dev/sdf" }), systemRandom, clock.now()));
const attach: Act = (id) => attachTo(id);
const takeAway = (force: boolean): Act => () => withData(async (tx, volume) => applyDetachment(tx, await planDetachment(tx, owner, { VolumeId: volume.id }), force, clock.now()));
const detach = takeAway(false);
const force = takeAway(true);
const grow: Act = () =>
  withData(async (tx, volume) => {
    const asked = { sizeGib: volume.size_gib + 1, type: "gp3", iops: undefined, throughput: undefined, multiAttach: undefined };
    await startModification(tx, volume, await planModification(tx, volume, await listAttachments(tx, { volume: volume.id }), asked, clock.now()), systemRandom, clock.now());
  });
const remove: Act = () => withData((tx, volume) => deleteVolume(tx, volume, clock.now()));
const holdOn: Act = (_id, hosts) => hosts.forEach((host) => host.holdVolumes());
const launchSecond: Act = async (_id, hosts) => void (await launchOne(hosts));
const attachToSecond: Act = async (id) => {
  const second = await store.read((tx) => tx.db.selectFrom("instances").select("id").where("id", "!=", id).executeTakeFirstOrThrow());
  await attachTo(second.id);
};

/** These scripts have hundreds of commits each; a kill at every one of them would take most of an hour. */
const moments = 48;

const with2 = { ...up, volumes: 2, attached: 2, plugged: 2 };
const scripts: Readonly<Record<string, Script>> = {
  "a volume's whole life": { act: create, then: [attach, grow, detach, remove], end: up },
  "an attachment": { before: [create], act: attach, end: with2 },
  "an attachment and a stop": { before: [create], act: attach, then: [stop], end: { ...with2, state: "stopped", running: 0, reserved: 0, plugged: 0 } },
  "a detachment, a stop and a start": { before: [create, attach], act: detach, then: [stop, start], end: { ...up, volumes: 2 } },
  "a stop while the guest holds on to what it should give back": { before: [create, attach, holdOn, detach], act: stop, end: { ...up, state: "stopped", running: 0, reserved: 0, volumes: 2, plugged: 0 } },
  "a termination of what holds a volume that is to stay": { before: [create, attach], act: terminate, end: { ...up, state: "terminated", running: 0, reserved: 0, interfaces: 0, attached: 0, plugged: 0 } },
  "a volume that is forced away from one guest and given to another": {
    before: [create, attach, launchSecond, holdOn, detach],
    act: force,
    then: [attachToSecond],
    end: { ...up, running: 2, volumes: 3, plugged: 2 },
  },
};

describe.each(Object.entries(scripts))("%s", (_name, script) => {
  test("converges wherever it is killed, at moments spread over all of it", async () => {
    expect(await sweep(script, moments)).toBeGreaterThan(50);
  });
});
