import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { VolumeId } from "../../base/ids.ts";
import { silentLog } from "../../base/log.ts";
import { engineUser } from "../agent/confinement.ts";
import { volumeOf } from "../agent/testing/specifications.ts";
import type { VolumeSpecification } from "../protocol/specification.ts";
import { sendSignal } from "../send-signal.ts";
import { endDaemons, findDaemons } from "./daemon-process.ts";
import { probeExport } from "./nbd-probe.ts";
import { Writer } from "./testing/storage-node.ts";
import { openVolumeStore } from "./volume-store.ts";
import type { Volumes } from "./volumes.ts";

const run = promisify(execFile);
const id: VolumeId = "vol-0aaaaaaaaaaaaaaa1";
const port = 23871;
const mebibyte = 2 ** 20;

/** A storage daemon as in a container that forbids `io_uring_setup` (call 425 of x86-64), by a filter of system calls that it is started with. */
const withoutRings = `#!/usr/bin/perl
my $filter = join "", map { pack "S C C L", @$_ } [0x20, 0, 0, 0], [0x15, 0, 1, 425], [0x06, 0, 0, 0x50001], [0x06, 0, 0, 0x7fff0000];
syscall(157, 38, 1, 0, 0, 0);
syscall(157, 22, 2, pack("S x6 P", 4, $filter)) == 0 or die "no filter: $!";
exec "/usr/bin/qemu-storage-daemon", @ARGV;
`;

/** What a killed daemon still has while its threads end: QEMU's locks on a file (bytes from 100 on, by an open file's own lock), and the port. */
const fileHolder = `open F, "+<", shift; my $lock = pack "s s x4 q q l x4", 0, 0, 100, 300, 0; fcntl(F, 37, $lock) or die "no lock: $!"; $| = 1; print "held"; sleep 1`;
const portHolder = `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => shift, Listen => 1, ReuseAddr => 1) or die "no port: $!"; $| = 1; print "held"; sleep 1`;

let directory: string;
let volumes: Volumes;

function open(): Volumes {
  return openVolumeStore({
    volumesDirectory: join(directory, "volumes"),
    runDirectory: join(directory, "run"),
    socketsDirectory: join(directory, "sockets"),
    imagesDirectory: join(directory, "images"),
    snapshotsDirectory: join(directory, "snapshots"),
    log: silentLog,
    address: "127.0.0.1",
    userOf: (volume) => engineUser(volume),
  });
}

const specificationOf = (change: Partial<VolumeSpecification>) => volumeOf({ id, port, ...change });
const urlOf = (exportName: string) => `nbd://127.0.0.1:${port}/${exportName}`;
const io = (exportName: string, ...commands: string[]) =>
  run("qemu-io", ["-f", "raw", ...commands.flatMap((command) => ["-c", command]), urlOf(exportName)]).then(({ stdout, stderr }) => stdout + stderr);
const daemons = () => findDaemons(join(directory, "run", id));

beforeEach(async () => {
  directory = await mkdtemp("/tmp/hostelry-volumes-");
  await run("chmod", ["711", directory]);
  await mkdir(join(directory, "images"));
  await run("qemu-img", ["create", "-q", "-f", "qcow2", join(directory, "images", "base.qcow2"), "64M"]);
  await run("qemu-io", ["-f", "qcow2", "-c", "write -P 0x11 0 1M", join(directory, "images", "base.qcow2")]);
  volumes = open();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  volumes.release();
  await endDaemons(directory, 0);
  await rm(directory, { recursive: true, force: true });
});

describe("a volume", () => {
  it("begins with its image's content, has its own size, and leaves the image as it was", async () => {
    const specification = specificationOf({ source: { kind: "file", file: "base.qcow2" }, exportNames: [`${id}.a`] });
    await volumes.ensureData(specification);
    await volumes.ensure(specification);
    const { stdout } = await run("qemu-img", ["info", "--output=json", urlOf(`${id}.a`)]);
    expect(JSON.parse(stdout)).toMatchObject({ "virtual-size": 2 ** 30 });
    expect(await io(`${id}.a`, "read -P 0x11 0 1M", "write -P 0x22 0 1M", "read -P 0x22 0 1M", "read -P 0 900M 1M")).not.toContain("failed");
    expect((await run("qemu-io", ["-f", "qcow2", "-r", "-c", "read -P 0x11 0 1M", join(directory, "images", "base.qcow2")])).stdout).not.toContain("failed");
  });

  it("is refused when it is smaller than its image", async () => {
    await run("qemu-img", ["create", "-q", "-f", "raw", join(directory, "images", "large.raw"), "2G"]);
    await expect(volumes.ensureData(specificationOf({ source: { kind: "file", file: "large.raw" } }))).rejects.toThrow("smaller than its image");
    expect(await volumes.exists(id)).toBe(false);
  });

  it("is served where the kernel gives its daemon no ring for its files", async () => {
    await writeFile(join(directory, "qemu-storage-daemon"), withoutRings, { mode: 0o755 });
    vi.stubEnv("PATH", `${directory}:${process.env["PATH"]}`);
    const specification = specificationOf({ source: { kind: "file", file: "base.qcow2" }, exportNames: ["a"] });
    await volumes.ensureData(specification);
    await volumes.ensure(specification);
    expect(await io("a", "read -P 0x11 0 1M", "write -P 0x22 0 1M", "read -P 0x22 0 1M")).not.toContain("failed");
    const [{ pid } = { pid: 0 }] = await daemons();
    expect(await readFile(`/proc/${pid}/status`, "utf8")).toMatch(/^Seccomp:\s+2$/m);
  });

  it("keeps what was flushed when its daemon is killed, and is served again", async () => {
    const specification = specificationOf({ exportNames: [`${id}.a`] });
    await volumes.ensureData(specification);
    await volumes.ensure(specification);
    await io(`${id}.a`, "write -P 0x33 0 1M", "flush");
    const ended = new Promise((resolve) => volumes.onChange(resolve));
    for (const { pid } of await daemons()) sendSignal(pid, "SIGKILL");
    expect(await ended).toBe(id);
    await volumes.ensure(specification);
    expect(await io(`${id}.a`, "read -P 0x33 0 1M")).not.toContain("failed");
  });

  it("has its reference counts in order again when its daemon was killed before it wrote them", async () => {
    const file = join(directory, "volumes", `${id}.0.qcow2`);
    const check = () => run("qemu-img", ["check", file]).then(({ stdout }) => stdout, (thrown: { stdout: string }) => thrown.stdout);
    const specification = specificationOf({ exportNames: ["a"] });
    await volumes.ensureData(specification);
    await volumes.ensure(specification);
    await io("a", "write -P 0x77 0 4M");
    const ended = new Promise((resolve) => volumes.onChange(resolve));
    for (const { pid } of await daemons()) sendSignal(pid, "SIGKILL");
    await ended;
    expect(await check()).toMatch(/^\d+ errors were found/m);
    await volumes.ensure(specification);
    expect(await io("a", "read -P 0x77 0 4M", "write -P 0x78 8M 4M", "read -P 0x77 0 4M", "read -P 0x78 8M 4M")).not.toContain("failed");
    await volumes.ensure(specificationOf({}));
    expect(await check()).toContain("No errors were found");
  });

  it("keeps a write that was answered and not flushed when its daemon is killed: the client's next flush speaks for it", async () => {
    const specification = specificationOf({ exportNames: ["a"] });
    await volumes.ensureData(specification);
    await volumes.ensure(specification);
    const writer = new Writer(port, "a");
    writer.write("write -P 0x44 0 16k");
    writer.write("read 0 512"); // qemu-io comes to a line when the next one is there
    await expect.poll(() => writer.written).toBe(1);
    const ended = new Promise((resolve) => volumes.onChange(resolve));
    for (const { pid } of await daemons()) sendSignal(pid, "SIGKILL");
    await ended;
    await volumes.ensure(specification);
    writer.finish("write -P 0x55 16k 48k", "flush");
    expect(await writer.ended).toBe(0);
    expect(await io("a", "read -P 0x44 0 16k", "read -P 0x55 16k 48k")).not.toContain("failed");
  });

  it.each([
    ["files", () => [fileHolder, join(directory, "volumes", `${id}.0.qcow2`)]],
    ["port", () => [portHolder, `127.0.0.1:${port}`]],
  ])("is served where the daemon before it holds its %s a moment longer", async (_, toArguments) => {
    const specification = specificationOf({ exportNames: ["a"] });
    await volumes.ensureData(specification);
    const holder = spawn("perl", ["-e", ...toArguments()], { stdio: ["ignore", "pipe", "inherit"] });
    await once(holder.stdout, "readable");
    expect(String(holder.stdout.read())).toBe("held");
    await volumes.ensure(specification);
    expect(await io("a", "write 0 64k")).not.toContain("failed");
  });

  it("is adopted by a later agent without a break, and never served twice", async () => {
    const specification = specificationOf({ exportNames: [`${id}.a`] });
    await volumes.ensureData(specification);
    await volumes.ensure(specification);
    const before = await daemons();
    volumes.release();
    volumes = open();
    await volumes.ensure(specification);
    expect((await daemons()).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid));
  });

  it("is taken from a client that is still connected when its export's name changes", async () => {
    await volumes.ensureData(specificationOf({}));
    await volumes.ensure(specificationOf({ exportNames: [`${id}.old`] }));
    const holder = spawn("qemu-io", ["-f", "raw", urlOf(`${id}.old`)], { stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    holder.stdout.on("data", (text) => (said += String(text)));
    holder.stderr.on("data", (text) => (said += String(text)));
    const saidSo = async (text: string | RegExp) => {
      await expect.poll(() => said).toMatch(text);
    };
    try {
      holder.stdin.write("write -P 0x44 0 1M\n");
      await saidSo("wrote 1048576");
      await volumes.ensure(specificationOf({ exportNames: [`${id}.new`] }));
      holder.stdin.write("write -P 0x55 0 1M\n");
      await saidSo(/failed|error/i);
      await expect(probeExport({ address: "127.0.0.1", port, exportName: `${id}.old` }, new AbortController().signal)).rejects.toThrow("no such export");
      expect(await io(`${id}.new`, "read -P 0x44 0 1M")).not.toContain("failed");
    } finally {
      holder.kill("SIGKILL");
    }
  });

  it("runs as a user of its own that cannot reach other volumes' files", async () => {
    const specification = specificationOf({ exportNames: [`${id}.a`] });
    await volumes.ensureData(specification);
    await volumes.ensure(specification);
    const [daemon] = await daemons();
    const status = await readFile(`/proc/${daemon?.pid}/status`, "utf8");
    const uid = engineUser(id)?.uid;
    expect(status).toContain(`Uid:\t${uid}\t${uid}\t${uid}\t${uid}`);
    expect(status).toMatch(/NoNewPrivs:\t1/);
    expect((await run("ls", ["-ln", join(directory, "volumes", `${id}.0.qcow2`)])).stdout).toMatch(new RegExp(`^-rw-------\\. 1 ${uid}|^-rw------- 1 ${uid}`));
  });

  it("grows under its export", async () => {
    await volumes.ensureData(specificationOf({}));
    await volumes.ensure(specificationOf({ exportNames: [`${id}.a`] }));
    await volumes.ensure(specificationOf({ exportNames: [`${id}.a`], sizeGib: 2 }));
    const { stdout } = await run("qemu-img", ["info", "--output=json", urlOf(`${id}.a`)]);
    expect(JSON.parse(stdout)).toMatchObject({ "virtual-size": 2 ** 31 });
  });

  it("leaves nothing when it is deleted, and no daemon when it is exported to nobody", async () => {
    await volumes.ensureData(specificationOf({}));
    await volumes.ensure(specificationOf({ exportNames: [`${id}.a`] }));
    await volumes.ensure(specificationOf({}));
    expect(await daemons()).toEqual([]);
    await volumes.ensure(specificationOf({ exportNames: [`${id}.b`] }));
    await volumes.remove(id);
    expect([await daemons(), await readdir(join(directory, "volumes")), await readdir(join(directory, "run"))]).toEqual([[], [], []]);
  });

  it("is made and exported in well under a second", async () => {
    const startedAt = performance.now();
    await volumes.ensureData(specificationOf({ source: { kind: "file", file: "base.qcow2" } }));
    const madeAt = performance.now();
    await volumes.ensure(specificationOf({ source: { kind: "file", file: "base.qcow2" }, exportNames: [`${id}.a`] }));
    const exportedAt = performance.now();
    await io(`${id}.a`, `write -P 0x66 0 ${mebibyte}`);
    process.stdout.write(`volume made in ${Math.round(madeAt - startedAt)} ms, exported in ${Math.round(exportedAt - madeAt)} ms\n`);
    expect(exportedAt - startedAt).toBeLessThan(3_000);
  });
});
