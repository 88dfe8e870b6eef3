/** A real guest for network tests: User-mode Linux with a busybox in its initial file system, told what to run by lines. */
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { execFileSync } from "node:child_process";
import { LineProcess } from "./line-process.ts";

const init = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /www
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ip link set lo up
echo GUEST-READY
while read -r line; do eval "$line"; done
poweroff -f
`;

const dhcpScript = `#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip address flush dev $interface
ip address add $ip/$mask dev $interface
ip route replace default via $router
echo "nameserver $dns" > /etc/resolv.conf
echo "LEASE $ip/$mask router=$router dns=$dns domain=$domain host=$hostname mtu=$mtu lease=$lease"
`;

/** The guest's initial file system, made in the directory. */
export function buildInitrd(directory: string): string {
  const root = join(directory, "initrd");
  for (const name of ["bin", "etc"]) mkdirSync(join(root, name), { recursive: true });
  copyFileSync("/usr/bin/busybox", join(root, "bin/busybox"));
  for (const [name, text] of [["init", init], ["dhcp", dhcpScript]] as const) {
    writeFileSync(join(root, name), text);
    chmodSync(join(root, name), 0o755);
  }
  const archive = execFileSync("sh", ["-c", "find . | busybox cpio -o -H newc 2>/dev/null"], { cwd: root, maxBuffer: 2 ** 26 });
  const file = join(directory, "initrd.gz");
  writeFileSync(file, gzipSync(archive, { level: 1 }));
  return file;
}

export class UmlGuest implements AsyncDisposable {
  readonly #process: LineProcess;
  #commands = 0;

  constructor(options: { readonly namespace: string; readonly tap: string; readonly mac: string; readonly initrd: string; readonly directory: string }) {
    mkdirSync(options.directory, { recursive: true });
    this.#process = new LineProcess("nsenter", [
      `--net=/run/netns/${options.namespace}`,
      "linux.uml",
      "mem=96M",
      `initrd=${options.initrd}`,
      "root=/dev/ram0",
      "quiet",
      "con0=fd:0,fd:1",
      "con=null",
      "ssl=null",
      `vec0:transport=tap,ifname=${options.tap},depth=128,gro=1,mac=${options.mac}`,
      `uml_dir=${options.directory}/`,
      "umid=guest",
    ]);
  }

  async booted(): Promise<void> {
    await this.#process.waitFor((line) => line.includes("GUEST-READY"));
  }

  /** What the command printed; it is ended after the time limit. */
  async run(command: string, timeoutMs = 60_000): Promise<string> {
    this.#commands += 1;
    const [begin, end] = [`BEGIN-${this.#commands}`, `END-${this.#commands}`];
    const from = this.#process.seen.length;
    this.#process.write(`echo ''; echo ${begin.replace("-", "''-")}; ${command}; echo ''; echo ${end.replace("-", "''-")}`);
    const began = await this.#process.waitFor((line) => line === begin, from, timeoutMs);
    const ended = await this.#process.waitFor((line) => line === end, began.at, timeoutMs);
    return this.#process.seen.slice(began.at + 1, ended.at).join("\n").trim();
  }

  /** Brings the interface up and asks for an address; the lease in one line. */
  async acquireAddress(): Promise<string> {
    return this.run("ip link set vec0 up; udhcpc -i vec0 -n -q -f -t 10 -T 1 -s /dhcp -O mtu 2>&1 | grep LEASE");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.kill();
  }
}

/** A raw HTTP request by the guest's netcat; the whole answer. */
export function httpCommand(request: readonly string[], options: { readonly source?: string; readonly address?: string; readonly seconds?: number } = {}): string {
  const text = [...request, "Host: metadata", "", ""].join("\\r\\n");
  const source = options.source === undefined ? "" : `-s ${options.source} `;
  return `printf '${text}' | nc -w ${options.seconds ?? 5} ${source}${options.address ?? "169.254.169.254"} 80 2>&1 | tr -d '\\r'`;
}
