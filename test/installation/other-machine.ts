/** Another machine on a network of this one's: a network namespace, and the pair of devices between. What it runs has this machine's programs and files. */
import { execFile, type ExecFileOptions } from "node:child_process";
import { ipBatch } from "../../src/host/network/command.ts";

export class OtherMachine implements AsyncDisposable {
  /** Its own address, and this machine's towards it. */
  readonly address = "198.51.100.2";
  readonly here = "198.51.100.1";
  readonly #namespace = `hy-other-${process.pid}`;

  static async open(): Promise<OtherMachine> {
    const other = new OtherMachine();
    const device = `other${process.pid}`;
    await ipBatch([`netns add ${other.#namespace}`, `link add ${device} type veth peer name eth0 netns ${other.#namespace}`, `address add ${other.here}/30 dev ${device}`, `link set ${device} up`]);
    await ipBatch([`link set lo up`, `address add ${other.address}/30 dev eth0`, "link set eth0 up", `route add default via ${other.here}`], { namespace: other.#namespace });
    return other;
  }

  /** What the shell's commands say there, and with which code they end; `input` is what they read. */
  run(script: string, input: string, options: ExecFileOptions = {}): Promise<{ readonly output: string; readonly code: number }> {
    return new Promise((resolve) => {
      const child = execFile("ip", ["netns", "exec", this.#namespace, "bash", "-c", script], options, (error, output, complaint) => resolve({ output: `${output}${complaint}`, code: error === null ? 0 : Number(error.code ?? 1) }));
      child.stdin?.end(input);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await ipBatch([`netns delete ${this.#namespace}`], { anyway: true });
  }
}
