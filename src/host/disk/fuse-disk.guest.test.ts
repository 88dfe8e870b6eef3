import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { VolumeId } from "../../base/ids.ts";
import { silentLog } from "../../base/log.ts";
import { engineUser } from "../agent/confinement.ts";
import { diskOf, machineId, volumeOf } from "../agent/testing/specifications.ts";
import { sendSignal } from "../send-signal.ts";
import { endDaemons, findDaemons } from "./daemon-process.ts";
import { detachFuseDisk } from "./fuse-disk.ts";
import { hostDisks } from "./host-disks.ts";
import type { DiskUser } from "./machine-disks.ts";
import { openVolumeStore } from "./volume-store.ts";
import type { Volumes } from "./volumes.ts";

const run = promisify(execFile);
const volume: VolumeId = "vol-0aaaaaaaaaaaaaaa2";
const port = 23872;
const specification = volumeOf({ id: volume, port, exportNames: [`${volume}.a`] });
const disk = diskOf(volume, { endpoint: { address: "127.0.0.1", port, exportName: `${volume}.a` } });
const signal = new AbortController().signal;
const user = engineUser(machineId, true) ?? { uid: 0, gid: 0 };

let directory: string;
let volumes: Volumes;
let machine: DiskUser;

beforeEach(async () => {
  directory = await mkdtemp("/tmp/hostelry-fuse-");
  await chmod(directory, 0o711);
  volumes = openVolumeStore({ volumesDirectory: join(directory, "volumes"), runDirectory: join(directory, "run"), socketsDirectory: join(directory, "run", "sockets"), imagesDirectory: directory, address: "127.0.0.1", snapshotsDirectory: directory, log: silentLog, userOf: (id) => engineUser(id) });
  await volumes.ensureData(specification);
  await volumes.ensure(specification);
  machine = { id: machineId, readsFiles: true, disksDirectory: join(directory, "m.disks"), dataDirectory: join(directory, "m"), user };
});

afterEach(async () => {
  await detachFuseDisk({ directory: machine.disksDirectory, volume });
  volumes.release();
  await endDaemons(directory, 0);
  await rm(directory, { recursive: true, force: true });
});

async function attach(): Promise<string> {
  const source = await hostDisks(join(directory, "run", "sockets")).attach(machine, disk, signal);
  if (source.kind !== "file") throw new Error("a paravirtual guest needs a file");
  return source.path;
}

/** Runs a shell command as the guest's unprivileged user, as its engine would. */
async function asGuest(command: string): Promise<string> {
  const { stdout } = await run("setpriv", [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups", "sh", "-c", command]);
  return stdout;
}

const mounts = async () => (await readFile("/proc/self/mountinfo", "utf8")).split("\n").filter((line) => line.includes(directory));

describe("a volume as a file", () => {
  it("is read and written by the guest's unprivileged user and by nobody else", async () => {
    const path = await attach();
    expect((await stat(path)).size).toBe(2 ** 30);
    await asGuest(`echo hostelry | dd of=${path} conv=notrunc,fsync 2>/dev/null`);
    expect(await asGuest(`head -c 8 ${path}`)).toBe("hostelry");
    await expect(run("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "head", "-c", "8", path])).rejects.toThrow("Permission denied");
  });

  it("keeps its data over detaching and attaching again", async () => {
    const path = await attach();
    await asGuest(`echo kept | dd of=${path} conv=notrunc,fsync 2>/dev/null`);
    await hostDisks(join(directory, "run", "sockets")).detach(machine, volume);
    expect(await asGuest(`head -c 4 ${await attach()}`)).toBe("kept");
  });

  it("is the same file to an agent that attaches it again", async () => {
    await attach();
    const before = await findDaemons(join(machine.disksDirectory, volume));
    await attach();
    expect(await findDaemons(join(machine.disksDirectory, volume))).toEqual(before);
  });

  it("is made anew when its daemon was killed, and leaves no mount, process or file when detached", async () => {
    await attach();
    for (const { pid } of await findDaemons(join(machine.disksDirectory, volume))) sendSignal(pid, "SIGKILL");
    const path = await attach();
    expect(await asGuest(`head -c 4 ${path} | wc -c`)).toBe("4\n");
    await hostDisks(join(directory, "run", "sockets")).detach(machine, volume);
    expect([await mounts(), await findDaemons(join(machine.disksDirectory, volume)), await readdir(directory)]).toEqual([[], [], ["run", "volumes"]]);
  });

  it("waits for a storage node that restarts, and loses nothing", async () => {
    const path = await attach();
    await asGuest(`echo before | dd of=${path} conv=notrunc,fsync 2>/dev/null`);
    await volumes.endAllExports();
    const reading = asGuest(`dd if=${path} bs=4096 count=1 iflag=direct 2>/dev/null | head -c 6`);
    await volumes.ensure(specification);
    expect(await reading).toBe("before");
  });

  it("is attached in well under a second", async () => {
    const startedAt = performance.now();
    await attach();
    process.stdout.write(`volume attached as a file in ${Math.round(performance.now() - startedAt)} ms\n`);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });
});
