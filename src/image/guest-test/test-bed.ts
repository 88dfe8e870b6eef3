/**
 * For guest tests only: a network namespace with one tap, DHCP, DNS and a metadata service, and a guest booted from an image
 * in it by the plainest command line of each engine. Closing it ends every process and removes the namespace, also when a
 * test failed half-way.
 */
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { paravirtualKernelCommandLine } from "../paravirtual-kernel.ts";

const execute = promisify(execFile);

export type TestEngine = "emulated" | "emulated-virtio" | "paravirtual";

export interface GuestRequest {
  readonly engine: TestEngine;
  /** The qcow2 image; the guest writes to a copy-on-write layer. */
  readonly image: string;
  readonly diskGib: number;
  /** The User-mode Linux kernel. */
  readonly kernel: string;
  readonly memoryMib: number;
  readonly userData?: string;
}

export interface TestGuest extends AsyncDisposable {
  console(): Promise<string>;
  /** Runs a command over SSH as `admin`, trying again until somebody answers at port 22. */
  ssh(command: string, timeoutMs?: number): Promise<string>;
  /** When the TCP banner of SSH was first seen, in milliseconds after the start of the engine. */
  waitForBanner(timeoutMs: number): Promise<number>;
  requestStop(): Promise<void>;
  /** Settles when the engine's process has ended. */
  readonly ended: Promise<void>;
}

const instanceId = "i-0123456789abcdef0";
const mac = "02:00:00:00:00:05";
const address = "172.31.0.5";

export async function startGuest(request: GuestRequest): Promise<TestGuest> {
  const directory = await mkdtemp(join(tmpdir(), "image-guest-"));
  const namespace = `image-${randomBytes(3).toString("hex")}`;
  const children: ChildProcess[] = [];
  const inside = (program: string, args: readonly string[]) => execute("ip", ["netns", "exec", namespace, program, ...args]);
  const launch = (program: string, args: readonly string[], output: string) => {
    const sink = openSync(join(directory, output), "a");
    const child = spawn("ip", ["netns", "exec", namespace, program, ...args], { stdio: ["ignore", sink, sink], detached: true, cwd: directory, env: { ...process.env, HOME: directory, TMPDIR: "/dev/shm" } });
    closeSync(sink);
    children.push(child);
    return child;
  };
  const close = async () => {
    for (const child of children.toReversed()) await endProcess(child);
    await execute("ip", ["netns", "delete", namespace]).catch(() => undefined);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await createNetwork(namespace, inside);
    launch("dnsmasq", dnsmasqArguments(directory), "dnsmasq.log");
    await startMetadata(directory, request, launch);
    const disk = await createDisk(directory, request);
    const startedAt = performance.now();
    const engine = launch(...engineCommand(directory, disk, request), "console.log");
    const ended = new Promise<void>((resolve) => engine.once("exit", () => resolve()));
    const console = () => readFile(join(directory, "console.log"), "utf8");
    return {
      console,
      ended,
      waitForBanner: (timeoutMs) => until(async () => (await inside("bash", ["-c", `exec 3<>/dev/tcp/${address}/22 && read -t 5 line <&3 && echo "$line"`]).catch(() => ({ stdout: "" }))).stdout.startsWith("SSH-"), timeoutMs, startedAt, "an SSH banner", console),
      ssh: async (command, timeoutMs = 60_000) => {
        let output: string | undefined;
        const attempt = () => inside("ssh", [...sshArguments(directory), `admin@${address}`, command]).then(({ stdout }) => ((output = stdout), true), (error: unknown) => retryable(error));
        await until(attempt, timeoutMs, startedAt, `"${command}" over SSH`, console);
        return output ?? "";
      },
      requestStop: async () => void (await monitor(directory, request.engine, request.engine === "paravirtual" ? "cad" : "system_powerdown")),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function createNetwork(namespace: string, inside: (program: string, args: readonly string[]) => Promise<unknown>): Promise<void> {
  await execute("ip", ["netns", "add", namespace]);
  await inside("ip", ["link", "set", "lo", "up"]);
  await inside("ip", ["tuntap", "add", "tap0", "mode", "tap"]);
  await inside("ip", ["address", "add", "172.31.0.1/20", "dev", "tap0"]);
  await inside("ip", ["address", "add", "169.254.169.254/32", "dev", "tap0"]);
  await inside("ip", ["link", "set", "tap0", "up"]);
}

function dnsmasqArguments(directory: string): string[] {
  return [
    ...["--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--interface=tap0", "--bind-dynamic", "--no-resolv", "--no-hosts", "--no-ping"],
    ...["--dhcp-authoritative", "--dhcp-range=172.31.0.0,static,255.255.240.0,1h", `--dhcp-host=${mac},${address}`, "--dhcp-option=option:router,172.31.0.1"],
    ...["--dhcp-option=option:dns-server,172.31.0.1", "--dhcp-option=option:domain-name,ec2.internal", `--dhcp-leasefile=${directory}/leases`, "--pid-file="],
  ];
}

async function startMetadata(directory: string, request: GuestRequest, launch: (program: string, args: readonly string[], output: string) => ChildProcess): Promise<void> {
  await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(directory, "key")]);
  const publicKey = (await readFile(join(directory, "key.pub"), "utf8")).trim();
  await writeFile(join(directory, "metadata.json"), JSON.stringify(metadataTree(publicKey, request.userData)));
  launch(process.execPath, [fileURLToPath(new URL("metadata-server.ts", import.meta.url)), join(directory, "metadata.json")], "metadata.log");
  await until(async () => (await readFile(join(directory, "metadata.log"), "utf8")).includes("listening"), 20_000, performance.now(), "the metadata server", async () => "");
}

function metadataTree(publicKey: string, userData: string | undefined): Record<string, string> {
  const card = `meta-data/network/interfaces/macs/${mac}`;
  const document = { accountId: "111122223333", architecture: "x86_64", availabilityZone: "us-east-1a", imageId: "ami-00000000000000001", instanceId, instanceType: "t3.micro", pendingTime: "2026-01-01T00:00:00Z", privateIp: address, region: "us-east-1", version: "2017-09-30" };
  return {
    "meta-data/ami-id": document.imageId,
    "meta-data/hostname": "ip-172-31-0-5.ec2.internal",
    "meta-data/instance-id": instanceId,
    "meta-data/instance-type": "t3.micro",
    "meta-data/local-hostname": "ip-172-31-0-5.ec2.internal",
    "meta-data/local-ipv4": address,
    "meta-data/mac": mac,
    [`${card}/device-number`]: "0",
    [`${card}/local-ipv4s`]: address,
    [`${card}/subnet-ipv4-cidr-block`]: "172.31.0.0/20",
    "meta-data/placement/availability-zone": "us-east-1a",
    "meta-data/placement/region": "us-east-1",
    "meta-data/public-keys/0/openssh-key": publicKey,
    "dynamic/instance-identity/document": JSON.stringify(document),
    ...(userData === undefined ? {} : { "user-data": userData }),
  };
}

async function createDisk(directory: string, request: GuestRequest): Promise<string> {
  const raw = request.engine === "paravirtual";
  const disk = join(directory, raw ? "disk.raw" : "disk.qcow2");
  if (raw) await execute("qemu-img", ["convert", "-O", "raw", request.image, disk]);
  else await execute("qemu-img", ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", request.image, disk]);
  await execute("qemu-img", ["resize", "-q", "-f", raw ? "raw" : "qcow2", disk, `${request.diskGib}G`]);
  return disk;
}

function engineCommand(directory: string, disk: string, request: GuestRequest): [string, string[]] {
  if (request.engine === "paravirtual") {
    const devices = [`ubd0=${disk},,vol0123`, `vec0:transport=tap,ifname=tap0,depth=128,gro=1,mac=${mac}`, `mem=${request.memoryMib}M`, "con0=null,fd:1", "con=null", "ssl=null", `umid=test`, `uml_dir=${directory}`];
    return [request.kernel, [...devices, ...paravirtualKernelCommandLine(instanceId).split(" ")]];
  }
  const drive = request.engine === "emulated" ? "nvme,serial=vol0123,drive=root,bootindex=0" : "virtio-blk-pci,drive=root,bootindex=0";
  return [
    "qemu-system-x86_64",
    [
      ...["-machine", "pc,usb=off,vmport=off,smm=off,hpet=off", "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max", "-smp", "2", "-m", String(request.memoryMib), "-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-boot", "menu=off,strict=on"],
      ...["-uuid", "ec2e1916-9099-7caf-fd21-012345abcdef", "-smbios", "type=1,manufacturer=Amazon EC2,product=t3.micro,uuid=ec2e1916-9099-7caf-fd21-012345abcdef,serial=ec2e1916-9099-7caf-fd21-012345abcdef", "-smbios", `type=2,manufacturer=Amazon EC2,asset=${instanceId}`],
      ...["-drive", `if=none,id=root,file=${disk},format=qcow2,cache=writeback,discard=unmap`, "-device", drive],
      ...["-netdev", "tap,id=net0,ifname=tap0,script=no,downscript=no", "-device", `virtio-net-pci,netdev=net0,mac=${mac},romfile=`],
      ...["-object", "rng-builtin,id=entropy", "-device", "virtio-rng-pci,rng=entropy", "-monitor", `unix:${directory}/monitor,server=on,wait=off`],
    ],
  ];
}

async function monitor(directory: string, engine: TestEngine, line: string): Promise<string> {
  // A guest that halts does not answer any more.
  if (engine === "paravirtual") return execute("uml_mconsole", [join(directory, "test", "mconsole"), line], { timeout: 1000 }).then(({ stdout }) => stdout, () => "");
  const { connect } = await import("node:net");
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(join(directory, "monitor"), () => socket.write(`${line}\n`));
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      text += chunk.toString();
      if (text.split("(qemu)").length > 2) socket.end();
    });
    socket.on("close", () => resolve(text));
  });
}

function sshArguments(directory: string): string[] {
  return ["-i", join(directory, "key"), "-F", "/dev/null", "-o", "StrictHostKeyChecking=accept-new", "-o", `UserKnownHostsFile=${directory}/known-hosts`, "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-o", "LogLevel=ERROR"];
}

/** SSH itself ends with 255 when it could not connect; any other status is the command's own and final. */
function retryable(error: unknown): boolean {
  if (error instanceof Error && "code" in error && error.code === 255 && "stderr" in error && /refused|timed out|closed|reset|No route|unreachable|kex_exchange/.test(String(error.stderr))) return false;
  throw error;
}

async function until(condition: () => Promise<boolean>, timeoutMs: number, startedAt: number, what: string, console: () => Promise<string>): Promise<number> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}; console:\n${(await console()).slice(-3000)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return Math.round(performance.now() - startedAt);
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  // The whole group: User-mode Linux has processes of its own beside the first.
  if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  await gone;
}
