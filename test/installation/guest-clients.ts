/**
 * AWS's own clients for a Debian guest that has no way to get any: the AWS command line as this machine has it, as far as EC2 and STS need it, and this
 * machine's Node.js with a program for the JavaScript SDK.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { build } from "vite";
import { loginTo, type GuestKey } from "./guest.ts";
import type { TestInstallation } from "./installation.ts";

const packages = "/usr/lib/python3/dist-packages";
/** It asks for some services' models whatever it is asked. */
const commandLine = [
  "$(find awscli -type f ! -path 'awscli/examples/*' ! -path 'awscli/botocore/data/*' ! -name ac.index)",
  ...["codedeploy", "config", "ec2", "opsworkscm", "s3", "sts", "endpoints.json", "partitions.json"].map((path) => `awscli/botocore/data/${path}`),
  ...["awscrt", "_awscrt*.so", "certifi", "_cffi_backend*.so", "colorama", "cryptography", "dateutil", "distro", "docutils", "jmespath", "prompt_toolkit", "roman.py", "ruamel", "six.py", "urllib3", "wcwidth"],
];
const program = "program.mjs";
/** For some hundred megabytes. */
const sendingMs = 240_000;

/** Makes the program one file with all that it imports, in the installation's folder: seconds in which a guest may boot. */
export async function bundleProgram({ dataDirectory }: TestInstallation, source: string): Promise<void> {
  const entry = join(import.meta.dirname, program); // from here its packages are found
  await build({
    configFile: false,
    logLevel: "error",
    ssr: { noExternal: true },
    plugins: [{ name: "program", resolveId: (id) => (id === entry ? id : undefined), load: (id) => (id === entry ? source : undefined) }],
    build: { ssr: entry, outDir: dataDirectory, emptyOutDir: false, rollupOptions: { output: { entryFileNames: program, codeSplitting: false } } },
  });
}

/** Puts the command line, `node` and the bundled `program.mjs` into the guest; returns in which folder. It is in its memory, which is faster than its disk. */
export async function sendClients(installation: TestInstallation, key: GuestKey, id: string): Promise<string> {
  const folder = "/dev/shm/clients";
  const pack = `tar -cf - --dereference ${commandLine.join(" ")} -C ${join(process.execPath, "..")} node -C ${installation.dataDirectory} ${program}`;
  const packing = spawn("sh", ["-c", pack], { cwd: packages, stdio: ["ignore", "pipe", "inherit"] });
  const sending = spawn("ssh", await loginTo(installation, key, id, `mkdir -p ${folder} && tar -xf - -C ${folder}`, sendingMs), { timeout: sendingMs, stdio: [packing.stdout, "inherit", "inherit"] });
  const [code] = (await once(sending, "exit")) as [number | null]; // so the event is emitted
  if (code !== 0) throw new Error(`sending the clients ended with ${code}`);
  return folder;
}
